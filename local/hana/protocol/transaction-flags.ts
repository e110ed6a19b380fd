import { PART_KIND } from './codes.ts';
import { optionsPart } from './option-list.ts';
import type { ReplyPart } from './reply.ts';

/** What a request did to the transaction. */
export const transactionFlagsPart = (state: keyof typeof FLAG): ReplyPart =>
  optionsPart(PART_KIND.TRANSACTION_FLAGS, { [FLAG[state]]: true });

const FLAG = { rolledBack: 0, committed: 1, writeStarted: 4, none: 5 } as const;
