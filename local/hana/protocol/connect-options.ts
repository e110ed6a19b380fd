import { PART_KIND } from './codes.ts';
import { findPart, type Request } from './framing.ts';
import { optionsPart, parseOptions } from './option-list.ts';
import type { ReplyPart } from './reply.ts';

/** The newest data format this server speaks; it says which types travel in which form (see wire-types). */
export const NEWEST_DATA_FORMAT = 10;

/** The data format both sides know: the smaller of the client's and `newest`; 1 when the client names none. */
export const agreedDataFormat = (request: Request, newest: number): number => {
  const part = findPart(request, PART_KIND.CONNECT_OPTIONS);
  if (!part) return 1;
  const options = parseOptions(part.data, part.argumentCount);
  const asked = options[DATA_FORMAT_VERSION_2] ?? options[DATA_FORMAT_VERSION] ?? 1;
  return Math.max(1, Math.min(Number(asked), newest));
};

/** What the server tells a client that has logged on. */
export const connectOptionsPart = (connectionId: number, dataFormat: number): ReplyPart =>
  optionsPart(PART_KIND.CONNECT_OPTIONS, {
    1: connectionId,
    2: true, // complete array execution
    4: true, // large bulk operations
    10: true, // large number of parameters
    11: SYSTEM_ID,
    [DATA_FORMAT_VERSION]: dataFormat,
    14: true, // SELECT FOR UPDATE
    15: 0, // client distribution: off
    16: dataFormat, // the engine's own
    17: 0, // distribution protocol: none
    18: true, // split batch commands
    19: true, // transaction flags only
    21: true, // unknown parts are ignored
    [DATA_FORMAT_VERSION_2]: dataFormat,
    28: true, // null values in client info
    44: VERSION,
    45: SYSTEM_ID,
  });

/** The answer to a client that asked for a database by name: it has reached the right one. */
export const databaseInfoPart = (): ReplyPart =>
  optionsPart(PART_KIND.DB_CONNECT_INFO, { [ON_CORRECT_DATABASE]: true });

const DATA_FORMAT_VERSION = 12;
const DATA_FORMAT_VERSION_2 = 23;
const ON_CORRECT_DATABASE = 4;

const SYSTEM_ID = 'DUK';
const VERSION = '4.00.000.00.1700000000 (fa/CE2024.1)';
