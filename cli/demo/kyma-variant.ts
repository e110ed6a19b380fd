import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { PipelineDefinition } from '#shared/pipeline/definition.ts';

/** The issuer of the laptop's cluster, as docs/kyma.md names it. */
const AUTH = {
  jwt: {
    issuer: 'https://auth.kyma.localhost',
    jwksUri: 'https://auth.kyma.localhost/oauth2/certs',
    audiences: ['fedml-serverless'],
  },
};

interface Variant {
  /** The pipeline's folder. */
  readonly folder: string;
  readonly name: string;
}

/** Writes a pipeline anew that is as another one, and serves and predicts on Kyma. */
export const writeKymaVariant = async (original: string, { folder, name }: Variant): Promise<void> => {
  await rm(folder, { recursive: true, force: true });
  await cp(original, folder, { recursive: true });
  const file = join(folder, 'pipeline.yml');
  const definition = parse(await readFile(file, 'utf8')) as PipelineDefinition;
  const variant = {
    ...definition,
    name,
    deployment: { target: 'kyma', replicas: { min: 1, max: 1 }, auth: AUTH },
    prediction: { ...definition.prediction, method: 'kyma' },
  };
  await writeFile(file, stringify(variant));
};
