import { hanaError, notSupported, place } from '../errors.ts';
import type { Call, FunctionDefinition } from '../functions/definition.ts';
import type { Expression, FunctionCall, OrderItem, Window } from '../parser/ast.ts';
import type { Binding } from './binding.ts';
import type { Bound } from './bound.ts';

type BindPart = (expression: Expression) => Bound;

/** A function call or a special register. Throws 328 for a function that is not in the table. */
export function bindCall(binding: Binding, call: FunctionCall & { at: Expression['at'] }, bindPart: BindPart): Bound {
  const { name, at } = call;
  const definition = binding.options.functions.get(name);
  if (!definition) throw hanaError(328, `${name}: ${place(binding.sql, at.position)}`);
  checkForm(call, definition);
  const bound: Call = {
    binding,
    name,
    star: call.star,
    distinct: call.distinct,
    parameters: call.parameters.map(bindPart),
    named: Object.fromEntries(Object.entries(call.named).map(([word, part]) => [word, bindPart(part)])),
    orderBy: bindOrder(call.orderBy, bindPart),
    over: call.over ? bindWindow(call.over, bindPart) : '',
  };
  return definition.bind(bound);
}

function checkForm(call: FunctionCall, { minimum, maximum, allows = {} }: FunctionDefinition): void {
  const count = call.parameters.length;
  if (!call.star && (count < minimum || count > maximum)) {
    const expected = minimum === maximum ? String(minimum) : `${minimum} to ${maximum}`;
    throw hanaError(319, `${call.name} takes ${expected} parameters, not ${count}`);
  }
  const unknown =
    (call.star && !allows.star && '(*)') ||
    (call.distinct && !allows.distinct && 'DISTINCT') ||
    (call.orderBy.length > 0 && !allows.orderBy && 'ORDER BY') ||
    (call.over && !allows.over && 'OVER');
  if (unknown) throw notSupported(`${call.name} with ${unknown}`);
}

/** ORDER BY items in DuckDB's words, with the order of NULLs always written. */
export const bindOrder = (items: readonly OrderItem[], bindPart: BindPart): string =>
  items.map((item) => `${bindPart(item.expression).sql} ${orderSuffix(item)}`).join(', ');

export const orderSuffix = ({ descending, nulls }: OrderItem): string =>
  `${descending ? 'DESC' : 'ASC'} NULLS ${nulls}`;

function bindWindow({ partitionBy, orderBy, frame }: Window, bindPart: BindPart): string {
  const parts = [
    partitionBy.length > 0 ? `PARTITION BY ${partitionBy.map((part) => bindPart(part).sql).join(', ')}` : '',
    orderBy.length > 0 ? `ORDER BY ${bindOrder(orderBy, bindPart)}` : '',
    frame ?? '',
  ];
  return ` OVER (${parts.filter((part) => part !== '').join(' ')})`;
}
