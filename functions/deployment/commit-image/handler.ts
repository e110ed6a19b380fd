import { config } from '#shared/config.ts';
import { ecrRegistries } from '#shared/images/ecr.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { step } from '#shared/step.ts';
import { commitImage } from './commit-image.ts';
import { CommitImageInput, CommitImageOutput } from './schema.ts';

const ports = { objectStore: s3ObjectStore(), registries: ecrRegistries() };

export const handler = step({ input: CommitImageInput, output: CommitImageOutput }, (input) =>
  commitImage(input, ports, config()),
);
