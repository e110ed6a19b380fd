import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { step } from '#shared/step.ts';
import { promoteModel } from './promote-model.ts';
import { PromoteModelInput, PromoteModelOutput } from './schema.ts';

const ports = { objectStore: s3ObjectStore() };

export const handler = step({ input: PromoteModelInput, output: PromoteModelOutput }, (input) =>
  promoteModel(input, ports),
);
