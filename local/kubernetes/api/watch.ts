import type { ServerResponse } from 'node:http';
import type { ObjectStore, WatchEvent } from './object-store.ts';
import type { ApiRequest } from './request.ts';
import type { Test } from './selectors.ts';
import { StatusError, statusBody } from './status-error.ts';

/** Longest time that a watch stays open when the client doesn't say; then it ends, which clients take as normal. */
const DEFAULT_TIMEOUT_SECONDS = 1800;

/** Streams changes as JSON lines: those after `resourceVersion`, or first everything that there is. */
export const streamChanges = (
  store: ObjectStore,
  { resource, namespace, name, query }: ApiRequest,
  matches: Test,
  response: ServerResponse,
): void => {
  const concerns = ({ kind, metadata }: WatchEvent['object']): boolean =>
    kind === resource.kind && (!namespace || metadata.namespace === namespace) && (!name || metadata.name === name);
  const send = (event: WatchEvent): void => {
    if (concerns(event.object) && matches(event.object)) response.write(`${JSON.stringify(event)}\n`);
  };
  response.writeHead(200, { 'content-type': 'application/json' });
  const from = Number(query.get('resourceVersion') ?? 0);
  const missed = from > 0 ? store.since(from) : existing(store, resource.kind, namespace);
  if (!missed) {
    const gone = new StatusError(410, 'Expired', `too old resource version: ${from} (${store.version()})`);
    response.end(`${JSON.stringify({ type: 'ERROR', object: statusBody(gone) })}\n`);
    return;
  }
  for (const event of missed) send(event);
  const unsubscribe = store.subscribe(send);
  const seconds = Number(query.get('timeoutSeconds') ?? DEFAULT_TIMEOUT_SECONDS);
  const timer = setTimeout(() => response.end(), seconds * 1000);
  response.once('close', () => {
    clearTimeout(timer);
    unsubscribe();
  });
  response.flushHeaders();
};

const existing = (store: ObjectStore, kind: string, namespace: string | undefined): WatchEvent[] =>
  store.list(kind, namespace).map((object) => ({ type: 'ADDED', object }));
