import { didYouMean } from '#shared/nearest-names.ts';
import type { PipelineDefinition } from '#shared/pipeline/definition.ts';
import { qualified, quoteIdentifier } from '#shared/warehouse/sql.ts';
import type { SqlWarehouse } from '#shared/warehouse/sql-warehouse.ts';
import { examine, type Finding, problem } from './finding.ts';

interface WantedView {
  readonly pipeline: string;
  readonly view: string;
  readonly schema?: string | undefined;
  readonly columns: readonly string[];
}

/** Every view that a pipeline names: it is there, it has the columns, and a row of it can be read. */
export const viewFindings = async (
  warehouse: Pick<SqlWarehouse, 'query' | 'read'>,
  pipelines: readonly PipelineDefinition[],
): Promise<Finding[]> => {
  const findings: Finding[] = [];
  for (const wanted of pipelines.flatMap(viewsOf)) findings.push(await viewFinding(warehouse, wanted));
  return findings;
};

const viewsOf = ({ name, source, prediction }: PipelineDefinition): WantedView[] => [
  {
    pipeline: name,
    view: source.view,
    schema: source.schema,
    columns: [...source.key, source.target, ...(source.columns ?? [])],
  },
  ...(prediction
    ? [
        {
          pipeline: name,
          view: prediction.source.view,
          schema: prediction.source.schema,
          columns: [...prediction.source.key, ...(prediction.source.columns ?? [])],
        },
      ]
    : []),
];

const viewFinding = (
  warehouse: Pick<SqlWarehouse, 'query' | 'read'>,
  { pipeline, view, schema, columns }: WantedView,
): Promise<Finding> => {
  const subject = `view ${view} of ${pipeline}`;
  return examine(subject, 'Expose the view for consumption and deploy it, or correct pipeline.yml.', async () => {
    const found = await warehouse.read({ runId: 'doctor' }, async (session) => {
      const name = { schema: schema ?? session.schema, name: view };
      return { name, columns: (await session.columnsOf(name)).map((column) => column.name) };
    });
    const missing = [...new Set(columns)].filter((column) => !found.columns.includes(column));
    if (missing.length > 0) {
      const told = missing.map((column) => `${column}.${didYouMean(column, found.columns)}`);
      return problem(subject, `it has no column ${told.join(' It has no column ')}`, 'Correct pipeline.yml.');
    }
    await warehouse.query(`SELECT TOP 1 ${quoteIdentifier(columns[0]!)} FROM ${qualified(found.name)}`);
    return `${found.columns.length} columns, readable`;
  });
};
