/** A pipeline's `datasphere/` folder can't fill the laptop's warehouse; the message names the file and the mistake. */
export class InvalidSpaceError extends Error {
  override readonly name = 'InvalidSpaceError';
}
