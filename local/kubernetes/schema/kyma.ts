import { ANY, BOOLEAN, list, map, NUMBER, object, type Schema, STRING } from './schema.ts';

const jwt = object({
  authentications: list(
    object({
      issuer: STRING,
      jwksUri: STRING,
      // The documentation's `fromParameters` is a mistake; the resource has `fromParams`.
      fromHeaders: list(object({ name: STRING, prefix: STRING })),
      fromParams: list(STRING),
    }),
  ),
  authorizations: list(object({ audiences: list(STRING), requiredScopes: list(STRING) })),
});

const service = object({ name: STRING, namespace: STRING, port: NUMBER, external: BOOLEAN });

const rule = object({
  path: STRING,
  methods: list(STRING),
  service,
  timeout: NUMBER,
  noAuth: BOOLEAN,
  jwt,
  extAuth: object({
    authorizers: list(STRING),
    restrictions: jwt,
  }),
  request: object({ headers: map(STRING), cookies: map(STRING) }),
});

/** The spec of APIRule `gateway.kyma-project.io/v2`, after the resource's definition of Kyma's module api-gateway 3.10. */
export const apiRuleSpec: Schema = object({
  hosts: list(STRING),
  gateway: STRING,
  externalGateway: STRING,
  service,
  timeout: NUMBER,
  corsPolicy: object({
    allowOrigins: list(map(STRING)),
    allowMethods: list(STRING),
    allowHeaders: list(STRING),
    exposeHeaders: list(STRING),
    allowCredentials: BOOLEAN,
    maxAge: NUMBER,
  }),
  rules: list(rule),
});

export const apiRuleStatus: Schema = object({ state: STRING, description: STRING, lastProcessedTime: STRING });

/** Istio's own fields are many; only the cluster writes gateways here. */
export const gatewaySpec: Schema = ANY;
