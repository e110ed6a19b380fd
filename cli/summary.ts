import type { RunRecord } from '#shared/pipeline/run-record.ts';
import { count, counted, duration } from './format.ts';
import { metricsText } from './state-detail.ts';

/** The summary of a run that ended, a line a fact; a fact that the run didn't come to has no line. */
export const summary = (record: RunRecord): string[] => {
  const { datasets, training, deployment, prediction } = record;
  const { train, test, score } = datasets;
  const { publication } = prediction;
  return labelled([
    ['run', `${record.runId}, ${record.mode}, ${duration(record.durationSeconds * 1000)}`],
    ['outcome', OUTCOMES[record.outcome]],
    ['read', train && `${train.schema}.${train.view}`],
    [
      'staged',
      train &&
        test &&
        `${counted(train.rowCount + test.rowCount, 'row')}: ${count(train.rowCount)} to train, ${count(test.rowCount)} to test`,
    ],
    ['model', training.evaluation?.trainingJobName ?? training.model?.trainingJobName],
    ['metrics', training.evaluation && metricsText(training.evaluation.metrics)],
    ['gate', training.evaluation && gate(training.evaluation)],
    ...deploymentFacts(deployment),
    ['scored', score && `${counted(score.rowCount, 'row')} of ${score.schema}.${score.view}`],
    [
      'written',
      publication &&
        `${counted(publication.rowCount, 'row')} to ${publication.schema}.${publication.table} (${publication.mode})`,
    ],
    [
      'set aside',
      publication?.rejectedCount
        ? `${counted(publication.rejectedCount, 'row')} that the table can't take: ${record.runUri}predictions/quarantine/`
        : undefined,
    ],
    ['record', `${record.runUri}run.json`],
  ]);
};

type Fact = readonly [label: string, text: string | undefined];

/** Where a model serves, and by what. */
export const deploymentFacts = ({ endpoint, image, kyma, smokeTest }: RunRecord['deployment']): Fact[] => [
  ['endpoint', endpoint?.endpointName],
  ['image', image?.imageUri.split('@')[1]],
  ['pushed', image && counted(image.bytesPushed, 'byte')],
  ['url', kyma && `${kyma.url}invocations`],
  ['smoke test', smokeTest && `${counted(smokeTest.rowCount, 'row')} of the test set answered`],
];

/** What a run ended as, in words. */
export const OUTCOMES: Readonly<Record<RunRecord['outcome'], string>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  gateNotPassed: 'gate not passed',
};

/** Facts under each other, their labels to the left; a fact without a text has no line. */
export const labelled = (facts: readonly Fact[]): string[] =>
  facts.flatMap(([label, text]) => (text === undefined ? [] : [`  ${label.padEnd(11)} ${text}`]));

const gate = ({ gatePassed, rules }: NonNullable<RunRecord['training']['evaluation']>): string => {
  const told = rules.map(({ metric, min, max }) =>
    [metric, ...(min === undefined ? [] : [`≥ ${min}`]), ...(max === undefined ? [] : [`≤ ${max}`])].join(' '),
  );
  if (told.length === 0) return 'none set';
  return `${gatePassed ? 'passed' : 'not passed'} (${told.join(', ')})`;
};
