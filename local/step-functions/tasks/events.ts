import { StateFailure } from '../interpreter/failure.ts';
import { isJsonObject, type Json } from '../json.ts';
import type { ServiceClients } from './clients.ts';
import type { Integration } from './integration.ts';
import { serviceFailure } from './service-failure.ts';

/** `arn:aws:states:::events:putEvents`: details may be objects; one rejected entry fails the task. */
export const putEvents = (clients: ServiceClients): Integration => ({
  errorPrefix: 'EventBridge',
  async submit(parameters, { signal }) {
    const entries = isJsonObject(parameters) && Array.isArray(parameters.Entries) ? parameters.Entries : undefined;
    if (!entries) {
      throw new StateFailure('States.Runtime', 'The Arguments of events:putEvents must hold an array Entries.', {
        isOwn: true,
      });
    }
    const { PutEventsCommand } = await import('@aws-sdk/client-eventbridge');
    const response = await clients
      .eventbridge()
      .then((client) =>
        client.send(new PutEventsCommand({ Entries: entries.map(withTextDetail) }), { abortSignal: signal }),
      )
      .catch((error: unknown) => {
        throw serviceFailure(error, 'EventBridge');
      });
    const result = {
      Entries: (response.Entries ?? []).map((entry) => ({ ...entry }) as Json),
      FailedEntryCount: response.FailedEntryCount ?? 0,
    };
    if (result.FailedEntryCount > 0) throw new StateFailure('EventBridge.FailedEntry', JSON.stringify(result));
    return result;
  },
});

const withTextDetail = (entry: Json): object => {
  if (!isJsonObject(entry)) return {};
  const { Detail, Time, ...rest } = entry;
  return {
    ...rest,
    ...(Detail !== undefined && { Detail: typeof Detail === 'string' ? Detail : JSON.stringify(Detail) }),
    ...(typeof Time === 'string' && { Time: new Date(Time) }),
  };
};
