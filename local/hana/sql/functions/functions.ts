import { AGGREGATE_FUNCTIONS } from './aggregates.ts';
import { CONVERSION_FUNCTIONS } from './conversions.ts';
import { DATE_FUNCTIONS, DATE_REGISTERS } from './dates.ts';
import type { FunctionTable } from './definition.ts';
import { NUMBER_FUNCTIONS } from './numbers.ts';
import { SESSION_REGISTERS } from './registers.ts';
import { STRING_FUNCTIONS, STRING_REGISTERS } from './strings.ts';

/** Every function that a statement may call. What is not here is refused: no function of DuckDB can be reached. */
export const FUNCTIONS: FunctionTable = new Map(
  Object.entries({
    ...STRING_FUNCTIONS,
    ...STRING_REGISTERS,
    ...NUMBER_FUNCTIONS,
    ...DATE_FUNCTIONS,
    ...DATE_REGISTERS,
    ...CONVERSION_FUNCTIONS,
    ...AGGREGATE_FUNCTIONS,
    ...SESSION_REGISTERS,
  }),
);
