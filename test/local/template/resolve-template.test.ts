import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveTemplate } from '#local/template/template.ts';
import { packagedTemplate } from './packaged-template.ts';

const rootDir = join(import.meta.dirname, '..', '..', '..');

/** Of `serverless package`; half a minute is usual on a busy machine. */
const PACKAGING_TIMEOUT_MS = 180_000;

type Resources = Readonly<Record<string, { readonly Type: string; readonly Properties?: object }>>;

/** A template's resources without what only an upload needs: the deployment bucket, the code and the order. */
const comparable = (resources: Resources): object =>
  JSON.parse(
    JSON.stringify(resources, (key, value: unknown) =>
      key === 'DependsOn' || key === 'Code' || key.startsWith('ServerlessDeploymentBucket') ? undefined : value,
    ),
  ) as object;

const PARAMETER_SETS: readonly [name: string, params: Readonly<Record<string, string>>][] = [
  ['the default parameters', {}],
  [
    'a key, a cluster and a network of its own',
    {
      network: 'created',
      kmsKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      kymaKubeconfigSecretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:kubeconfig-a1b2c3',
      kymaClientSecretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:client-a1b2c3',
    },
  ],
  ['an API for tokens', { apiJwtIssuer: 'https://issuer.example', apiJwtAudience: 'one, two' }],
];

describe('the resolved template', () => {
  it.each(PARAMETER_SETS)(
    'is the one that serverless packages, with %s',
    async (_, params) => {
      const packaged = await packagedTemplate(params);

      const resolved = await resolveTemplate({
        rootDir,
        stage: 'dev',
        params,
        withoutPlugins: ['./resources/plugins/temporary-folder.cjs'],
      });

      expect(comparable(resolved.Resources)).toEqual(comparable(packaged.Resources as Resources));
      expect(resolved.Conditions).toEqual(packaged.Conditions);
      const roles = Object.values(resolved.Resources).filter(({ Type }) => Type === 'AWS::IAM::Role');
      expect(roles.length).toBeGreaterThanOrEqual(48);
    },
    PACKAGING_TIMEOUT_MS,
  );
});
