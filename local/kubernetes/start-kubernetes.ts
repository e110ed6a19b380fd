import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { localhostCertificate } from '#local/hana/certificate.ts';
import { listenTls } from '#local/http/listen.ts';
import type { StandIn } from '#local/stand-in.ts';
import { apiServer } from './api/api-server.ts';
import { openObjectStore } from './api/object-store.ts';
import { type Admission, openAdmission } from './api/policies.ts';
import type { Right, User } from './api/users.ts';
import { createSystemObjects, DOMAIN } from './cluster-objects.ts';
import { apiRuleController } from './controllers/api-rules.ts';
import { autoscalerController } from './controllers/autoscalers.ts';
import type { ControllerContext } from './controllers/context.ts';
import { startControlLoop } from './controllers/control-loop.ts';
import { deploymentController } from './controllers/deployments.ts';
import { eventRecorder } from './controllers/events.ts';
import { garbageController } from './controllers/garbage.ts';
import { replicaSetController } from './controllers/replica-sets.ts';
import { ingressGateway } from './gateway/gateway.ts';
import { type Issuer, openIssuer } from './gateway/issuer.ts';
import { kubeconfigText } from './kubeconfig-text.ts';
import { startKubelet } from './kubelet/kubelet.ts';

export interface KubernetesOptions {
  /** Objects, keys and the files of pods are kept here. */
  readonly dataDir: string;
  /** Of the API; 0, the default, lets the system choose. */
  readonly port?: number;
  /** Of the ingress gateway, which is part of every model's URL. */
  readonly gatewayPort?: number;
  /** The interpreter that serves models. */
  readonly python: string;
  /** How long one of Kubernetes' seconds takes, in probes, back-offs and deadlines: 1000 unless time is to pass faster. */
  readonly secondMs?: number;
  readonly clock?: () => Date;
}

export interface KubernetesStandIn extends StandIn {
  /** Of a user who may do everything. */
  readonly kubeconfig: string;
  /** PEM: the authority of the API's and the gateway's certificate. */
  readonly certificateAuthority: string;
  readonly gateway: { readonly url: string; readonly domain: string };
  readonly issuer: Issuer;
  /** Makes a kubeconfig for a user who may do what `allows` says. */
  addUser(name: string, allows: (right: Right) => boolean): string;
  /** Rules of the cluster's owner, to be added and taken away. */
  readonly admission: Pick<Admission, 'addPolicy' | 'addAbsentWebhook'>;
  /** Loses pods and images and starts the pods again, as when a cluster replaces its node. */
  replaceNode(): Promise<void>;
}

/**
 * The laptop's Kyma: Kubernetes' API over TLS, whose Deployments run models for real, and an ingress gateway that exposes
 * them under `https://<host>.kyma.localhost:<port>/` to holders of tokens.
 */
export const startKubernetes = async (options: KubernetesOptions): Promise<KubernetesStandIn> => {
  const { dataDir, python, secondMs = 1000, clock: now = () => new Date() } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const tls = await localhostCertificate(join(dataDir, 'certificate'), new Date(), ['127.0.0.1', `*.${DOMAIN}`]);
  const store = openObjectStore(join(dataDir, 'objects'), now);
  const events = eventRecorder(store, now);
  const admission = openAdmission();
  const kubelet = await startKubelet({ store, events, python, dataDir: join(dataDir, 'node'), secondMs, now });
  const context: ControllerContext = {
    store,
    events,
    now,
    secondMs,
    lookAgainAfter: (seconds) => loop.lookAgainAfter(seconds * secondMs),
  };
  const controllers = [
    garbageController(context),
    autoscalerController(context),
    deploymentController(context),
    replicaSetController(context, admission),
    kubelet.controller,
    apiRuleController(context),
  ];
  const loop = startControlLoop(store, controllers);
  const users: User[] = [{ name: 'kyma-admin', token: await keptToken(dataDir), allows: () => true }];
  const opened: { close(): Promise<void> }[] = [];
  const close = once(async () => {
    loop.close();
    for (const each of opened) await each.close();
    await kubelet.close();
    await store.flush();
  });
  try {
    const api = await listenTls(tls, apiServer({ store, users, admission, now, logOf: kubelet.logOf }), options.port);
    opened.push(api);
    let ingress: ReturnType<typeof ingressGateway> | undefined;
    const gateway = await listenTls(tls, (request, response) => ingress?.(request, response), options.gatewayPort);
    opened.push(gateway);
    const { port } = new URL(gateway.url);
    const issuer = await openIssuer(join(dataDir, 'issuer'), { domain: DOMAIN, port }, now);
    ingress = ingressGateway({ store, kubelet, domain: DOMAIN, issuer, now });
    createSystemObjects(store, Number(port));
    const kubeconfigOf = (user: User): string => kubeconfigText({ server: api.url, authority: tls.cert, user });
    return {
      url: api.url,
      kubeconfig: kubeconfigOf(users[0]!),
      certificateAuthority: tls.cert,
      gateway: { url: gateway.url, domain: DOMAIN },
      issuer,
      addUser(name, allows) {
        const user = { name, token: newToken(), allows };
        users.push(user);
        return kubeconfigOf(user);
      },
      admission,
      replaceNode: kubelet.replaceNode,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

const newToken = (): string => randomBytes(32).toString('base64url');

/** The same after a restart, so that a stored kubeconfig stays good. */
const keptToken = async (dataDir: string): Promise<string> => {
  const file = join(dataDir, 'admin-token');
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const token = newToken();
    await writeFile(file, token, { mode: 0o600 });
    return token;
  }
};

const once = (run: () => Promise<void>): (() => Promise<void>) => {
  let running: Promise<void> | undefined;
  return () => {
    running ??= run();
    return running;
  };
};
