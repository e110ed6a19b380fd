import type { HanaType } from '../../engine.ts';
import type { Binding } from '../binder/binding.ts';
import type { Bound } from '../binder/bound.ts';
import { asFamily, convert, PARAMETER_DEFAULT, TEXT_AS_NUMBER } from '../binder/conversions.ts';
import { family, fixed, isInteger } from '../column-types.ts';
import { notSupported } from '../errors.ts';

/** A function call whose parts are bound. */
export interface Call {
  readonly binding: Binding;
  readonly name: string;
  readonly parameters: readonly Bound[];
  readonly named: Readonly<Record<string, Bound>>;
  readonly star: boolean;
  readonly distinct: boolean;
  /** DuckDB's ORDER BY items of WITHIN GROUP or inside the parentheses; empty when there are none. */
  readonly orderBy: string;
  /** DuckDB's OVER clause with a space before it; empty when there is none. */
  readonly over: string;
}

export interface FunctionDefinition {
  readonly minimum: number;
  readonly maximum: number;
  /** What else than parameters the call may have. */
  readonly allows?: {
    readonly distinct?: boolean;
    readonly orderBy?: boolean;
    readonly over?: boolean;
    readonly star?: boolean;
  };
  readonly bind: (call: Call) => Bound;
}

export type FunctionTable = ReadonlyMap<string, FunctionDefinition>;
export type Functions = Readonly<Record<string, FunctionDefinition>>;

/** How a parameter is taken: converted to a family, or left as it is. */
export type ParameterKind =
  | 'text'
  | 'number'
  | 'integer'
  | 'double'
  | 'date'
  | 'temporal'
  | 'timestamp'
  | 'binary'
  | 'any';

/** A function of values: parameter kinds (an optional one ends with `?`), the result's type and DuckDB's SQL for it. */
export function scalar(
  kinds: readonly (ParameterKind | `${ParameterKind}?`)[],
  type: HanaType | ((parameters: readonly Bound[]) => HanaType),
  sql: (...parameters: string[]) => string,
  options: { readonly nullable?: boolean } = {},
): FunctionDefinition {
  return {
    minimum: kinds.filter((kind) => !kind.endsWith('?')).length,
    maximum: kinds.length,
    bind({ binding, parameters }) {
      const taken = parameters.map((parameter, index) =>
        take(binding, parameter, kinds[index]!.replace('?', '') as ParameterKind),
      );
      return {
        sql: sql(...taken.map((parameter) => parameter.sql)),
        type: typeof type === 'function' ? type(taken) : type,
        nullable: options.nullable ?? taken.some((parameter) => parameter.nullable),
      };
    },
  };
}

/** A parameter as the kind that a function wants. */
export function take(binding: Binding, parameter: Bound, kind: ParameterKind): Bound {
  if (kind === 'any') return parameter.type ? parameter : convert(binding, parameter, PARAMETER_DEFAULT);
  if (kind === 'integer')
    return parameter.type && isInteger(parameter.type) ? parameter : convert(binding, parameter, fixed('INTEGER'));
  if (kind === 'double') return convert(binding, asFamily(binding, parameter, 'number'), fixed('DOUBLE'));
  if (kind === 'number') return asFamily(binding, parameter, 'number');
  if (kind === 'date') return convert(binding, parameter, fixed('DATE'));
  if (kind === 'timestamp') return convert(binding, parameter, fixed('TIMESTAMP'));
  if (kind === 'temporal') {
    const temporal = parameter.type && ['date', 'timestamp', 'time'].includes(family(parameter.type));
    return temporal ? parameter : convert(binding, parameter, fixed('TIMESTAMP'));
  }
  return asFamily(binding, parameter, kind);
}

/** The text of a parameter that must be written as a string literal. */
export function literalText(call: Call, index: number, what: string): string {
  const text = call.parameters[index]?.text;
  if (text === undefined) throw notSupported(`${call.name} with a ${what} that is not a string literal`);
  return text;
}

export const typeOf = (parameter: Bound | undefined): HanaType => parameter?.type ?? TEXT_AS_NUMBER;
