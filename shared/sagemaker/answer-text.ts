import { isUtf8 } from 'node:buffer';
import { PredictionFailedError } from '#shared/errors.ts';

/**
 * The text of a model's answer, without the byte order mark that pandas' `utf-8-sig` begins it with. Bytes of another encoding
 * would otherwise be stored as replacement characters.
 *
 * @param place the endpoint's name or URL, for the message.
 * @throws PredictionFailedError for what is no UTF-8.
 */
export const answerText = (bytes: Uint8Array, place: string): string => {
  if (isUtf8(bytes))
    return Buffer.from(bytes)
      .toString('utf8')
      .replace(/^\ufeff/, '');
  throw new PredictionFailedError(
    `The model behind ${place} answered bytes that are no UTF-8. Its output_fn must answer text, or bytes of UTF-8.`,
  );
};
