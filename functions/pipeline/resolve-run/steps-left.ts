import { z } from 'zod';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { type Fact, readFact } from '#shared/pipeline/facts.ts';
import type { Run } from '#shared/pipeline/run.ts';
import type { ResolveRunOutput } from './schema.ts';
import { stepsOf } from './steps.ts';

type StepsLeft = Pick<ResolveRunOutput, 'train' | 'adopt' | 'deploy' | 'predict' | 'modelRecordUri'>;

/** Of a run's children those that have not finished, by the fact that the last state of each leaves. */
export const stepsLeft = async (objectStore: ObjectStore, run: Run): Promise<StepsLeft> => {
  const { runUri, mode, definition, input } = run;
  const needed = stepsOf(mode, definition);
  const isFinished = async (fact: Fact) => (await readFact(objectStore, runUri, fact)) !== undefined;
  const model = Model.safeParse(await readFact(objectStore, runUri, 'model')).data;
  const deploy = needed.deploy && !(await isFinished('promotion'));
  return {
    train: needed.train && model === undefined,
    // A model is adopted together with rows to test it, so that one that isn't deployed yet is adopted again: it stays the same.
    adopt: mode === 'deploy' && deploy ? Adoption.parse(input).trainingJobName : null,
    deploy,
    predict: needed.predict && !(await isFinished('publication')),
    modelRecordUri: mode === 'score' ? (run.modelRecordUri ?? null) : (model?.modelRecordUri ?? null),
  };
};

const Model = z.looseObject({ modelRecordUri: z.string().startsWith('s3://') });

const Adoption = z.looseObject({ trainingJobName: z.string() });
