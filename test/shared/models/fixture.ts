import { type ModelRecord, modelRecordUri } from '#shared/models/model-record.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { sourceArchiveUri } from '#shared/sagemaker/source-archive.ts';
import { RUN_URI, STORE_URI } from '#test/shared/pipeline/fixture.ts';

/** A model of the pipeline `flights` in the register; gives its record's URI. */
export const givenModel = async (objectStore: ObjectStore, settings: Partial<ModelRecord> = {}): Promise<string> => {
  const record: ModelRecord = {
    version: 1,
    pipeline: 'flights',
    trainingJobName: 'job-1',
    runUri: RUN_URI,
    modelUri: 's3://store/fedml/training-output/flights/run-1/job-1/output/model.tar.gz',
    sourceUri: sourceArchiveUri(RUN_URI),
    entryPoint: 'train.py',
    imageUri: 'image',
    metrics: {},
    codeSha256: 'c0de',
    modelPackageArn: 'arn:aws:sagemaker:eu-central-1:000000000000:model-package/flights/1',
    registeredAt: '2026-03-01T06:10:00.000Z',
    ...settings,
  };
  const uri = modelRecordUri(STORE_URI, 'flights', record.trainingJobName);
  await objectStore.put(uri, JSON.stringify(record));
  return uri;
};
