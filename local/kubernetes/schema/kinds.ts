import { builtInSchema } from './built-in.ts';
import { apiRuleSpec, apiRuleStatus, gatewaySpec } from './kyma.ts';
import { ANY, object, type Schema, STRING } from './schema.ts';

const custom = (spec: Schema, status: Schema): Schema =>
  object({ apiVersion: STRING, kind: STRING, metadata: builtInSchema('V1ObjectMeta'), spec, status });

const SCHEMAS: Readonly<Record<string, Schema>> = {
  Namespace: builtInSchema('V1Namespace'),
  ConfigMap: builtInSchema('V1ConfigMap'),
  Secret: builtInSchema('V1Secret'),
  ServiceAccount: builtInSchema('V1ServiceAccount'),
  Service: builtInSchema('V1Service'),
  ResourceQuota: builtInSchema('V1ResourceQuota'),
  Pod: builtInSchema('V1Pod'),
  Event: builtInSchema('CoreV1Event'),
  Deployment: builtInSchema('V1Deployment'),
  ReplicaSet: builtInSchema('V1ReplicaSet'),
  HorizontalPodAutoscaler: builtInSchema('V2HorizontalPodAutoscaler'),
  PodDisruptionBudget: builtInSchema('V1PodDisruptionBudget'),
  APIRule: custom(apiRuleSpec, apiRuleStatus),
  Gateway: custom(gatewaySpec, ANY),
};

export const schemaOfKind = (kind: string): Schema => SCHEMAS[kind]!;
