import { lambdaFunctions } from '#local/deployment/functions.ts';
import type { LambdaFunction } from '#local/lambda/functions.ts';
import { LOCAL_ACCOUNT as account } from '#local/stand-in.ts';
import { type Deployment, deploymentOf } from '#local/template/deployment.ts';
import { resolveTemplate } from '#local/template/template.ts';
import { ROOT } from './packaged.ts';

/** The project as the local cloud deploys it, with the default parameters. */
export const localDeployment = async (): Promise<Deployment> => {
  const template = await resolveTemplate({
    rootDir: ROOT,
    stage: 'local',
    withoutPlugins: ['./resources/plugins/temporary-folder.cjs'],
  });
  return deploymentOf(template, { name: template.stackName, account });
};

/** Its functions by their keys in functions.yml, such as `resolveRun`. */
export const functionsByKey = ({ stackName, ...deployment }: Deployment): Record<string, LambdaFunction> =>
  Object.fromEntries(
    Object.entries(lambdaFunctions(deployment, ROOT)).map(([name, definition]) => [
      name.replace(`${stackName}-`, ''),
      definition,
    ]),
  );
