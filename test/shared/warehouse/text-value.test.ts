import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import { textToValue } from '#shared/warehouse/text-value.ts';
import { plainDigits, valueToText } from '#shared/warehouse/value-text.ts';
import type { WarehouseValue } from '#shared/warehouse/warehouse.ts';

const convert = (type: string, text: string | null) => textToValue(columnOfType('A', type))(text);

/** What a value of the type is after it went to text and came back. */
const thereAndBack = (type: string, value: Exclude<WarehouseValue, null>) =>
  convert(type, valueToText(columnOfType('A', type))(value));

describe('a value that goes to text and comes back', () => {
  it('is the same integer, as a number where that is exact and as digits beyond', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (id) => {
        const value = Number.isSafeInteger(Number(id)) ? Number(id) : String(id);

        expect(thereAndBack('BIGINT', value)).toBe(value);
      }),
    );
  });

  it('is the same double', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(thereAndBack('DOUBLE', value)).toBe(value === 0 ? 0 : value);
      }),
    );
  });

  it('is the same 32-bit float', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(thereAndBack('REAL', value)).toBe(value === 0 ? 0 : value);
      }),
    );
  });

  it('is the same decimal to its last digit', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), (units) => {
        const digits = String(units < 0n ? -units : units).padStart(11, '0');
        const value = `${units < 0n ? '-' : ''}${digits.slice(0, -10)}.${digits.slice(-10)}`;

        expect(thereAndBack('DECIMAL(38,10)', value)).toBe(value);
      }),
    );
  });

  it('is the same text, and the empty text is not NULL', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => thereAndBack('NVARCHAR(5000)', text) === text));
    expect(convert('NVARCHAR(5)', '')).toBe('');
    expect(convert('NVARCHAR(5)', null)).toBeNull();
  });

  it('is the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
        expect(thereAndBack('VARBINARY(50)', bytes)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it.each([
    ['DATE', '9999-12-31'],
    ['DATE', '0001-01-01'],
    ['DATE', '2000-02-29'],
    ['TIME', '23:59:59'],
    ['TIMESTAMP', '2024-02-29 12:34:56.1234567'],
    ['SECONDDATE', '2024-02-29 12:34:56'],
    ['SMALLDECIMAL', '1.5'],
    ['SMALLDECIMAL', '-0.000000000000001'],
    ['DECIMAL', '0.00000000000000000001'],
    ['BOOLEAN', true],
    ['BOOLEAN', false],
  ])('is the same %s %s', (type, value) => {
    expect(thereAndBack(type, value)).toBe(value);
  });
});

describe('textToValue', () => {
  it.each([
    ['TIMESTAMP', '2024-01-02', '2024-01-02 00:00:00'],
    ['TIMESTAMP', '2024-01-02T03:04:05Z', '2024-01-02 03:04:05'],
    ['TIMESTAMP', '2024-01-02 03:04:05.123456789+00:00', '2024-01-02 03:04:05.1234567'],
    ['TIMESTAMP', '2024-01-02T03:04', '2024-01-02 03:04:00'],
    ['TIMESTAMP', ' 2024-01-02 03:04:05 ', '2024-01-02 03:04:05'],
    ['TIMESTAMP', 'NaT', null],
    ['SECONDDATE', '2024-01-02', '2024-01-02 00:00:00'],
    ['DATE', '2024-01-02T00:00:00Z', '2024-01-02'],
    ['DATE', '2024-01-02 00:00:00+00:00', '2024-01-02'],
    ['DATE', 'None', null],
    ['DOUBLE', '   1.0', 1],
    ['DOUBLE', '100.0\t', 100],
    ['DOUBLE', '[0.25]', 0.25],
    ['DOUBLE', 'True', 1],
    ['DOUBLE', '<NA>', null],
    ['INTEGER', ' False', 0],
    ['INTEGER', '1.000000000000000000e+00', 1],
    ['BOOLEAN', 'nan', null],
    ['BOOLEAN', ' True', true],
    ['BOOLEAN', '0.000000000000000000e+00', false],
    ['BOOLEAN', '[1.]', true],
    ['NVARCHAR(5)', ' a ', ' a '],
    ['NVARCHAR(5)', 'nan', 'nan'],
    ['NVARCHAR(5)', '[1]', '[1]'],
    ['INTEGER', '3.0', 3],
    ['INTEGER', '3e0', 3],
    ['BIGINT', '1e3', 1000],
    ['TINYINT', '255', 255],
    ['DECIMAL(5,2)', '1.005', '1.01'],
    ['DECIMAL(5,2)', '-0.001', '0.00'],
    ['DECIMAL(5,2)', '1e-1', '0.10'],
    ['DECIMAL(3,0)', '999.4', '999'],
    ['DECIMAL(2,2)', '0.99', '0.99'],
    ['DECIMAL', '1e-7', '0.0000001'],
    ['BOOLEAN', '1', true],
    ['BOOLEAN', 'False', false],
    ['DATE', '2024-01-31T00:00:00', '2024-01-31'],
    ['TIMESTAMP', '2024-01-31T10:00:00.123456789', '2024-01-31 10:00:00.1234567'],
    ['NVARCHAR(2)', '😀', '😀'],
    ['DOUBLE', 'nan', null],
    ['DOUBLE', '-Infinity', null],
    ['INTEGER', 'NaN', null],
    ['NVARCHAR(5)', 'NaN', 'NaN'],
  ])('takes for %s %j', (type, text, value) => {
    expect(convert(type, text)).toBe(value);
  });

  it.each([
    [
      'DOUBLE',
      '[0.1 0.9]',
      'a number is needed, and there is a list in brackets: the model must answer one value for each column',
    ],
    ['BOOLEAN', '2', 'true or false is needed, and there is another number'],
    ['BOOLEAN', '0.5', 'true or false is needed, and there is another number'],
    ['TIMESTAMP', '2024-01-02T00:00:00+02:00', 'a timestamp of UTC is needed, and there is one with the offset +02:00'],
    ['TIMESTAMP', '2024-02-30', 'a timestamp as YYYY-MM-DD HH:MM:SS is needed, and there is a text of 10 characters'],
    ['DATE', '2024-01-02T00:00:00+02:00', 'a date as YYYY-MM-DD is needed, and there is a text of 25 characters'],
    ['DOUBLE', '', 'a number is needed, and there is an empty text'],
    ['DOUBLE', '1 2', 'a number is needed, and there is a text of 3 characters'],
    ['INTEGER', '3.5', 'a whole number is needed, and there is another number'],
    ['INTEGER', 'twelve', 'a number is needed, and there is a text of 6 characters'],
    ['INTEGER', '', 'a number is needed, and there is an empty text'],
    ['INTEGER', '2147483648', 'the number is outside of -2147483648 to 2147483647'],
    ['TINYINT', '-1', 'the number is outside of 0 to 255'],
    ['DOUBLE', '1e999', 'the number is too large for the column'],
    ['DOUBLE', '1e9999999', 'a number is needed, and there is a text of 9 characters'],
    ['REAL', '1e39', 'the number is too large for the column'],
    ['DECIMAL(5,2)', '999.995', 'the number has more than 3 digits before the point'],
    ['DECIMAL(2,2)', '1', 'the number has more than 0 digits before the point'],
    ['BOOLEAN', 'maybe', 'true or false is needed, and there is a text of 5 characters'],
    ['DATE', '2023-02-29', 'a date as YYYY-MM-DD is needed, and there is a text of 10 characters'],
    ['DATE', '2024-01-31 10:00:00', 'a date as YYYY-MM-DD is needed, and there is a text of 19 characters'],
    ['TIME', '25:00:00', 'a time as HH:MM:SS is needed, and there is a text of 8 characters'],
    ['TIMESTAMP', 'now', 'a timestamp as YYYY-MM-DD HH:MM:SS is needed, and there is a text of 3 characters'],
    ['NVARCHAR(1)', '😀', 'the text has a length of 2, and the column takes 1'],
    ['VARCHAR(1)', 'é', 'the text has a length of 2, and the column takes 1'],
    ['VARBINARY(1)', '0001', 'there are 2 bytes, and the column takes 1'],
    ['VARBINARY(1)', 'xyz', 'hexadecimal is needed, and there is a text of 3 characters'],
    ['NCLOB', '😀'.repeat(300_000), 'a text with emoji or the like of more than 1 MiB can be damaged on its way'],
  ])('refuses for %s %j', (type, text, message) => {
    expect(() => convert(type, text)).toThrow(expect.objectContaining({ name: 'UnwritableValueError', message }));
  });

  it('refuses NULL where there must be a value, also the NULL that NaN becomes', () => {
    const toValue = textToValue(columnOfType('A', 'DOUBLE', false));

    expect(() => toValue(null)).toThrow(/no value where one must be/);
    expect(() => toValue('nan')).toThrow(/no value where one must be/);
  });
});

describe('plainDigits', () => {
  it.each([
    ['1.5E3', '1500'],
    ['1.5e-3', '0.0015'],
    ['-12E-1', '-1.2'],
    ['0E+10', '0'],
    ['123', '123'],
    ['1.23E1', '12.3'],
  ])('writes %s as %s', (number, digits) => {
    expect(plainDigits(number)).toBe(digits);
  });
});
