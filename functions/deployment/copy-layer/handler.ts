import { config } from '#shared/config.ts';
import { ecrRegistries } from '#shared/images/ecr.ts';
import { step } from '#shared/step.ts';
import { copyLayer } from './copy-layer.ts';
import { CopyLayerInput, CopyLayerOutput } from './schema.ts';

const ports = { registries: ecrRegistries() };

export const handler = step({ input: CopyLayerInput, output: CopyLayerOutput }, (input) =>
  copyLayer(input, ports, config()),
);
