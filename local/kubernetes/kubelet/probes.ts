import type { ModelServer } from '#local/sagemaker/serving/model-server.ts';
import type { ContainerSpec, Probe } from './pod-spec.ts';

export interface ProbeContext {
  readonly container: ContainerSpec;
  readonly server: ModelServer;
  readonly secondMs: number;
  readonly sleep: (seconds: number) => Promise<void>;
  readonly isOver: () => boolean;
  readonly onReady: (isReady: boolean) => void;
  readonly onFailure: (name: string, why: string) => void;
}

/**
 * Asks a container how it is, until its process is over: the startup probe until it succeeds once, then the readiness and
 * the liveness probe. Returns why the container has to be ended; undefined when its process ended by itself.
 */
export const probe = async (context: ProbeContext): Promise<string | undefined> => {
  const { container, sleep, isOver, onReady } = context;
  const started = await untilStarted(context, container.startupProbe);
  if (isOver()) return undefined;
  if (!started) return 'failed startup probe';
  const failures = { readiness: 0, liveness: 0 };
  const { readinessProbe, livenessProbe } = container;
  if (!readinessProbe) onReady(true);
  for (let second = 0; !isOver(); second += 1) {
    if (readinessProbe && second % readinessProbe.periodSeconds === 0) {
      failures.readiness = (await ask(context, 'Readiness', readinessProbe)) ? 0 : failures.readiness + 1;
      if (failures.readiness === 0) onReady(true);
      else if (failures.readiness >= readinessProbe.failureThreshold) onReady(false);
    }
    if (livenessProbe && second % livenessProbe.periodSeconds === 0 && second > 0) {
      failures.liveness = (await ask(context, 'Liveness', livenessProbe)) ? 0 : failures.liveness + 1;
      if (failures.liveness >= livenessProbe.failureThreshold) return 'failed liveness probe';
    }
    await sleep(1);
  }
  return undefined;
};

const untilStarted = async (context: ProbeContext, startupProbe: Probe | undefined): Promise<boolean> => {
  if (!startupProbe) return true;
  for (let failed = 0; failed < startupProbe.failureThreshold && !context.isOver(); failed += 1) {
    if (await ask(context, 'Startup', startupProbe)) return true;
    await context.sleep(startupProbe.periodSeconds);
  }
  return false;
};

/** A probe is never given less than this, however fast time passes here. */
const MIN_TIMEOUT_MS = 2_000;

const ask = async (
  { server, secondMs, isOver, onFailure }: ProbeContext,
  name: string,
  asked: Probe,
): Promise<boolean> => {
  const { httpGet, timeoutSeconds } = asked;
  if (!httpGet) return true;
  try {
    const timeoutMs = Math.max(MIN_TIMEOUT_MS, timeoutSeconds * secondMs);
    const answer = await server.send({ method: 'GET', path: httpGet.path ?? '/', timeoutMs });
    answer.resume();
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 400) return true;
    onFailure(name, `${name} probe failed: HTTP probe failed with statuscode: ${status}`);
  } catch (error) {
    if (!isOver()) onFailure(name, `${name} probe failed: ${(error as Error).message}`);
  }
  return false;
};
