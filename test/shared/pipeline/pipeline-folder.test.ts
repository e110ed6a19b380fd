import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listPipelines, readPipelineFolder } from '#shared/pipeline/pipeline-folder.ts';

const DEFINITION = 'name: flights\nsource: { view: V, key: [ID], target: LATE }\n';

let pipelinesDir: string;

beforeEach(async () => {
  pipelinesDir = await mkdtemp(join(tmpdir(), 'fedml-pipelines-'));
});
afterEach(() => rm(pipelinesDir, { recursive: true }));

const givenFiles = async (files: Record<string, string>): Promise<void> => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(pipelinesDir, path)), { recursive: true });
    await writeFile(join(pipelinesDir, path), text);
  }
};

describe('readPipelineFolder', () => {
  it('reads the definition and every file, sorted, without caches and hidden files', async () => {
    await givenFiles({
      'flights/pipeline.yml': DEFINITION,
      'flights/train.py': 'print(1)',
      'flights/features/dates.py': '',
      'flights/__pycache__/train.pyc': 'x',
      'flights/.env': 'SECRET=1',
    });

    const { definition, files } = await readPipelineFolder(pipelinesDir, 'flights');

    expect(definition.name).toBe('flights');
    expect(files.map(({ path }) => path)).toEqual(['features/dates.py', 'pipeline.yml', 'train.py']);
  });

  it('hashes paths and contents: any change gives another hash, none gives the same', async () => {
    await givenFiles({ 'flights/pipeline.yml': DEFINITION, 'flights/train.py': 'print(1)' });
    const hash = async () => (await readPipelineFolder(pipelinesDir, 'flights')).codeSha256;
    const first = await hash();

    expect(await hash()).toBe(first);
    await givenFiles({ 'flights/train.py': 'print(2)' });
    expect(await hash()).not.toBe(first);
  });

  it('hashes the scripts apart from pipeline.yml, which trains nothing by itself', async () => {
    await givenFiles({ 'flights/pipeline.yml': DEFINITION, 'flights/train.py': 'print(1)' });
    const hash = async () => (await readPipelineFolder(pipelinesDir, 'flights')).scriptsSha256;
    const first = await hash();

    await givenFiles({ 'flights/pipeline.yml': `# the same\n${DEFINITION}` });
    expect(await hash()).toBe(first);
    await givenFiles({ 'flights/train.py': 'print(2)' });
    expect(await hash()).not.toBe(first);
  });

  it('offers the nearest names for one that isn’t there', async () => {
    await givenFiles({ 'flights/pipeline.yml': DEFINITION, 'flights/train.py': '' });

    await expect(readPipelineFolder(pipelinesDir, 'flihgts')).rejects.toMatchObject({
      name: 'UnknownPipelineError',
      message: expect.stringContaining('Did you mean flights?'),
    });
  });

  it('doesn’t leave the folder of pipelines', async () => {
    await givenFiles({ 'flights/pipeline.yml': DEFINITION, 'flights/train.py': '' });

    await expect(readPipelineFolder(join(pipelinesDir, 'flights'), '..')).rejects.toMatchObject({
      name: 'UnknownPipelineError',
    });
  });

  it('tells mistakes of the settings and of the folder at once, with their lines', async () => {
    await givenFiles({
      'flights/pipeline.yml': `${DEFINITION.replace('flights', 'Flight')}training:\n  networkIsolation: true\n  entryPoint: fit.py\n  instanceType: m5\n`,
      'flights/requirements.txt': '# what the script needs\nlightgbm==4.6.0\n',
    });

    await expect(readPipelineFolder(pipelinesDir, 'flights')).rejects.toMatchObject({
      name: 'InvalidPipelineError',
      message: expect.stringMatching(
        /has 5 mistakes:\n.*:1: name: must be 1-32.*\n.*:1: name: must be the folder's.*\n.*:4: training\.networkIsolation: keeps pip.*\n.*:5: training\.entryPoint: there is no file fit\.py.*\n.*:6: training\.instanceType: /,
      ),
    });
  });

  it.each(['# nothing\n', '--no-index\n--find-links .\nlightgbm\n'])(
    'lets a script without a network install what needs none: %j',
    async (requirements) => {
      await givenFiles({
        'flights/pipeline.yml': `${DEFINITION}training: { networkIsolation: true }\n`,
        'flights/train.py': '',
        'flights/requirements.txt': requirements,
      });

      await expect(readPipelineFolder(pipelinesDir, 'flights')).resolves.toBeDefined();
    },
  );

  it('refuses an entry point that isn’t there, naming what is', async () => {
    await givenFiles({ 'flights/pipeline.yml': DEFINITION, 'flights/training.py': '' });

    await expect(readPipelineFolder(pipelinesDir, 'flights')).rejects.toMatchObject({
      name: 'InvalidPipelineError',
      message: expect.stringMatching(/train\.py.*training\.py/),
    });
  });

  it('refuses a definition with another name than its folder', async () => {
    await givenFiles({ 'weather/pipeline.yml': DEFINITION, 'weather/train.py': '' });

    await expect(readPipelineFolder(pipelinesDir, 'weather')).rejects.toMatchObject({ name: 'InvalidPipelineError' });
  });

  it('refuses symbolic links', async () => {
    await givenFiles({ 'flights/pipeline.yml': DEFINITION, 'flights/train.py': '' });
    await symlink('/etc/hostname', join(pipelinesDir, 'flights', 'link.txt'));

    await expect(readPipelineFolder(pipelinesDir, 'flights')).rejects.toMatchObject({
      name: 'InvalidPipelineError',
      message: expect.stringContaining('link.txt'),
    });
  });

  it('refuses a folder that holds data', async () => {
    await givenFiles({ 'flights/pipeline.yml': DEFINITION, 'flights/train.py': '' });
    await writeFile(join(pipelinesDir, 'flights', 'data.csv'), Buffer.alloc(21 * 1024 * 1024));

    await expect(readPipelineFolder(pipelinesDir, 'flights')).rejects.toMatchObject({ name: 'InvalidPipelineError' });
  });
});

describe('listPipelines', () => {
  it('says which folder isn’t there, and by which variable it is named', async () => {
    await expect(listPipelines(join(pipelinesDir, 'elsewhere'))).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringMatching(/elsewhere[\s\S]*FEDML_PIPELINES_DIR/),
    });
  });

  it('lists the folders with a pipeline.yml', async () => {
    await givenFiles({
      'weather/pipeline.yml': '',
      'flights/pipeline.yml': '',
      'notes/readme.md': '',
      'a/b/pipeline.yml': '',
    });

    expect(await listPipelines(pipelinesDir)).toEqual(['flights', 'weather']);
  });
});
