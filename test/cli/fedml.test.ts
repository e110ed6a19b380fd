import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '#cli/commands/commands.ts';
import { main } from '#cli/fedml.ts';
import { recordingTerminal } from './recording-terminal.ts';

const call = async (...argv: string[]) => {
  const out = recordingTerminal();
  const exitCode = await main(argv, out);
  return { exitCode, printed: out.lines.join('\n'), told: out.notes.join('\n') };
};

describe('the command line', () => {
  it.each([[[]], [['help']], [['--help']], [['-h']]])('prints an overview of every command for %j', async (argv) => {
    const { exitCode, printed } = await call(...argv);

    expect(exitCode).toBe(0);
    for (const load of Object.values(COMMANDS)) expect(printed).toContain(`fedml ${(await load()).usage}`);
  });

  it.each([[['help', 'run']], [['run', '--help']], [['run', 'flights', '-h']]])(
    'explains a command for %j',
    async (argv) => {
      const { exitCode, printed } = await call(...argv);

      expect(exitCode).toBe(0);
      expect(printed).toMatch(/^fedml run <pipeline>[\s\S]*--mode score/);
    },
  );

  it('tells its version', async () => {
    expect(await call('--version')).toMatchObject({
      exitCode: 0,
      printed: expect.stringMatching(/^fedml-serverless \d+\.\d+\.\d+, on Node\.js 24\./),
    });
  });

  it('gives every command a usage that begins with its name', async () => {
    for (const [name, load] of Object.entries(COMMANDS)) expect((await load()).usage.split(' ')[0]).toBe(name);
  });

  it.each([
    ['an unknown command', ['rnu'], /There is no command rnu\. Did you mean "run" or "runs"\?/],
    ['an unknown command to explain', ['help', 'launch'], /There is no command launch\. There are: demo, up/],
    ['a name of every object', ['constructor'], /There is no command constructor/],
    [
      'an unknown option',
      ['run', 'flights', '--mod', 'score'],
      /no option --mod\. Did you mean "--mode"\?\nUsage: fedml run/,
    ],
    ['an option where there are none', ['validate', 'flights', '--json'], /no option --json\. It takes none\./],
    ['an option without its value', ['run', 'flights', '--mode'], /'--mode <value>' argument missing\.\nUsage/],
    ['a missing pipeline', ['run'], /<pipeline> is missing\.\nUsage: fedml run <pipeline>/],
    ['a run to count without its name', ['cost'], /<run> is missing\.\nUsage: fedml cost <run>/],
    [
      'a table of prices that isn’t there',
      ['cost', 'x', '--prices', '/nowhere.json'],
      /--prices names \/nowhere\.json/,
    ],
    ['a teardown of no stage', ['teardown', '--plan'], /--stage is missing\.\nUsage: fedml teardown/],
    ['a missing query', ['query'], /"SELECT …" is missing\./],
    ['too many arguments', ['validate', 'flights', 'tiny'], /This is too much: tiny/],
    ['an unknown pipeline', ['run', 'flihgts'], /There is no pipeline "flihgts"\. Did you mean flights\?/],
    ['an unknown pipeline to check', ['validate', 'flight'], /Did you mean flights\?/],
    ['an unknown mode', ['run', 'flights', '--mode', 'fast'], /--mode takes full, train, score, and got: fast/],
    ['a setting without a value', ['run', 'flights', '--set', 'x'], /--set takes path=value, and got: x/],
    [
      'a switch twice',
      ['run', 'flights', '--fresh', '--set', 'reuse=true'],
      /--set names reuse twice: --fresh sets it too/,
    ],
    ['a setting twice', ['run', 'flights', '--set', 'a=1', '--set', 'a=2'], /--set names a twice/],
    [
      'a setting that is fixed and one of a wrong type',
      ['run', 'flights', '--set', 'source.view=X', '--set', 'training.instanceCunt=2'],
      /source\.view: can't be set[\s\S]*training\.instanceCunt: .*Did you mean training\.instanceCount or/,
    ],
    ['a value of a wrong type', ['run', 'flights', '--set', 'training.instanceCount=two'], /training\.instanceCount/],
    ['an unknown target', ['demo', '--target', 'azure'], /--target takes sagemaker or kyma, and got: azure/],
    ['a target of every object', ['demo', '--target', 'constructor'], /--target takes sagemaker or kyma/],
    ['a deployment without a run', ['deploy', 'flights'], /--run is missing/],
    ['predictions without a file', ['predict', 'flights'], /--file is missing/],
    [
      'predictions for a file that is not there',
      ['predict', 'flights', '--file', 'nowhere.csv'],
      /There is no file nowhere\.csv/,
    ],
    ['predictions for a folder', ['predict', 'flights', '--file', tmpdir()], /is not a file/],
  ])('refuses %s with exit code 2, and says what to do', async (_, argv, message) => {
    const { exitCode, printed, told } = await call(...argv);

    expect(exitCode).toBe(2);
    expect(told).toMatch(message);
    expect(told).not.toMatch(/^\s+at /m);
    expect(printed).toBe('');
  });

  it('validates a pipeline, and reports all its mistakes with their lines', async () => {
    const pipelinesDir = mkdtempSync(join(tmpdir(), 'fedml-cli-'));
    mkdirSync(join(pipelinesDir, 'mine'));
    writeFileSync(join(pipelinesDir, 'mine', 'pipeline.yml'), 'name: mine\nsource: { viwe: X }\ngate: high\n');

    const valid = await call('validate', 'flights');
    process.env.FEDML_PIPELINES_DIR = pipelinesDir;
    const invalid = await call('validate', 'mine');
    delete process.env.FEDML_PIPELINES_DIR;
    rmSync(pipelinesDir, { recursive: true });

    expect(valid).toMatchObject({ exitCode: 0, printed: '✓ pipelines/flights/pipeline.yml is valid.' });
    expect(invalid.exitCode).toBe(2);
    expect(invalid.told).toMatch(/mine\/pipeline\.yml has 6 mistakes:[\s\S]*yml:2: source\.viwe[\s\S]*yml:3: gate/);
  });
});
