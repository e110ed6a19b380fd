import { runIdOf } from '#shared/pipeline/run.ts';
import type { Reused, RunRecord } from '#shared/pipeline/run-record.ts';
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
    ...reuseFacts(record),
    ['record', `${record.runUri}run.json`],
  ]);
};

const REUSABLE: readonly (readonly [keyof Reused, string])[] = [
  ['trainingData', 'data to train on'],
  ['model', 'model'],
  ['endpoint', 'endpoint'],
  ['scoringData', 'data to score'],
  ['predictions', 'predictions'],
];

/** Why a run was quick, and how to have one that isn't. */
const reuseFacts = ({ reused, pipeline, mode }: RunRecord): Fact[] => {
  const told = REUSABLE.flatMap(([what, name]) => {
    const found = reused[what];
    if (!found) return [];
    const of = 'runUri' in found ? `, of ${runIdOf(found.runUri)}` : '';
    return [`${name}${of}: ${found.because}`];
  });
  if (told.length === 0) return [];
  const options = mode === 'full' ? '' : ` --mode ${mode}`;
  const lines = [...told, `To do it all anew: npx fedml run ${pipeline}${options} --fresh`];
  return lines.map((line, index) => [index === 0 ? 'reused' : '', line]);
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
  stopped: 'stopped',
  timedOut: 'took too long',
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
