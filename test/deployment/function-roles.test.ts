import { createRequire } from 'node:module';
import { expect, it } from 'vitest';

interface Plugin {
  readonly hooks: { initialize(): void };
}
const FunctionRoles = createRequire(import.meta.url)('../../resources/plugins/function-roles.cjs') as new (
  serverless: unknown,
) => Plugin;

/** As much of Serverless as the plugin talks to. */
const serverlessWith = (functions: Record<string, Record<string, unknown>>) => {
  const resources: Record<string, { Properties: { Policies: [{ PolicyDocument: { Statement: unknown[] } }] } }> = {};
  const naming = {
    getNormalizedFunctionName: (key: string) => key.charAt(0).toUpperCase() + key.slice(1),
    getLogGroupLogicalId: (key: string) => `${key}LogGroup`,
  };
  const serverless = {
    service: {
      resources: { Resources: resources },
      custom: { kmsKeyArn: 'arn:of-the-key' },
      getAllFunctions: () => Object.keys(functions),
      getFunction: (key: string) => functions[key],
    },
    configSchemaHandler: { defineFunctionProperties() {} },
    getProvider: () => ({ naming }),
  };
  new FunctionRoles(serverless).hooks.initialize();
  return resources;
};

it('gives each function a role of its own, with what its entry and its settings need', () => {
  const functions = {
    one: { name: 'svc-one', permissions: [{ Effect: 'Allow', Action: ['s3:GetObject'], Resource: 'bucket' }], vpc: {} },
    two: { name: 'svc-two', permissions: [] },
  };

  const resources = serverlessWith(functions);

  expect(functions).toMatchObject({ one: { role: 'OneRole' }, two: { role: 'TwoRole' } });
  const actionsOf = (role: string) => JSON.stringify(resources[role]!.Properties.Policies[0].PolicyDocument.Statement);
  expect(actionsOf('OneRole')).toMatch(
    /s3:GetObject.*logs:PutLogEvents.*ec2:CreateNetworkInterface.*Deny.*function:svc-one.*kms:Decrypt.*arn:of-the-key.*kms:ViaService/,
  );
  expect(actionsOf('TwoRole')).not.toMatch(/s3:|ec2:|kms:/);
});

it('refuses functions without permissions, all at once', () => {
  expect(() => serverlessWith({ one: { name: 'a' }, two: { name: 'b' } })).toThrow(
    'These functions have no `permissions` in their functions.yml: one, two.',
  );
});
