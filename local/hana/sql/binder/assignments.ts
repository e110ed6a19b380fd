import type { Column } from '../catalog/catalog.ts';
import { duckDbName, family, isLob } from '../column-types.ts';
import { textLiteral } from '../duckdb-text.ts';
import { raise } from '../errors.ts';
import type { Expression } from '../parser/ast.ts';
import { parseExpressionText } from '../parser/parse.ts';
import type { Binding } from './binding.ts';
import { type Bound, bound } from './bound.ts';
import { convert } from './conversions.ts';
import { bindValue } from './expressions.ts';
import { EMPTY_SCOPE, type Scope } from './scope.ts';

/** `column = expression`, converted and checked. */
export function bindAssignment(binding: Binding, column: Column, expression: Expression, scope: Scope): string {
  if (expression.kind === 'default') return checked(column, defaultValue(binding, column));
  const value = bindValue(binding, expression, scope);
  const converted = convert(binding, value, column.type);
  return needsCheck(column, converted) ? checked(column, converted) : converted.sql;
}

/** What a column gets when a statement leaves it out. */
export function defaultValue(binding: Binding, column: Column): Bound {
  if (column.identitySequence) return bound(`nextval(${textLiteral(column.identitySequence)})`, column.type);
  if (column.defaultText === undefined)
    return { sql: `CAST(NULL AS ${duckDbName(column.type)})`, type: column.type, nullable: true };
  const body = binding.forView(column.defaultText, binding.user, binding.schema);
  return convert(binding, bindValue(body, parseExpressionText(column.defaultText), EMPTY_SCOPE), column.type);
}

export function needsCheck(column: Column, value: Bound): boolean {
  return (!column.nullable && value.nullable) || limitedLength(column) !== undefined;
}

const limitedLength = ({ type }: Column): number | undefined =>
  (family(type) === 'text' || family(type) === 'binary') && !isLob(type) ? type.length : undefined;

/** The value, or HANA's error while the statement runs: 287 for NULL, 274 for what is too long. */
export function checked(column: Column, value: Bound): string {
  const { sql } = value;
  const branches: string[] = [];
  const name = textLiteral(column.name);
  if (!column.nullable) branches.push(`WHEN ${sql} IS NULL THEN ${raise(287, name)}`);
  const limit = limitedLength(column);
  if (limit !== undefined) {
    const tooLong =
      family(column.type) === 'binary' || column.type.name === 'VARCHAR'
        ? 'FALSE'
        : `_sys.utf16_length(${sql}) <= ${limit}`;
    const bytes = family(column.type) === 'binary' ? `octet_length(${sql})` : `strlen(${sql})`;
    const shown = family(column.type) === 'binary' ? `hex(${sql})` : `left(${sql}, 100)`;
    const message = raise(274, `'Failed in "' || ${name} || '" column with the value ''' || ${shown} || ''''`);
    branches.push(`WHEN ${bytes} <= ${limit} OR ${sql} IS NULL OR ${tooLong} THEN ${sql}`, `WHEN TRUE THEN ${message}`);
  }
  return branches.length > 0 ? `CASE ${branches.join(' ')} ELSE ${sql} END` : sql;
}
