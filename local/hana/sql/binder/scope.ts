import type { HanaType } from '../../engine.ts';
import { hanaError, place } from '../errors.ts';
import type { Path } from '../parser/ast.ts';
import type { Bound, Origin, OutputColumn } from './bound.ts';

/** Something in FROM, under the name by which columns are qualified. */
export interface Relation {
  readonly alias?: string | undefined;
  /** Set when the table has no alias: `SCHEMA.TABLE.COLUMN` may then be written. */
  readonly schema?: string | undefined;
  readonly columns: readonly RelationColumn[];
}

export interface RelationColumn {
  readonly name: string;
  readonly sql: string;
  readonly type?: HanaType | undefined;
  readonly nullable: boolean;
  readonly origin?: Origin | undefined;
}

/** A named query of WITH. */
export interface CteRelation {
  readonly sqlName: string;
  readonly columns: readonly OutputColumn[];
}

/** The names that an expression can see: its own query's, then the enclosing queries'. */
export interface Scope {
  readonly relations: readonly Relation[];
  readonly ctes: ReadonlyMap<string, CteRelation>;
  readonly parent?: Scope | undefined;
}

export const EMPTY_SCOPE: Scope = { relations: [], ctes: new Map() };

/** The column that a path means. Throws 260 when there is none, 268 when there are several. */
export function resolveColumn(scope: Scope, path: Path, sql: string): Bound {
  for (let current: Scope | undefined = scope; current; current = current.parent) {
    const found = current.relations.flatMap((relation) => matches(relation, path));
    if (found.length > 1) throw hanaError(268, `${path.parts.join('.')}: ${place(sql, path.at.position)}`);
    if (found[0]) return found[0];
  }
  throw hanaError(260, `${path.parts.join('.')}: ${place(sql, path.at.position)}`);
}

/** The relations that `T.*` or `S.T.*` means. */
export function qualifiedRelations(scope: Scope, qualifier: readonly string[]): Relation[] {
  return scope.relations.filter((relation) => isQualified(relation, qualifier));
}

function matches(relation: Relation, path: Path): RelationColumn[] {
  const name = path.parts.at(-1)!;
  const qualifier = path.parts.slice(0, -1);
  if (qualifier.length > 0 && !isQualified(relation, qualifier)) return [];
  return relation.columns.filter((column) => column.name === name);
}

function isQualified(relation: Relation, qualifier: readonly string[]): boolean {
  const [table, schema] = [...qualifier].reverse();
  return relation.alias === table && (schema === undefined || relation.schema === schema);
}
