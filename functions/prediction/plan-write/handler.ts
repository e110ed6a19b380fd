import { config, pipelineStateMachineArn } from '#shared/config.ts';
import { stepFunctionsRunEndings } from '#shared/executions/step-functions.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { step } from '#shared/step.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { secretsManagerCredentials } from '#shared/warehouse/secrets-manager.ts';
import { planWrite } from './plan-write.ts';
import { PlanWriteInput, PlanWriteOutput } from './schema.ts';

const ports = {
  warehouse: hanaWarehouse(secretsManagerCredentials(() => config().warehouseSecretArn)),
  objectStore: s3ObjectStore(),
  runs: stepFunctionsRunEndings(pipelineStateMachineArn),
};

export const handler = step({ input: PlanWriteInput, output: PlanWriteOutput }, (input) => planWrite(input, ports));
