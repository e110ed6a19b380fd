import { bound } from '../binder/bound.ts';
import { fixed, nvarchar, varbinary, varchar } from '../column-types.ts';
import { textLiteral } from '../duckdb-text.ts';
import type { FunctionDefinition, Functions } from './definition.ts';

const text = (
  value: (options: { user: string; schema: string; connectionId: number }) => string,
): FunctionDefinition => ({
  minimum: 0,
  maximum: 0,
  bind: ({ binding }) => bound(`CAST(${textLiteral(value(binding.options))} AS VARCHAR)`, nvarchar(256)),
});

/** What a session knows about itself. In a view these are the reader's, not the view's owner. */
export const SESSION_REGISTERS: Functions = {
  CURRENT_USER: text(({ user }) => user),
  SESSION_USER: text(({ user }) => user),
  CURRENT_SCHEMA: text(({ schema }) => schema),
  CURRENT_CONNECTION: {
    minimum: 0,
    maximum: 0,
    bind: ({ binding }) => bound(`CAST(${binding.options.connectionId} AS INTEGER)`, fixed('INTEGER')),
  },
  CURRENT_TRANSACTION_ISOLATION_LEVEL: {
    minimum: 0,
    maximum: 0,
    bind: ({ binding }) => bound(binding.slot({ kind: 'isolation-level' }, varchar(20)), varchar(20)),
  },
  SYSUUID: {
    minimum: 0,
    maximum: 0,
    bind: () => bound(`unhex(replace(CAST(uuid() AS VARCHAR), '-', ''))`, varbinary(16)),
  },
};
