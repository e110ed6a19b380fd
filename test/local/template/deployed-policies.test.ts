import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openIam } from '#local/iam/open-iam.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { deploymentOf } from '#local/template/deployment.ts';
import { resolveTemplate } from '#local/template/template.ts';
import { PARAMETER_SETS } from '#test/judges/parameter-sets.ts';

const rootDir = join(import.meta.dirname, '..', '..', '..');

it.each(Object.entries(PARAMETER_SETS))(
  'the policies that are deployed with %s are understood by the access management',
  async (_, params) => {
    const withoutPlugins = ['./resources/plugins/temporary-folder.cjs'];
    const template = await resolveTemplate({ rootDir, stage: 'dev', params, withoutPlugins });

    const { policies } = deploymentOf(template, { name: template.stackName, account: LOCAL_ACCOUNT });

    expect(policies.roles.length).toBeGreaterThanOrEqual(45);
    openIam({ account: LOCAL_ACCOUNT }).deploy(policies);
  },
);
