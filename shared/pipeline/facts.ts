import { ObjectMissingError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';

/**
 * The small records that steps leave in a run's folder, so that the final record can be composed of them, whatever became
 * of the run. Each is written again, with the same content, by a repeated step.
 */
export const FACTS = {
  trainManifest: 'train/manifest.json',
  testManifest: 'test/manifest.json',
  scoreManifest: 'score/manifest.json',
  modelSearch: 'training/search.json',
  trainingJob: 'training/job.json',
  evaluation: 'training/evaluation.json',
  model: 'training/model.json',
  endpoint: 'deployment/endpoint.json',
  restoration: 'deployment/restoration.json',
  image: 'deployment/image.json',
  kyma: 'deployment/kyma.json',
  smokeTest: 'deployment/smoke-test.json',
  promotion: 'deployment/promotion.json',
  scoring: 'predictions/scoring.json',
  transformJob: 'predictions/transform-job.json',
  publication: 'predictions/publication.json',
} as const;

export type Fact = keyof typeof FACTS;

export const writeFact = async (
  objectStore: ObjectStore,
  runUri: string,
  fact: Fact,
  value: unknown,
): Promise<void> => {
  await objectStore.put(`${runUri}${FACTS[fact]}`, `${JSON.stringify(value, null, 2)}\n`, {
    contentType: 'application/json',
  });
};

/** The fact, or undefined when the run hasn't come so far. */
export const readFact = async (objectStore: ObjectStore, runUri: string, fact: Fact): Promise<unknown> => {
  try {
    return JSON.parse((await objectStore.getText(`${runUri}${FACTS[fact]}`)).text);
  } catch (error) {
    if (error instanceof ObjectMissingError) return undefined;
    throw error;
  }
};
