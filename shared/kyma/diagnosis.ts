import { ClusterAccessError, ClusterUnavailableError } from '#shared/errors.ts';
import type { Cluster } from '#shared/kyma/cluster.ts';
import type { Suspect } from '#shared/kyma/pod-trouble.ts';

const LOG_LINES = 12;
/** Step Functions keeps 32,768 characters of a cause; a traceback's end is what helps. */
const MAX_LOG_CHARACTERS = 2_000;

/** The pod's last event and the end of its log, in sentences for an error; nothing where they can't be read. */
export const diagnosis = async (cluster: Cluster, { pod, container, previous }: Suspect): Promise<string> => {
  const name = { namespace: pod.metadata.namespace, name: pod.metadata.name };
  const [events, log] = await Promise.all([
    orNothing(cluster.events(pod), []),
    orNothing(cluster.logTail(name, container, { previous, lineCount: LOG_LINES }), ''),
  ]);
  const event = events.filter(({ type }) => type === 'Warning').at(-1) ?? events.at(-1);
  const tail = log.trimEnd().slice(-MAX_LOG_CHARACTERS);
  return [
    ...(event ? [`Last event of pod ${name.name}: ${event.reason}: ${event.message}`] : []),
    ...(tail ? [`Log of container ${container}:\n${tail}`] : []),
  ].join('\n');
};

/** What is missing here must not hide why the rollout failed. */
const orNothing = async <T>(reading: Promise<T>, nothing: T): Promise<T> => {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof ClusterAccessError || error instanceof ClusterUnavailableError) return nothing;
    throw error;
  }
};
