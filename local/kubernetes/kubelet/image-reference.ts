/** Where an image lies, in the parts of `host/repository@digest` or `host/repository:tag`. */
export interface ImageReference {
  readonly text: string;
  readonly host: string;
  readonly repository: string;
  readonly reference: string;
}

/** Undefined for what is no image's name, or names no registry. */
export const parseImageReference = (text: string): ImageReference | undefined => {
  const match = /^([a-z0-9.-]+(?::\d+)?)\/([a-z0-9._/-]+?)(?:@(sha256:[0-9a-f]{64})|:([\w.-]{1,128}))?$/.exec(text);
  if (!match) return undefined;
  const [, host = '', repository = '', digest, tag] = match;
  return { text, host, repository, reference: digest ?? tag ?? 'latest' };
};
