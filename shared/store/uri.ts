import { z } from 'zod';
import { type Place, type UriIn, uriPattern } from '#shared/store/layout.ts';

/** The URI of an object, or a folder, that lies in a place of the store. */
export const uriIn = <P extends Place>(place: P): z.ZodString & z.ZodType<UriIn<P>> =>
  z.string().regex(uriPattern(place), `must be a URI s3://…/${place}/…`);
