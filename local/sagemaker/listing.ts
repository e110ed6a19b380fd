import { refuse } from './validation/request.ts';

/** What the List operations share of their requests. Times are epoch seconds, as the protocol sends them. */
export interface ListingInput {
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
  readonly SortBy?: string | undefined;
  readonly SortOrder?: 'Ascending' | 'Descending' | undefined;
  readonly NameContains?: string | undefined;
  readonly CreationTimeAfter?: number | undefined;
  readonly CreationTimeBefore?: number | undefined;
  readonly LastModifiedTimeAfter?: number | undefined;
  readonly LastModifiedTimeBefore?: number | undefined;
}

export interface ListingItem {
  readonly name: string;
  readonly status?: string;
  readonly createdAt: Date;
  readonly modifiedAt: Date;
}

/** SageMaker's lists give at most this many items unless told otherwise. */
const DEFAULT_MAX_RESULTS = 10;

/** One page of the items that pass the request's filters, newest first unless told otherwise. */
export const listPage = <T extends ListingItem>(items: readonly T[], input: ListingInput) => {
  const found = items.filter((item) => passes(item, input)).sort(compareBy(input));
  const start = positionOf(input.NextToken);
  const end = start + (input.MaxResults ?? DEFAULT_MAX_RESULTS);
  return {
    page: found.slice(start, end),
    NextToken: end < found.length ? Buffer.from(String(end)).toString('base64url') : undefined,
  };
};

const passes = ({ name, createdAt, modifiedAt }: ListingItem, input: ListingInput): boolean =>
  name.toLowerCase().includes((input.NameContains ?? '').toLowerCase()) &&
  within(createdAt, input.CreationTimeAfter, input.CreationTimeBefore) &&
  within(modifiedAt, input.LastModifiedTimeAfter, input.LastModifiedTimeBefore);

const within = (time: Date, after = Number.NEGATIVE_INFINITY, before = Number.POSITIVE_INFINITY): boolean =>
  time.getTime() >= after * 1000 && time.getTime() <= before * 1000;

const compareBy = ({ SortBy = 'CreationTime', SortOrder = 'Descending' }: ListingInput) => {
  const sign = SortOrder === 'Ascending' ? 1 : -1;
  const keyOf = SORT_KEYS[SortBy] ?? SORT_KEYS.CreationTime!;
  return (a: ListingItem, b: ListingItem) => sign * (compare(keyOf(a), keyOf(b)) || compare(a.name, b.name));
};

const SORT_KEYS: Readonly<Record<string, (item: ListingItem) => string | number>> = {
  Name: ({ name }) => name.toLowerCase(),
  Status: ({ status = '' }) => status,
  CreationTime: ({ createdAt }) => createdAt.getTime(),
  LastModifiedTime: ({ modifiedAt }) => modifiedAt.getTime(),
};

const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);

const positionOf = (token: string | undefined): number => {
  if (token === undefined) return 0;
  const position = Number(Buffer.from(token, 'base64url').toString());
  if (!Number.isSafeInteger(position) || position < 1) throw refuse('Invalid NextToken.');
  return position;
};
