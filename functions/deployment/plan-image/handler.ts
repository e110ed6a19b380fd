import { config } from '#shared/config.ts';
import { ecrRegistries } from '#shared/images/ecr.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { step } from '#shared/step.ts';
import { planImage } from './plan-image.ts';
import { PlanImageInput, PlanImageOutput } from './schema.ts';

const ports = { objectStore: s3ObjectStore(), registries: ecrRegistries() };

export const handler = step({ input: PlanImageInput, output: PlanImageOutput }, (input) =>
  planImage(input, ports, config()),
);
