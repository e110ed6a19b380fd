import { z } from 'zod';

const SYNTAX =
  /^(BOOLEAN|TINYINT|SMALLINT|INTEGER|BIGINT|REAL|DOUBLE|DATE|TIMESTAMP|DECIMAL\(\d{1,2}(,\s*\d{1,2})?\)|NVARCHAR\(\d{1,4}\))$/;

/** SAP HANA SQL Reference Guide, "Data Types": a DECIMAL has up to 38 digits, an NVARCHAR up to 5000 characters. */
const MAX_DECIMAL_DIGITS = 38;
const MAX_NVARCHAR_CHARACTERS = 5_000;

/** A HANA column type for predictions. */
export const PredictionType = z
  .string()
  .regex(SYNTAX, 'must be a HANA type such as DOUBLE or NVARCHAR(20)')
  .refine(
    (type) => isWithinLimits(type),
    'must be NVARCHAR(1) to NVARCHAR(5000), or DECIMAL(p, s) with p from 1 to 38 and s up to p',
  );

const isWithinLimits = (type: string): boolean => {
  const [length = 1, scale = 0] = (type.match(/\d+/g) ?? []).map(Number);
  const max = type.startsWith('NVARCHAR') ? MAX_NVARCHAR_CHARACTERS : MAX_DECIMAL_DIGITS;
  return length >= 1 && length <= max && scale <= length;
};
