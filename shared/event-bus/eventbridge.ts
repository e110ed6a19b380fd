import { DescribeEventBusCommand, EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { EventBusUnavailableError } from '#shared/errors.ts';
import type { EventBus } from '#shared/event-bus/event-bus.ts';
import { EVENT_DETAILS, EVENT_SOURCE } from '#shared/events.ts';

/** A bus of Amazon EventBridge. */
export const eventBridgeBus = (busName: () => string, client = new EventBridgeClient({})): EventBus => ({
  async put(detailType, detail) {
    const { Entries = [] } = await client.send(
      new PutEventsCommand({
        Entries: [
          {
            EventBusName: busName(),
            Source: EVENT_SOURCE,
            DetailType: detailType,
            Detail: JSON.stringify(EVENT_DETAILS[detailType].parse(detail)),
          },
        ],
      }),
    );
    // PutEvents answers 200 to a refused entry too.
    const refused = Entries.find(({ ErrorCode }) => ErrorCode !== undefined);
    if (refused) {
      throw new EventBusUnavailableError(
        `The event "${detailType}" was not taken by ${busName()}: ${refused.ErrorCode} ${refused.ErrorMessage ?? ''}`,
      );
    }
  },
});

/** Finds a bus. Rejects, by EventBridge's own error, when there is none or it may not be asked for. */
export const assertEventBus = async (busName: string, client = new EventBridgeClient({})): Promise<void> => {
  await client.send(new DescribeEventBusCommand({ Name: busName }));
};
