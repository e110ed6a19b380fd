import type { KymaDeployment } from '#shared/pipeline/definition.ts';
import type { UriIn } from '#shared/store/layout.ts';

/** A model that a run puts on a cluster. */
export interface DeployedModel {
  readonly pipeline: string;
  readonly settings: KymaDeployment;
  /** `registry/repository@sha256:…`. */
  readonly imageUri: string;
  /** The user of the image when it is made to run without root; null when it needs root, as SageMaker's own images do. */
  readonly runAsUser: number | null;
  readonly runUri: UriIn<'runs'>;
  readonly modelRecordUri: UriIn<'models'>;
}

/** Containers of SageMaker's images listen here. */
export const PORT = 8080;

/** What everything of ours carries, whatever its pipeline. */
export const LABELS = { 'app.kubernetes.io/managed-by': 'fedml-serverless' } as const;

/** What everything of one pipeline carries; the pods' selector too, so it can't change once it is deployed. */
export const selectorOf = ({ pipeline }: Pick<DeployedModel, 'pipeline'>) => ({
  'app.kubernetes.io/name': 'model-server',
  'app.kubernetes.io/instance': pipeline,
});

/** The folder of the run that wrote an object last. */
export const RUN_ANNOTATION = 'fedml-serverless/run';

/** The model's record in the register. */
export const MODEL_ANNOTATION = 'fedml-serverless/model';

/** When a pull secret's token expires, RFC 3339. */
export const EXPIRES_AT_ANNOTATION = 'fedml-serverless/expires-at';

/** The names stay from run to run: the URL is made of them, and a rollout replaces pods, not objects. */
export const names = ({ pipeline, settings }: Pick<DeployedModel, 'pipeline' | 'settings'>) => ({
  workload: pipeline,
  serviceAccount: pipeline,
  pullSecret: `${pipeline}-registry`,
  host: settings.host ?? pipeline,
});
