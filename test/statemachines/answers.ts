import { z } from 'zod';
import * as applyToKyma from '#functions/deployment/apply-to-kyma/schema.ts';
import * as checkRollout from '#functions/deployment/check-rollout/schema.ts';
import * as commitImage from '#functions/deployment/commit-image/schema.ts';
import * as copyLayer from '#functions/deployment/copy-layer/schema.ts';
import * as deployEndpoint from '#functions/deployment/deploy-endpoint/schema.ts';
import * as planImage from '#functions/deployment/plan-image/schema.ts';
import * as promoteModel from '#functions/deployment/promote-model/schema.ts';
import * as requestApproval from '#functions/deployment/request-approval/schema.ts';
import * as restoreEndpoint from '#functions/deployment/restore-endpoint/schema.ts';
import * as rollBackKyma from '#functions/deployment/roll-back-kyma/schema.ts';
import * as smokeTest from '#functions/deployment/smoke-test/schema.ts';
import * as announceRun from '#functions/pipeline/announce-run/schema.ts';
import * as resolveRun from '#functions/pipeline/resolve-run/schema.ts';
import * as abandonWrite from '#functions/prediction/abandon-write/schema.ts';
import * as planScoring from '#functions/prediction/plan-scoring/schema.ts';
import * as planWrite from '#functions/prediction/plan-write/schema.ts';
import * as publishPredictions from '#functions/prediction/publish-predictions/schema.ts';
import * as scorePart from '#functions/prediction/score-part/schema.ts';
import * as transformDataset from '#functions/prediction/transform-dataset/schema.ts';
import * as writePart from '#functions/prediction/write-part/schema.ts';
import * as adoptModel from '#functions/training/adopt-model/schema.ts';
import * as evaluateModel from '#functions/training/evaluate-model/schema.ts';
import * as findModel from '#functions/training/find-model/schema.ts';
import * as registerModel from '#functions/training/register-model/schema.ts';
import * as trainModel from '#functions/training/train-model/schema.ts';
import { predictionPartsUri } from '#shared/sagemaker/transform-job.ts';
import { ApprovalResult } from '#shared/tasks/approval-verdict.ts';
import { EndpointResult } from '#shared/tasks/endpoint-verdict.ts';
import { TrainingJobResult } from '#shared/tasks/training-job-verdict.ts';
import { TransformJobResult } from '#shared/tasks/transform-job-verdict.ts';
import { RUN_URI, STORE_URI } from '#test/shared/pipeline/fixture.ts';

export const MODEL_RECORD_URI = `${STORE_URI}/models/flights/job-1.json`;
const digestOf = (letter: string) => `sha256:${letter.repeat(64)}`;
const BASE_IMAGE_URI = `base@${digestOf('c')}`;
export const IMAGE_URI = `registry/models@${digestOf('e')}`;
const layerOf = (letter: string) => ({
  runUri: RUN_URI,
  baseImageUri: BASE_IMAGE_URI,
  digest: digestOf(letter),
  sizeBytes: 100,
  mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
});
const WRITE_ID = 'a'.repeat(64);

/** What each function takes, and what it answers its state with, directly or by the token. */
export const SCHEMAS: Readonly<Record<string, { readonly input: z.ZodType; readonly output: z.ZodType }>> = {
  resolveRun: { input: resolveRun.ResolveRunInput, output: resolveRun.ResolveRunOutput },
  announceRun: { input: announceRun.AnnounceRunInput, output: announceRun.AnnounceRunOutput },
  adoptModel: { input: adoptModel.AdoptModelInput, output: adoptModel.AdoptModelOutput },
  findModel: { input: findModel.FindModelInput, output: findModel.FindModelOutput },
  trainModel: { input: trainModel.TrainModelInput, output: TrainingJobResult },
  evaluateModel: { input: evaluateModel.EvaluateModelInput, output: evaluateModel.EvaluateModelOutput },
  registerModel: { input: registerModel.RegisterModelInput, output: registerModel.RegisterModelOutput },
  requestApproval: { input: requestApproval.RequestApprovalInput, output: ApprovalResult },
  deployEndpoint: { input: deployEndpoint.DeployEndpointInput, output: EndpointResult },
  restoreEndpoint: { input: restoreEndpoint.RestoreEndpointInput, output: EndpointResult },
  planImage: { input: planImage.PlanImageInput, output: planImage.PlanImageOutput },
  copyLayer: { input: copyLayer.CopyLayerInput, output: copyLayer.CopyLayerOutput },
  commitImage: { input: commitImage.CommitImageInput, output: commitImage.CommitImageOutput },
  applyToKyma: { input: applyToKyma.ApplyToKymaInput, output: applyToKyma.ApplyToKymaOutput },
  checkRollout: { input: checkRollout.CheckRolloutInput, output: checkRollout.CheckRolloutOutput },
  rollBackKyma: { input: rollBackKyma.RollBackKymaInput, output: rollBackKyma.RollBackKymaOutput },
  smokeTest: { input: smokeTest.SmokeTestInput, output: smokeTest.SmokeTestOutput },
  promoteModel: { input: promoteModel.PromoteModelInput, output: promoteModel.PromoteModelOutput },
  planScoring: { input: planScoring.PlanScoringInput, output: planScoring.PlanScoringOutput },
  transformDataset: { input: transformDataset.TransformDatasetInput, output: TransformJobResult },
  scorePart: { input: z.object({ part: z.int() }), output: scorePart.ScorePartOutput },
  abandonWrite: { input: abandonWrite.AbandonWriteInput, output: abandonWrite.AbandonWriteOutput },
  planWrite: { input: planWrite.PlanWriteInput, output: planWrite.PlanWriteOutput },
  writePart: { input: z.object({ part: z.int() }), output: writePart.WritePartOutput },
  publishPredictions: {
    input: publishPredictions.PublishPredictionsInput,
    output: publishPredictions.PublishPredictionsOutput,
  },
};

/** The functions whose states are answered by their tokens. */
export const WAITING = new Set([
  'trainModel',
  'requestApproval',
  'deployEndpoint',
  'restoreEndpoint',
  'transformDataset',
]);

export type Answers = Record<string, (event: never) => unknown>;

/** Answers of a run of everything that goes well. */
export const ANSWERS: Answers = {
  resolveRun: () => planOf({}),
  adoptModel: () => ({ modelRecordUri: MODEL_RECORD_URI }),
  findModel: () => ({ reused: null, because: 'nothing was trained before' }),
  trainModel: () => ({
    trainingJobName: 'job-1',
    modelUri: 's3://store/training-output/flights/run-1/job-1/output/model.tar.gz',
  }),
  evaluateModel: () => ({ gatePassed: true, metrics: { auc: 0.8, loss: null }, reason: '', billableSeconds: 60 }),
  registerModel: () => ({ modelRecordUri: MODEL_RECORD_URI, isNew: true }),
  requestApproval: () => ({ modelPackageArn: 'arn:aws:sagemaker:eu-central-1:1:model-package/flights/1' }),
  deployEndpoint: () => ({ endpointName: 'flights', endpointConfigName: 'config-2' }),
  restoreEndpoint: () => ({ endpointName: 'flights', endpointConfigName: 'config-1' }),
  planImage: () => ({ baseImageUri: BASE_IMAGE_URI, layers: ['a', 'b'].map(layerOf) }),
  copyLayer: ({ digest }: { digest: string }) => ({ digest, bytesPushed: 100 }),
  commitImage: () => ({ imageUri: IMAGE_URI, digest: digestOf('e'), tag: 'flights-e', bytesPushed: 250 }),
  applyToKyma: () => ({ url: 'https://flights.kyma.test/', namespace: 'fedml', name: 'flights' }),
  checkRollout: () => ({ state: 'ready', detail: '' }),
  rollBackKyma: () => ({ outcome: 'restored', imageUri: IMAGE_URI }),
  smokeTest: () => ({ rowCount: 10 }),
  promoteModel: () => ({ modelRecordUri: MODEL_RECORD_URI }),
  planScoring: () => scoringBy('transform'),
  transformDataset: () => ({ transformJobName: 'job-1' }),
  scorePart: ({ part }: { part: number }) => ({ part, rowCount: 2 }),
  planWrite: () => ({
    writeId: WRITE_ID,
    bucket: 'store',
    planKey: 'plan.jsonl',
    partCount: 2,
    fence: 1,
    alreadyPublished: false,
  }),
  abandonWrite: () => ({ table: 'T' }),
  writePart: ({ part }: { part: number }) => ({ part, rowCount: 2, rejectedCount: 0, alreadyStaged: false }),
  publishPredictions: () => ({
    schema: 'SPACE#ML',
    table: 'T',
    mode: 'append',
    rowCount: 4,
    rejectedCount: 0,
    writeId: WRITE_ID,
    alreadyPublished: false,
  }),
};

export const planOf = (plan: object) => ({
  runUri: RUN_URI,
  pipeline: 'flights',
  mode: 'full',
  train: true,
  adopt: null,
  deploy: true,
  predict: true,
  deploymentTarget: 'sagemaker',
  modelRecordUri: null,
  ...plan,
});

export const scoringBy = (method: 'transform' | 'endpoint' | 'kyma') => ({
  method,
  predictionsUri: predictionPartsUri(RUN_URI),
  model: 'job-1',
  reused: null,
  plan: method !== 'transform' ? { bucket: 'store', key: 'scoring-plan.jsonl', partCount: 2, concurrency: 1 } : null,
});
