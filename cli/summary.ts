import type { ExecutionDescription } from '#shared/executions/executions.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { loadRunRecord, type RunRecord } from '#shared/pipeline/run-record.ts';
import { count, duration, type Terminal } from './terminal.ts';
import { EXIT, type ExitCode } from './usage.ts';

/** What the state machine `pipeline` answers; a failed execution carries its error instead. */
interface PipelineOutput {
  readonly runUri: string;
}

/** Prints how a run ended, in a few lines a person can check, and gives the exit code for it. */
export const printEnding = async (execution: ExecutionDescription, out: Terminal): Promise<ExitCode> => {
  out.print();
  if (execution.status !== 'SUCCEEDED') {
    printFailure(execution, out);
    return exitCodeOf(execution.error);
  }
  const record = await loadRunRecord(s3ObjectStore(), (execution.output as PipelineOutput).runUri);
  for (const line of summary(record)) out.print(line);
  return EXIT.done;
};

/** The summary of a run that ended, a line a fact; a fact that the run didn't come to has no line. */
export const summary = (record: RunRecord): string[] => {
  const { datasets, training, deployment, prediction } = record;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['run', `${record.runId}, ${record.mode}, ${duration(record.durationSeconds * 1000)}`],
    ['read', datasets.train && `${datasets.train.schema}.${datasets.train.view}`],
    [
      'staged',
      datasets.train &&
        datasets.test &&
        `${count(datasets.train.rowCount + datasets.test.rowCount)} rows: ${count(datasets.train.rowCount)} to train, ${count(datasets.test.rowCount)} to test`,
    ],
    ['model', training.evaluation?.trainingJobName],
    ['metrics', training.evaluation && metrics(training.evaluation.metrics)],
    ['gate', training.evaluation && gate(training.evaluation)],
    ['endpoint', deployment.endpoint?.endpointName],
    ['smoke test', deployment.smokeTest && `${count(deployment.smokeTest.rowCount)} rows of the test set answered`],
    [
      'scored',
      datasets.score && `${count(datasets.score.rowCount)} rows of ${datasets.score.schema}.${datasets.score.view}`,
    ],
    [
      'written',
      prediction.publication &&
        `${count(prediction.publication.rowCount)} rows to ${prediction.publication.schema}.${prediction.publication.table} (${prediction.publication.mode})`,
    ],
    [
      'set aside',
      prediction.publication?.rejectedCount
        ? `${count(prediction.publication.rejectedCount)} rows that the table can't take: ${record.runUri}predictions/quarantine/`
        : undefined,
    ],
    ['outcome', record.failure ? `${record.failure.error}: ${record.failure.cause}` : record.outcome],
    ['record', `${record.runUri}run.json`],
  ];
  return facts.flatMap(([label, text]) => (text === undefined ? [] : [`  ${label.padEnd(11)} ${text}`]));
};

const metrics = (values: Readonly<Record<string, number | null>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ') || 'none';

const gate = ({ gatePassed, rules }: NonNullable<RunRecord['training']['evaluation']>): string => {
  const told = rules.map(({ metric, min, max }) =>
    [metric, min !== undefined && `≥ ${min}`, max !== undefined && `≤ ${max}`].filter(Boolean).join(' '),
  );
  if (told.length === 0) return 'none set';
  return `${gatePassed ? 'passed' : 'not passed'} (${told.join(', ')})`;
};

const printFailure = ({ error = 'the run', cause = '', status }: ExecutionDescription, out: Terminal): void => {
  const title =
    error === 'GateNotPassedError' ? 'Gate not passed' : `${error} (${status.toLowerCase().replace('_', ' ')})`;
  out.print(out.style('red', `  ${title}`));
  for (const line of cause.split('\n')) out.print(`  ${line}`);
};

/** Errors of the input, which no run can mend. */
const INPUT_ERRORS = ['InvalidInputError', 'UnknownPipelineError', 'InvalidPipelineError'];

const exitCodeOf = (error: string | undefined): ExitCode =>
  error !== undefined && INPUT_ERRORS.includes(error) ? EXIT.wrongInput : EXIT.runFailed;
