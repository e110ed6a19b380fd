import { PipelineError } from '#shared/errors.ts';
import type { Cluster } from '#shared/kyma/cluster.ts';
import { deployedToKyma } from '#shared/kyma/deployed-models.ts';
import type { Pod } from '#shared/kyma/objects.ts';
import { LABELS, selectorOf } from '#shared/kyma/ownership.ts';
import { MODEL_CONTAINER } from '#shared/kyma/pod-template.ts';
import { isTraceback, lastWordsOf } from '#shared/sagemaker/job-log.ts';

const LOG_LINES = 200;

/** The pods of one model that are looked at; any of them may have been asked. */
const MAX_PODS = 5;

/**
 * The end of the log of the pods that serve a URL: the last traceback of one of them, if there is one. What keeps the log from
 * being read is told in its place, so that it doesn't hide the failure that the log was asked for.
 */
export const podLastWords = async (openCluster: () => Promise<Cluster>, url: string, since: Date): Promise<string> => {
  try {
    const cluster = await openCluster();
    const logs = await Promise.all(
      (await podsBehind(cluster, url)).map(async ({ metadata: { namespace, name } }) => {
        const options = { previous: false, lineCount: LOG_LINES, since };
        return (await cluster.logTail({ namespace, name }, MODEL_CONTAINER, options)).split('\n');
      }),
    );
    return lastWordsOf(logs.find((lines) => lines.some(isTraceback)) ?? logs.flat());
  } catch (error) {
    if (error instanceof PipelineError) return `(The pods' log can't be read: ${error.message})`;
    throw error;
  }
};

const podsBehind = async (cluster: Cluster, url: string): Promise<Pod[]> => {
  const { origin } = new URL(url);
  const served = (await deployedToKyma(cluster)).find((model) => model.url && new URL(model.url).origin === origin);
  if (!served) return [];
  const { namespace, pipeline } = served;
  const pods = await cluster.list<Pod>('Pod', { namespace, labels: { ...LABELS, ...selectorOf({ pipeline }) } });
  return pods.slice(0, MAX_PODS);
};
