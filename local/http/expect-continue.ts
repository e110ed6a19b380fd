import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Answers `Expect: 100-continue` when the handler begins to read the body, so that a client that is refused never sends it.
 * Node ends its connection then: bytes that came later would be taken for the next request.
 */
export const continueOnRead = (request: IncomingMessage, response: ServerResponse): void => {
  const onListener = (event: string | symbol): void => {
    if (event !== 'readable' && event !== 'data') return;
    request.off('newListener', onListener);
    if (!response.headersSent) response.writeContinue();
  };
  request.on('newListener', onListener);
};
