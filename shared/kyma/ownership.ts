import type { KubernetesObject } from '#shared/kyma/objects.ts';
import type { KymaDeployment } from '#shared/pipeline/definition.ts';
import { lastingName } from '#shared/pipeline/run.ts';
import type { UriIn } from '#shared/store/layout.ts';

/** A pipeline of one installation: stages that share a cluster keep off each other's objects. */
export interface Owner {
  readonly pipeline: string;
  readonly stage?: string | undefined;
}

/** A model that a run puts on a cluster. */
export interface DeployedModel extends Owner {
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

/** Owns the fields that we set, in every object's `managedFields`. */
export const FIELD_MANAGER = 'fedml-serverless';

export const PIPELINE_LABEL = 'app.kubernetes.io/instance';
export const STAGE_LABEL = 'fedml-serverless/stage';

/** Labels of everything that one pipeline owns; the pods' selector too, so it can't change once it is deployed. */
export const selectorOf = ({ pipeline, stage }: Owner): Readonly<Record<string, string>> => ({
  'app.kubernetes.io/name': 'model-server',
  [PIPELINE_LABEL]: pipeline,
  ...(stage !== undefined && { [STAGE_LABEL]: stage }),
});

export const labelsOf = (owner: Owner): Readonly<Record<string, string>> => ({ ...LABELS, ...selectorOf(owner) });

/** Whether an object is a pipeline's own. One without a stage belongs to the installation that has none. */
export const isOwnedBy = ({ metadata: { labels = {} } }: KubernetesObject, owner: Owner): boolean =>
  labels[STAGE_LABEL] === owner.stage &&
  Object.entries(labelsOf(owner)).every(([name, value]) => labels[name] === value);

/** The folder of the run that wrote an object last. */
export const RUN_ANNOTATION = 'fedml-serverless/run';

/** The model's record in the register. */
export const MODEL_ANNOTATION = 'fedml-serverless/model';

/** When a pull secret's token expires, RFC 3339. */
export const EXPIRES_AT_ANNOTATION = 'fedml-serverless/expires-at';

/**
 * The names stay from run to run: the URL is made of them, and a rollout replaces pods, not objects. Kubernetes' names have no
 * upper case; stages that differ by nothing else are told apart by their label.
 */
export const names = (owner: Owner & { readonly settings?: Pick<KymaDeployment, 'host'> }) => {
  const workload = lastingName(owner).toLowerCase();
  return {
    workload,
    serviceAccount: workload,
    pullSecret: `${workload}-registry`,
    host: owner.settings?.host ?? workload,
  };
};
