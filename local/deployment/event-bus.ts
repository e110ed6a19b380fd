import { CreateEventBusCommand, type EventBridgeClient } from '@aws-sdk/client-eventbridge';

/** The bus for the project's own events; SageMaker's and S3's arrive on the default one. */
export const EVENT_BUS_NAME = 'fedml';

export const deployEventBus = async (eventBridge: EventBridgeClient): Promise<void> => {
  try {
    await eventBridge.send(new CreateEventBusCommand({ Name: EVENT_BUS_NAME }));
  } catch (error) {
    if ((error as Error).name !== 'ResourceAlreadyExistsException') throw error;
  }
};
