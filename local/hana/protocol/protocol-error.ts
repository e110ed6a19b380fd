/** The peer broke the protocol: it gets an error and its connection ends. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}
