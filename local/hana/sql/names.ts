import { hanaError } from './errors.ts';

/** HANA's limit for identifiers. */
const MAX_IDENTIFIER_BYTES = 127;

/** Schemas that DuckDB or this engine already has. */
const RESERVED_SCHEMAS = new Set(['MAIN', 'TEMP', 'SYSTEM', '_SYS', 'PG_CATALOG', 'INFORMATION_SCHEMA']);

/**
 * The name under which DuckDB holds a HANA object, quoted. HANA tells "mixed" from "MIXED", DuckDB does not: a name with
 * lower-case letters is stored in upper case with a `~` and the hexadecimal mask of the letters that were lower case.
 */
export const physicalName = (name: string): string => `"${physical(name, false).replaceAll('"', '""')}"`;

/** `"SCHEMA"."OBJECT"` as DuckDB holds it. */
export const physicalPath = (schema: string, name: string): string => `${physicalSchema(schema)}.${physicalName(name)}`;

export const physicalSchema = (schema: string): string =>
  `"${physical(schema, RESERVED_SCHEMAS.has(schema)).replaceAll('"', '""')}"`;

/** 383 or 286 for what HANA would not take as an identifier. */
export function checkIdentifier(name: string): void {
  if (name === '') throw hanaError(383, 'an identifier must not be empty');
  if (name.includes('\0')) throw hanaError(383, 'an identifier must not contain a NUL character');
  if (Buffer.byteLength(name) > MAX_IDENTIFIER_BYTES) {
    throw hanaError(
      286,
      `${name.slice(0, 40)}... has ${Buffer.byteLength(name)} bytes, at most ${MAX_IDENTIFIER_BYTES}`,
    );
  }
}

function physical(name: string, reserved: boolean): string {
  let upper = '';
  let mask = 0n;
  let bit = 1n;
  for (const char of name) {
    const lower = char >= 'a' && char <= 'z';
    if (lower) mask |= bit;
    upper += lower ? char.toUpperCase() : char;
    bit <<= 1n;
  }
  return mask === 0n && !reserved && !name.includes('~') ? name : `${upper}~${mask.toString(16)}`;
}
