import { type DuckDBPreparedStatement, timestampValue } from '@duckdb/node-api';
import type { HanaValue } from '../../engine.ts';
import type { Slot } from '../binder/binding.ts';
import { duckDbType } from '../column-types.ts';
import { converterFor } from '../values.ts';

/** What a statement needs to know of the moment and the session in which it runs. */
export interface Moment {
  readonly now: Date;
  readonly variables: ReadonlyMap<string, string>;
  readonly isolationLevel: string;
}

/** Gives DuckDB the values of one execution; the statement need not use every slot. */
export function bindSlots(
  prepared: DuckDBPreparedStatement,
  slots: readonly Slot[],
  row: readonly HanaValue[],
  moment: Moment,
): void {
  for (let position = 1; position <= prepared.parameterCount; position += 1) {
    const { source, type } = slots[Number(prepared.parameterName(position)) - 1]!;
    if (source.kind === 'parameter') {
      const value = converterFor(type)(row[source.index] ?? null);
      if (value === null) prepared.bindNull(position);
      else prepared.bindValue(position, value, duckDbType(type));
    } else if (source.kind === 'now')
      prepared.bindTimestamp(position, timestampValue(BigInt(moment.now.getTime()) * 1000n));
    else {
      const text = source.kind === 'isolation-level' ? moment.isolationLevel : moment.variables.get(source.name);
      if (text === undefined) prepared.bindNull(position);
      else prepared.bindVarchar(position, text);
    }
  }
}
