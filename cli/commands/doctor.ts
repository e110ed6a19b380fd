import { packageVersions, pythonInterpreter } from '#local/sagemaker/python-interpreter.ts';
import { config, pipelineStateMachineArn } from '#shared/config.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { sageMaker } from '#shared/sagemaker/sagemaker.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { secretsManagerCredentials } from '#shared/warehouse/secrets-manager.ts';
import { awsProblemOf } from '../aws/aws-error.ts';
import { awsFindings } from '../doctor/aws.ts';
import { examine, type Finding, problem } from '../doctor/finding.ts';
import { kymaFindings } from '../doctor/kyma.ts';
import { kymaOfEnvironment } from '../doctor/kyma-of-environment.ts';
import { pipelineFindings } from '../doctor/pipelines.ts';
import { examineStage } from '../doctor/stage.ts';
import { warehouseFindings } from '../doctor/warehouse.ts';
import { ROOT_DIR, withCloud } from '../session.ts';
import { readStage, type Stage, useStage } from '../stage.ts';
import type { Terminal } from '../terminal.ts';
import { EXIT, type ExitCode, UsageError } from '../usage.ts';
import type { Command } from './command.ts';

export const doctor: Command = {
  usage: 'doctor [--stage <stage> [--region <region>]]',
  summary:
    'Looks at everything that the configuration names, connects to it, and says what to fix. Exit code 1: something.',
  details: [
    '  Without --stage it looks at the local cloud. With it, at a stage in AWS, with the credentials that the AWS CLI would',
    '  use (AWS_PROFILE), and changes nothing there: bucket, functions, state machines, endpoints, quotas for the instances',
    '  that the pipelines name, the Kyma cluster, and the warehouse, which it calls from where it runs. IAM is asked about',
    '  each call of each function, state machine, training job and model, under the roles as they are now. A remedy that is',
    '  a command restores what somebody changed by hand, which a deployment doesn’t notice.',
  ],
  options: { stage: { type: 'string' }, region: { type: 'string' } },
  positionals: [0, 0],
  run: async ({ options: { stage, region }, out }) => {
    if (stage !== undefined) return report(await examineNamed(String(stage), region as string | undefined), out);
    if (region !== undefined) throw new UsageError('--region says where a stage is: it needs --stage.');
    return withCloud(out, async () => report([await pythonFinding(), ...(await examineAll())], out));
  },
};

/** What keeps this computer from asking AWS is the only finding then. */
const examineNamed = async (name: string, region: string | undefined): Promise<Finding[]> => {
  let deployed: Stage;
  try {
    deployed = await readStage(name, { rootDir: ROOT_DIR, region });
  } catch (error) {
    const aws = awsProblemOf(error);
    if (!aws) throw error;
    return [
      problem(`stage ${name}`, aws.detail, aws.remedy || 'Let this identity call lambda:GetFunctionConfiguration.'),
    ];
  }
  useStage(deployed);
  return examineStage(deployed, ROOT_DIR);
};

const report = (findings: readonly Finding[], out: Terminal): ExitCode => {
  for (const finding of findings) print(finding, out);
  const problems = findings.filter(({ status }) => status === 'problem').length;
  out.print();
  out.print(problems === 0 ? '  Nothing to fix.' : `  ${problems} ${problems === 1 ? 'thing' : 'things'} to fix.`);
  return problems === 0 ? EXIT.done : EXIT.runFailed;
};

/** Of all that a run on the laptop needs outside this process. */
export const examineAll = async (): Promise<Finding[]> => {
  const settings = config();
  const { findings, pipelines } = await pipelineFindings(settings.pipelinesDir);
  const credentials = secretsManagerCredentials(() => settings.warehouseSecretArn);
  const ports = { objectStore: s3ObjectStore(), sageMaker: sageMaker() };
  return [
    ...findings,
    ...(await awsFindings(settings, pipelineStateMachineArn(), pipelines, ports)),
    ...(await kymaFindings(kymaOfEnvironment(), pipelines)),
    ...(await warehouseFindings({ credentials, warehouse: hanaWarehouse(credentials) }, pipelines)),
  ];
};

const pythonFinding = (): Promise<Finding> =>
  examine('Python', 'Run `npm run setup`.', async () => {
    const versions = Object.entries((await packageVersions(await pythonInterpreter(ROOT_DIR))) ?? {});
    return versions.map(([name, version]) => `${name} ${version}`).join(', ');
  });

const MARKS = { ok: ['green', '✓'], warning: ['yellow', '!'], problem: ['red', '✗'] } as const;

const print = ({ status, subject, detail, remedy }: Finding, out: Terminal): void => {
  const [color, mark] = MARKS[status];
  out.print(`  ${out.style(color, mark)} ${subject}: ${detail}`);
  for (const line of remedy ? remedy.split('\n') : []) out.print(`      ${line}`);
};
