import { parseImageUri } from '#shared/images/image-uri.ts';
import { servingOf } from '#shared/images/serving.ts';

/** The user that a model's image is made to run as, by its base image; null where that needs root, or decides itself. */
export const userOfImage = (baseImageUri: string): number | null => {
  const { user } = servingOf(parseImageUri(baseImageUri).repository);
  return user === undefined ? null : Number(user.split(':')[0]);
};
