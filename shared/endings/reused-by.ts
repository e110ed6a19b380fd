import { DatasetManifest } from '#shared/dataset/manifest.ts';
import { DeploymentFact } from '#shared/models/deployment-fact.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { type Fact, readFact } from '#shared/pipeline/facts.ts';
import type { Reused } from '#shared/pipeline/run-record.ts';
import { loadModelSearch } from '#shared/reuse/model-search.ts';
import { loadScoring } from '#shared/reuse/scoring-fact.ts';

/** What a run has taken from earlier ones, from which, and why, by the facts that its steps have left. */
export const reusedBy = async (objectStore: ObjectStore, runUri: string): Promise<Reused> => {
  const search = await loadModelSearch(objectStore, runUri);
  const scoring = await loadScoring(objectStore, runUri);
  return {
    trainingData: await reusedDataset(objectStore, runUri, 'trainManifest'),
    model: ofAnother(runUri, search?.reused && { runUri: search.reused.runUri, because: search.because }),
    endpoint: await reusedEndpoint(objectStore, runUri),
    scoringData: await reusedDataset(objectStore, runUri, 'scoreManifest'),
    predictions: ofAnother(runUri, scoring?.reused),
  };
};

const ofAnother = <T extends { readonly runUri: string }>(
  runUri: string,
  reused: T | null | undefined,
): T | undefined => (reused && reused.runUri !== runUri ? reused : undefined);

const reusedDataset = async (objectStore: ObjectStore, runUri: string, fact: Fact) => {
  const manifest = DatasetManifest.safeParse(await readFact(objectStore, runUri, fact)).data;
  return manifest?.reusedFrom === undefined
    ? undefined
    : { runUri: manifest.reusedFrom, because: 'the view has the same rows' };
};

const reusedEndpoint = async (objectStore: ObjectStore, runUri: string) => {
  const deployment = DeploymentFact.safeParse(await readFact(objectStore, runUri, 'endpoint')).data;
  return deployment && deployment.previousEndpointConfigName === deployment.endpointConfigName
    ? { because: 'it serves this model already' }
    : undefined;
};
