import type { PodTemplate } from '#shared/kyma/objects.ts';
import { type DeployedModel, labelsOf, names, PORT } from '#shared/kyma/ownership.ts';

/**
 * The pods of a model. Nothing in here is a run's own, so that a run with the same image and settings restarts no pod.
 *
 * The labels bring the Istio sidecar, without which an APIRule doesn't work, and let the ingress gateway through where
 * network policies are on.
 */
export const podTemplate = (model: DeployedModel): PodTemplate => {
  const { settings, runAsUser } = model;
  const isReadOnly = runAsUser !== null && settings.readOnlyRootFilesystem;
  return {
    metadata: {
      labels: {
        ...labelsOf(model),
        'sidecar.istio.io/inject': 'true',
        'networking.kyma-project.io/from-ingressgateway': 'allowed',
      },
    },
    spec: {
      serviceAccountName: names(model).serviceAccount,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      imagePullSecrets: [{ name: names(model).pullSecret }],
      // Longer than a request may take, so that a pod ends after its last answer.
      terminationGracePeriodSeconds: 75,
      securityContext: podSecurity(runAsUser),
      ...(isReadOnly && { initContainers: [codeCopier(model)], volumes: WRITABLE_VOLUMES }),
      containers: [
        {
          name: MODEL_CONTAINER,
          image: model.imageUri,
          imagePullPolicy: 'IfNotPresent',
          ports: [{ name: 'http', containerPort: PORT, protocol: 'TCP' }],
          ...(Object.keys(settings.environment).length > 0 && {
            env: Object.entries(settings.environment).map(([name, value]) => ({ name, value })),
          }),
          resources: settings.resources,
          startupProbe: { ...PING, periodSeconds: 5, timeoutSeconds: 10, failureThreshold: 60 },
          readinessProbe: { ...PING, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 3 },
          livenessProbe: { ...PING, periodSeconds: 20, timeoutSeconds: 10, failureThreshold: 6 },
          // The gateway forgets a pod only moments after the pod is told to end.
          lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } },
          securityContext: containerSecurity(runAsUser, isReadOnly),
          ...(isReadOnly && { volumeMounts: WRITABLE_MOUNTS }),
        },
      ],
    },
  };
};

export const MODEL_CONTAINER = 'model';

const PING = { httpGet: { path: '/ping', port: 'http' } };

const podSecurity = (runAsUser: number | null) => ({
  seccompProfile: { type: 'RuntimeDefault' },
  ...(runAsUser !== null && { runAsNonRoot: true, runAsUser, runAsGroup: runAsUser, fsGroup: runAsUser }),
});

/** SageMaker's own images begin as root, write to their file system and hand nginx's workers to another user. */
const ROOT_CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'SETGID', 'SETUID'];

const containerSecurity = (runAsUser: number | null, isReadOnly: boolean) => ({
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'], ...(runAsUser === null && { add: ROOT_CAPABILITIES }) },
  ...(isReadOnly && { readOnlyRootFilesystem: true }),
});

/** `serve` installs the user's code with pip, which builds in the code's own folder. */
const CODE_FOLDER = '/opt/ml/code';

const WRITABLE_VOLUMES = [
  { name: 'tmp', emptyDir: { sizeLimit: '1Gi' } },
  { name: 'code', emptyDir: { sizeLimit: '1Gi' } },
];

const WRITABLE_MOUNTS = [
  { name: 'tmp', mountPath: '/tmp' },
  { name: 'code', mountPath: CODE_FOLDER },
];

/** Copies the code out of the image, where it could not be written beside. */
const codeCopier = ({ imageUri, runAsUser, settings }: DeployedModel) => ({
  name: 'copy-code',
  image: imageUri,
  imagePullPolicy: 'IfNotPresent',
  command: ['cp', '-R', `${CODE_FOLDER}/.`, '/code'],
  resources: settings.resources,
  securityContext: containerSecurity(runAsUser, true),
  volumeMounts: [{ name: 'code', mountPath: '/code' }],
});
