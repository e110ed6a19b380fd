import { UnstageableValueError } from '#shared/errors.ts';

/** Half of a surrogate pair has no UTF-8 form, and would be staged as another character. */
export const refuseLoneSurrogates = (text: string): void => {
  if (!text.isWellFormed()) {
    throw new UnstageableValueError(
      'A text value holds half of a surrogate pair, which UTF-8 has no form for. Correct it in the source, or replace it in the view.',
    );
  }
};
