import { describe, expect, it } from 'vitest';
import { EmptyDatasetError } from '#shared/errors.ts';
import { asWarehouseError } from '#shared/warehouse/hana-errors.ts';

const hanaError = (code: number, message: string) => Object.assign(new Error(message), { code, sqlState: 'HY000' });

const translate = (code: number, message: string) =>
  asWarehouseError(hanaError(code, message), 'Reading "S"."V"') as Error;

describe('asWarehouseError', () => {
  it.each([
    [10, 'WarehouseLoginError', /Wrong user or password/],
    [414, 'WarehouseLoginError', /password has expired/],
    [416, 'WarehouseLoginError', /locked/],
    [663, 'WarehouseLoginError', /IP allowlist/],
    [258, 'WarehousePrivilegeError', /"Expose for Consumption".*GRANT SELECT/],
    [259, 'UnknownWarehouseObjectError', /pipeline\.yml/],
    [260, 'UnknownWarehouseObjectError', /pipeline\.yml/],
    [131, 'WarehouseUnavailableError', /HANA 131/],
    [149, 'WarehouseUnavailableError', /HANA 149/],
    [-10807, 'WarehouseUnavailableError', /connection was lost/],
    [616, 'WarehouseOverloadedError', /workload class/],
    [1038, 'WarehouseOverloadedError', /overloaded/],
    [4, 'WarehouseOverloadedError', /memory/],
    [274, 'UnwritableValueError', /HANA 274/],
    [301, 'DuplicateKeyError', /HANA 301/],
    [257, 'WarehouseStatementError', /HANA 257/],
    [99999, 'WarehouseStatementError', /HANA 99999 what HANA said/],
  ])('makes of %d a %s', (code, name, message) => {
    expect(translate(code, 'what HANA said')).toMatchObject({ name, message });
  });

  it.each([
    ['Connection failed (RTE:[300015] certificate verify failed)', 'WarehouseLoginError', /sslTrustStore/],
    [
      'Connection failed (RTE:[200110] invalid connect reply)',
      'WarehouseLoginError',
      /not HANA: check `address` and `port`/,
    ],
    ['Connection failed (RTE:[89006] rc=111:Connection refused)', 'WarehouseUnavailableError', /allowlist/],
  ])('tells failed connections apart by their text: %s', (text, name, message) => {
    expect(translate(-10709, text)).toMatchObject({ name, message });
  });

  it('says what was being done and keeps the cause', () => {
    const cause = hanaError(257, 'sql syntax error');

    const error = asWarehouseError(cause, 'Reading "S"."V"') as Error;

    expect(error.message).toBe('Reading "S"."V" failed: HANA 257 sql syntax error');
    expect(error.cause).toBe(cause);
  });

  it('leaves errors alone that are not of the client', () => {
    const ours = new EmptyDatasetError('no rows');
    const bug = new TypeError('undefined is not a function');

    expect(asWarehouseError(ours, 'Reading')).toBe(ours);
    expect(asWarehouseError(bug, 'Reading')).toBe(bug);
  });
});
