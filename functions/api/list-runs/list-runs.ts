import type { Executions } from '#shared/executions/executions.ts';
import type { Answer } from '#shared/http-api/operation.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { listPipelines } from '#shared/pipeline/pipeline-folder.ts';
import { pageOfRuns } from '#shared/pipeline/run-index.ts';
import { runSummary } from '#shared/pipeline/run-view.ts';
import type { UriIn } from '#shared/store/layout.ts';
import type { ListRunsRequest } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly executions: Pick<Executions, 'describe'>;
}

interface Settings {
  readonly storeUri: string;
  readonly pipelinesDir: string;
}

/** A page of runs. It reads the records of this page's runs only, however many there are. */
export const listRuns = async (
  { query: { pipeline, limit, nextToken } }: ListRunsRequest,
  ports: Ports,
  { storeUri, pipelinesDir }: Settings,
): Promise<Answer> => {
  const pipelines = pipeline === undefined ? await listPipelines(pipelinesDir) : [pipeline];
  const page = await pageOfRuns(ports.objectStore, storeUri, { pipelines, limit, nextToken });
  const runs = await Promise.all(page.runUris.map((runUri: UriIn<'runs'>) => runSummary(runUri, ports)));
  return { status: 200, body: { runs, nextToken: page.nextToken ?? null } };
};
