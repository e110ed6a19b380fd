import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkImage } from '#local/sagemaker/image.ts';
import { packageVersions, pythonInterpreter } from '#local/sagemaker/python-interpreter.ts';

it('finds a Python with scikit-learn and pandas, or names the packages that are missing', async () => {
  const root = await mkdtemp(join(tmpdir(), 'no-environment-'));
  const path = process.env.PATH;

  const python = await pythonInterpreter('.');
  process.env.PATH = root;
  const failure = await pythonInterpreter(root).catch((error: unknown) => error);
  process.env.PATH = path;
  await rm(root, { recursive: true });

  expect(await packageVersions(python)).toMatchObject({
    'scikit-learn': expect.stringMatching(/^\d/),
    pandas: expect.any(String),
  });
  expect(failure).toMatchObject({
    name: 'PythonNotFoundError',
    message: expect.stringMatching(/scikit-learn, pandas, numpy.*python3 does not start.*npm run setup/),
  });
});

it('warns when the image’s scikit-learn is another one, or another image is meant', () => {
  const versions = { 'scikit-learn': '1.9.1', pandas: '3.0.0' };

  expect(checkImage('a/sagemaker-scikit-learn:1.9-0-cpu-py3', 'python3', versions)).toEqual({});
  expect(checkImage('a/sagemaker-scikit-learn:1.2-1-cpu-py3', 'python3', versions).warning).toContain(
    'scikit-learn 1.2, the laptop 1.9.1',
  );
  expect(checkImage('a/pytorch-training:2.0', 'python3', versions).warning).toContain(
    'the laptop has no image a/pytorch-training:2.0',
  );
  expect(checkImage('a/sagemaker-scikit-learn:1.2-1-cpu-py3', 'python3', { pandas: '3' }).failure).toContain(
    'lacks scikit-learn',
  );
});
