/**
 * Every prefix of the bucket, and what lies below it. The roles of functions, training jobs and models are made of these
 * names (resources/plugins, resources/sagemaker-roles.yml), so that who may touch what is told by the first segment of a key.
 */
export const PLACES = {
  /** `<pipeline>/<run id>/`: a run's record, the facts its steps leave, its plans and manifests. Only steps read or write here. */
  runs: 'records of runs',
  /** `ids/<run id>.json`, `pipelines/<pipeline>/…`: where a run's folder is. */
  'run-index': 'the index of runs',
  /** `<pipeline>/<run id>/<dataset>/`: the parts of datasets. Training jobs and models read them. */
  staged: 'rows copied from the warehouse',
  /** `<pipeline>/<run id>/sourcedir.tar.gz`: the code of a run. Training jobs and models read it. */
  source: 'code',
  /** `<pipeline>/<run id>/<training job>/output/model.tar.gz`. Training jobs write it, models read it. */
  'training-output': 'model archives',
  /** `<pipeline>/<run id>/`: what training jobs on spot instances save for themselves. No step reads it. */
  checkpoints: 'checkpoints of training jobs',
  /** `<pipeline>/<run id>/`: predictions to be written to the warehouse. Models write them. */
  predictions: 'predictions',
  /** `<pipeline>/<training job>.json`, `<pipeline>/champion.json`. */
  models: 'the register of models',
  /** `<pipeline>/<digest of inputs>.json`: a training that can be reused. */
  trainings: 'the index of trainings',
  /** `<pipeline>/<digest of inputs>.json`: a batch transform that can be reused. */
  scorings: 'the index of scorings',
  /** `<pipeline>/<purpose>.json`: what the last sealed dataset holds. `<pipeline>/training-watermark.json`: the rows that models have. */
  datasets: 'records of the last datasets',
  /** `<kind>/<job>/<token's digest>.json`: task tokens in flight. */
  tasks: 'tokens of waiting states',
  /** `<pipeline>/<run id>.json`: what became of a run that a schedule or an event asked for. */
  triggers: 'records of triggers',
  /** `<pipeline>/<trigger>.json`: runs that wait for others to end. */
  'queued-runs': 'the queue of runs',
} as const;

export type Place = keyof typeof PLACES;

/** The URI of an object, or a folder, in one place. For a type's reader, and for the check of the grants, which goes by it. */
export type UriIn<_ extends Place> = string;

/** The URI of an object in somebody else's bucket. */
export type ForeignUri = string;

/** The folder of a place, with a slash at the end. */
export const folderIn = (storeUri: string, place: Place): string => `${storeUri}/${place}/`;

/** A run's own folder in a place. */
export const runFolderIn = (runUri: string, place: Place): string => {
  const { storeUri, pipeline, runId } = parseRunUri(runUri);
  return `${folderIn(storeUri, place)}${pipeline}/${runId}/`;
};

/** The URI of a run's folder, which stands for the run wherever steps are told of one. */
export const RUN_URI = /^(s3:\/\/[^/]+(?:\/.+)?)\/runs\/([^/]+)\/([^/]+)\/$/;

/** What the URI of a run's folder says. Throws a TypeError for anything else: such a URI is a bug, not input. */
export const parseRunUri = (uri: string): Record<'storeUri' | 'pipeline' | 'runId', string> => {
  const match = RUN_URI.exec(uri);
  if (!match) throw new TypeError(`Not the URI of a run's folder: ${uri}`);
  const [, storeUri, pipeline, runId] = match as unknown as readonly [string, string, string, string];
  return { storeUri, pipeline, runId };
};

/**
 * URIs that lie in a place: `s3://bucket/<place>/…`. Segments before it are the store's own prefix, and name no place: else the
 * folder of a run that is called `predictions` would pass for one of predictions.
 */
export const uriPattern = (place: Place): RegExp =>
  new RegExp(`^s3://[^/]+/(?:(?!(?:${Object.keys(PLACES).join('|')})/)[^/]+/)*${place}/.`);

/** Whether no segment of a store's prefix names a place: by it what lies in the store is told. */
export const isPlaceless = (storeUri: string): boolean =>
  !storeUri
    .split('/')
    .slice(3)
    .some((segment) => Object.hasOwn(PLACES, segment));
