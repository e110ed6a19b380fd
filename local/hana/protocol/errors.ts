import { HanaError } from '#local/hana/engine.ts';
import { ProtocolError } from './protocol-error.ts';

/** HANA's answers that the protocol itself gives, by what went wrong. */
export const HANA_ERRORS = {
  authenticationFailed: () => new HanaError(10, '28000', 'authentication failed'),
  notSupported: (what: string) => new HanaError(7, '0A000', `feature not supported: ${what}`),
  parsingProtocol: (what: string) => new HanaError(1033, 'HY000', `error while parsing protocol: ${what}`),
  invalidDate: (what: string) => new HanaError(303, '22007', `invalid DATE, TIME or TIMESTAMP value: ${what}`),
  invalidNumber: (text: string) => new HanaError(339, '22018', `invalid number: ${text}`),
  numericOverflow: (what: string) => new HanaError(314, '22003', `numeric overflow: ${what}`),
  internal: (what: string) => new HanaError(2048, 'HY000', `column store error: ${what}`),
} as const;

/** What the client is told: HANA errors as they are, protocol errors as 1033, anything else as 2048. */
export const asHanaError = (error: unknown): HanaError => {
  if (error instanceof HanaError) return error;
  if (error instanceof ProtocolError) return HANA_ERRORS.parsingProtocol(error.message);
  return HANA_ERRORS.internal(error instanceof Error ? error.message : String(error));
};
