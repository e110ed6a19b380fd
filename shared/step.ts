import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { z } from 'zod';
import { InvalidInputError } from '#shared/errors.ts';
import { logger } from '#shared/logger.ts';

interface StepSchemas<I extends z.ZodType, O extends z.ZodType> {
  readonly input: I;
  readonly output: O;
}

/**
 * Makes a Lambda handler of a step: parses the event, runs the step, checks the answer, and logs its start and its end.
 *
 * @throws InvalidInputError with every mistake of the event at once.
 */
export const step = <I extends z.ZodType, O extends z.ZodType>(
  { input, output }: StepSchemas<I, O>,
  run: (input: z.output<I>) => Promise<z.input<O>>,
) =>
  middy<unknown, z.output<O>>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .handler(async (event) => {
      const startedAt = performance.now();
      try {
        const answer = output.parse(await run(parse(input, event)));
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
  if (!parsed.success) throw new InvalidInputError(z.prettifyError(parsed.error), { cause: parsed.error });
  return parsed.data;
};

/** The run's folder is in every step's event, so each log line can be found by it. */
const runKeys = (event: unknown): Record<string, string> => {
  const runUri = (event as { runUri?: unknown } | null)?.runUri;
  return typeof runUri === 'string' ? { runUri } : {};
};
