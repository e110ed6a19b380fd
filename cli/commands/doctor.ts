import { packageVersions, pythonInterpreter } from '#local/sagemaker/python-interpreter.ts';
import { config, pipelineStateMachineArn } from '#shared/config.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { sageMaker } from '#shared/sagemaker/sagemaker.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { secretsManagerCredentials } from '#shared/warehouse/secrets-manager.ts';
import { awsFindings } from '../doctor/aws.ts';
import { examine, type Finding } from '../doctor/finding.ts';
import { pipelineFindings } from '../doctor/pipelines.ts';
import { warehouseFindings } from '../doctor/warehouse.ts';
import { ROOT_DIR, withCloud } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { EXIT } from '../usage.ts';
import type { Command } from './command.ts';

export const doctor: Command = {
  usage: 'doctor',
  summary:
    'Looks at everything that the configuration names, connects to it, and says what to mend. Exit code 1: something.',
  options: {},
  positionals: [0, 0],
  run: ({ out }) =>
    withCloud(out, async () => {
      const findings = [await pythonFinding(), ...(await examineAll())];
      for (const finding of findings) print(finding, out);
      const problems = findings.filter(({ status }) => status === 'problem').length;
      out.print();
      out.print(
        problems === 0 ? '  Nothing to mend.' : `  ${problems} ${problems === 1 ? 'thing' : 'things'} to mend.`,
      );
      return problems === 0 ? EXIT.done : EXIT.runFailed;
    }),
};

/** Of all that a run needs outside this process. */
export const examineAll = async (): Promise<Finding[]> => {
  const settings = config();
  const { findings, pipelines } = await pipelineFindings(settings.pipelinesDir);
  const credentials = secretsManagerCredentials(() => settings.warehouseSecretArn);
  const ports = { objectStore: s3ObjectStore(), sageMaker: sageMaker() };
  return [
    ...findings,
    ...(await awsFindings(settings, pipelineStateMachineArn(), pipelines, ports)),
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
  if (remedy) out.print(`      ${remedy}`);
};
