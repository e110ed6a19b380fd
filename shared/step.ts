import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import type { z } from 'zod';
import { InvalidInputError } from '#shared/errors.ts';
import { logger } from '#shared/logger.ts';
import { metrics } from '#shared/metrics.ts';
import { RunUri, runIdOf } from '#shared/pipeline/run.ts';
import { mistakesOf } from '#shared/schema-mistakes.ts';

interface StepOptions<I extends z.ZodType, O extends z.ZodType> {
  readonly input: I;
  readonly output: O;
  /** What of an answer is worth a metric of its name. */
  readonly counts?: (answer: z.output<O>) => Readonly<Record<string, number>>;
  /** What these metrics are told apart by, besides the deployment. */
  readonly dimensions?: (input: z.output<I>) => Readonly<Record<string, string>>;
}

/**
 * Makes a Lambda handler of a step: parses the event, runs the step, checks the answer, and logs its start and its end.
 *
 * @throws InvalidInputError with every mistake of the event at once.
 */
export const step = <I extends z.ZodType, O extends z.ZodType>(
  { input, output, counts, dimensions }: StepOptions<I, O>,
  run: (input: z.output<I>) => Promise<z.input<O>>,
) =>
  middy<unknown, z.output<O>>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .handler(async (event) => {
      const startedAt = performance.now();
      try {
        const given = parse(input, event);
        const answer = output.parse(await run(given));
        if (counts) publish(counts(answer), dimensions?.(given));
        logger.info('Step finished', { milliseconds: Math.round(performance.now() - startedAt) });
        return answer;
      } catch (error) {
        logger.error('Step failed', error as Error);
        throw error;
      }
    });

const parse = <I extends z.ZodType>(input: I, event: unknown): z.output<I> => {
  logger.appendKeys(runKeys(event));
  logger.info('Step started');
  const parsed = input.safeParse(event);
  if (parsed.success) return parsed.data;
  throw new InvalidInputError(`${mistakesOf(parsed.error)}${hintAbout(event)}`, { cause: parsed.error });
};

/** An execution keeps the definition that it began with, and calls the functions of today. */
const hintAbout = (event: unknown): string => {
  const run = RunUri.safeParse((event as { runUri?: unknown } | null)?.runUri);
  if (!run.success) return '';
  return (
    '\nA run that was started before the last deployment, or is redriven after it, hands this function what another version ' +
    `took. Go on with the state machines of today: npx fedml resume ${runIdOf(run.data)}`
  );
};

const publish = (counts: Readonly<Record<string, number>>, dimensions: Readonly<Record<string, string>> = {}): void => {
  metrics.addDimensions({ ...dimensions });
  for (const [name, value] of Object.entries(counts)) metrics.addMetric(name, MetricUnit.Count, value);
  metrics.publishStoredMetrics();
};

/** The run's folder is in every step's event, so each log line can be found by it. */
const runKeys = (event: unknown): Record<string, string> => {
  const runUri = (event as { runUri?: unknown } | null)?.runUri;
  return typeof runUri === 'string' ? { runUri } : {};
};
