import type { Binding } from '../binder/binding.ts';
import type { Catalog, Table } from '../catalog/catalog.ts';
import type { Definition, Path } from '../parser/ast.ts';

/** What a definition works with: a catalog that it may change and DuckDB inside the transaction. */
export interface DefinitionContext {
  readonly binding: Binding;
  readonly catalog: Catalog;
  readonly user: string;
  readonly temporaryTables: Map<string, Table>;
  readonly run: (sql: string) => Promise<void>;
  /** Whether a query finds at least one row. */
  readonly exists: (sql: string) => Promise<boolean>;
  /** Schema and name of a path; the schema exists. */
  readonly locate: (path: Path) => readonly [schema: string, name: string];
}

export type Definer<K extends Definition['kind']> = (
  context: DefinitionContext,
  statement: Extract<Definition, { kind: K }>,
) => Promise<void>;
