import type { DuckDBConnection } from '@duckdb/node-api';
import { Catalog, type CatalogChange, type CatalogEntry } from './catalog.ts';

/** Reads the catalog that a database file holds; a new file gets the table for it. */
export async function loadCatalog(connection: DuckDBConnection): Promise<Catalog> {
  await connection.run('CREATE SCHEMA IF NOT EXISTS _sys');
  await connection.run(
    'CREATE TABLE IF NOT EXISTS _sys.catalog (kind VARCHAR, key VARCHAR, entry VARCHAR, PRIMARY KEY (kind, key))',
  );
  const reader = await connection.runAndReadAll('SELECT kind, key, entry FROM _sys.catalog');
  const changes = reader.getRows().map(([kind, key, entry]) => ({
    kind: kind as CatalogChange['kind'],
    key: key as string,
    entry: JSON.parse(entry as string) as CatalogEntry,
  }));
  return new Catalog().with(changes);
}

/** Writes changes inside the connection's transaction. */
export async function saveChanges(connection: DuckDBConnection, changes: readonly CatalogChange[]): Promise<void> {
  for (const { kind, key, entry } of changes) {
    await connection.run('DELETE FROM _sys.catalog WHERE kind = $1 AND key = $2', [kind, key]);
    if (!entry) continue;
    await connection.run('INSERT INTO _sys.catalog VALUES ($1, $2, $3)', [kind, key, JSON.stringify(entry)]);
  }
}
