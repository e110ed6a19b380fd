import type { HanaType } from '../../engine.ts';
import type { Catalog, Table } from '../catalog/catalog.ts';
import { duckDbName } from '../column-types.ts';
import type { FunctionTable } from '../functions/definition.ts';
import type { Query } from '../parser/ast.ts';
import type { Bound, BoundQuery } from './bound.ts';
import type { Scope } from './scope.ts';

/** A value that is given to DuckDB when the statement runs. */
export type SlotSource =
  | { readonly kind: 'parameter'; readonly index: number }
  /** The moment at which the statement started, in UTC. */
  | { readonly kind: 'now' }
  | { readonly kind: 'session-variable'; readonly name: string }
  | { readonly kind: 'isolation-level' };

export interface Slot {
  readonly source: SlotSource;
  readonly type: HanaType;
}

/** What a statement is bound against. */
export interface BindOptions {
  readonly catalog: Catalog;
  readonly temporaryTables: ReadonlyMap<string, Table>;
  readonly user: string;
  readonly schema: string;
  readonly connectionId: number;
  readonly connections: readonly { readonly id: number; readonly user: string; readonly startTime: number }[];
  readonly functions: FunctionTable;
  /** Parameters are columns of this relation instead of DuckDB parameters. */
  readonly parameterRelation?: string | undefined;
  readonly bindQuery: (binding: Binding, query: Query, outer: Scope) => BoundQuery;
}

interface Shared {
  readonly slots: Slot[];
  readonly parameterTypes: (HanaType | undefined)[];
  aliases: number;
  readonly temporaryTables: Set<Table>;
  usesSystemViews: boolean;
}

/** One statement on its way to DuckDB. A view's body is bound by a child that has the view's owner, schema and text. */
export class Binding {
  readonly options: BindOptions;
  /** The text that positions in errors refer to. */
  readonly sql: string;
  /** Whose privileges count, and where unqualified names are looked up. */
  readonly user: string;
  readonly schema: string;
  /** How many views enclose this text. */
  readonly depth: number;
  private readonly shared: Shared;

  constructor(
    options: BindOptions,
    sql: string,
    parent?: { shared: Shared; user: string; schema: string; depth: number },
  ) {
    this.options = options;
    this.sql = sql;
    this.user = parent?.user ?? options.user;
    this.schema = parent?.schema ?? options.schema;
    this.depth = parent?.depth ?? 0;
    this.shared = parent?.shared ?? {
      slots: [],
      parameterTypes: [],
      aliases: 0,
      temporaryTables: new Set(),
      usesSystemViews: false,
    };
  }

  get catalog(): Catalog {
    return this.options.catalog;
  }

  /** For the body of a view. */
  forView(sql: string, user: string, schema: string): Binding {
    return new Binding(this.options, sql, { shared: this.shared, user, schema, depth: this.depth + 1 });
  }

  get slots(): readonly Slot[] {
    return this.shared.slots;
  }

  get usesTemporaryTables(): boolean {
    return this.shared.temporaryTables.size > 0;
  }

  get temporaryTables(): ReadonlySet<Table> {
    return this.shared.temporaryTables;
  }

  get usesSystemViews(): boolean {
    return this.shared.usesSystemViews;
  }

  noteTemporaryTable(table: Table): void {
    this.shared.temporaryTables.add(table);
  }

  noteSystemView(): void {
    this.shared.usesSystemViews = true;
  }

  /** A name that no other relation of the statement has. */
  alias(prefix = 't'): string {
    this.shared.aliases += 1;
    return `${prefix}${this.shared.aliases}`;
  }

  query(query: Query, outer: Scope): BoundQuery {
    return this.options.bindQuery(this, query, outer);
  }

  /** The type that a parameter's first use gave it. */
  parameterType(index: number): HanaType | undefined {
    return this.shared.parameterTypes[index];
  }

  /** DuckDB's expression for a parameter; its first use decides the type that clients are told. */
  parameter(index: number, type: HanaType): Bound {
    const known = this.shared.parameterTypes[index] ?? type;
    this.shared.parameterTypes[index] = known;
    const sql = this.options.parameterRelation
      ? `${this.options.parameterRelation}.p${index}`
      : this.slot({ kind: 'parameter', index }, known);
    return { sql, type: known, nullable: true };
  }

  /** DuckDB's expression for a value that is known only when the statement runs. */
  slot(source: SlotSource, type: HanaType): string {
    const key = JSON.stringify(source);
    let index = this.shared.slots.findIndex((slot) => JSON.stringify(slot.source) === key);
    if (index < 0) index = this.shared.slots.push({ source, type }) - 1;
    return `CAST($${index + 1} AS ${duckDbName(type)})`;
  }
}
