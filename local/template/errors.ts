/** Something in a service's configuration that the local cloud can't resolve; names what, and where. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

/** @throws TemplateError for a key that isn't known. */
export const refuseUnknownKeys = (value: object, known: readonly string[], where: string): void => {
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  if (unknown.length > 0) {
    throw new TemplateError(`${where} has ${unknown.join(', ')}, which the local cloud doesn't know.`);
  }
};
