import { z } from 'zod';
import { AwsError, type Operation } from '#local/http/aws-json.ts';
import { findBus, type OperationContext, operation, page } from './operation.ts';
import { busArn, DEFAULT_BUS, type EventBus } from './rules.ts';

/** CreateEventBus, DescribeEventBus, ListEventBuses and DeleteEventBus. */
export const busOperations = (context: OperationContext): Readonly<Record<string, Operation>> => {
  const { account, clock, rules } = context;
  const describe = ({ Name, Description, createdAt }: EventBus): object => ({
    Name,
    Arn: busArn(account, Name),
    ...(Description !== undefined && { Description }),
    CreationTime: new Date(createdAt),
    LastModifiedTime: new Date(createdAt),
  });
  return {
    CreateEventBus: operation(CreateEventBusInput, async ({ Name, Description }) => {
      if (rules.buses.has(Name)) {
        throw new AwsError('ResourceAlreadyExistsException', `Event bus ${Name} already exists.`);
      }
      await rules.putBus({ Name, Description, createdAt: clock.now().getTime() });
      return { EventBusArn: busArn(account, Name), Description };
    }),
    DescribeEventBus: operation(z.strictObject({ Name: z.string().optional() }), ({ Name }) =>
      describe(findBus(context, Name)),
    ),
    ListEventBuses: operation(ListEventBusesInput, ({ NamePrefix = '', ...range }) => {
      const buses = [...rules.buses.values()].filter(({ Name }) => Name.startsWith(NamePrefix));
      const { items, ...next } = page(buses, range);
      return { EventBuses: items.map(describe), ...next };
    }),
    DeleteEventBus: operation(z.strictObject({ Name: z.string() }), async ({ Name }) => {
      if (Name === DEFAULT_BUS) throw new AwsError('ValidationException', 'Cannot delete event bus default.');
      if (rules.rules(Name).length > 0) {
        throw new AwsError('ValidationException', `Event bus ${Name} can't be deleted since it has rules.`);
      }
      await rules.deleteBus(Name);
    }),
  };
};

const CreateEventBusInput = z.strictObject({
  Name: z.string().regex(/^[.\-_A-Za-z0-9]{1,256}$/, 'must have 1-256 letters, digits and . - _'),
  Description: z.string().max(512).optional(),
});

const ListEventBusesInput = z.strictObject({
  NamePrefix: z.string().optional(),
  Limit: z.int().min(1).max(100).optional(),
  NextToken: z.string().optional(),
});
