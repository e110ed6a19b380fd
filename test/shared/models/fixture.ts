import { createHash } from 'node:crypto';
import type { ModelArchive } from '#shared/models/archive.ts';
import { type ModelRecord, modelRecordUri } from '#shared/models/model-record.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { sourceArchiveUri } from '#shared/sagemaker/source-archive.ts';
import { RUN_URI, STORE_URI } from '#test/shared/pipeline/fixture.ts';

/** Puts an archive into the store, as a training job or a run leaves one. */
export const givenArchive = async (
  objectStore: ObjectStore,
  uri: string,
  content: string | Buffer = 'an archive',
): Promise<ModelArchive> => {
  await objectStore.put(uri, content);
  return { uri, sha256: createHash('sha256').update(content).digest('hex'), versionId: null };
};

const MODEL_ARCHIVE_URI = 's3://store/fedml/training-output/flights/run-1/job-1/output/model.tar.gz';
const SOURCE_ARCHIVE_URI = sourceArchiveUri(RUN_URI.replace('run-1', 'run-0'));

/** A model of the pipeline `flights` in the register, with its archives; gives its record's URI. */
export const givenModel = async (objectStore: ObjectStore, settings: Partial<ModelRecord> = {}): Promise<string> => {
  const record: ModelRecord = {
    version: 2,
    pipeline: 'flights',
    trainingJobName: 'job-1',
    runUri: RUN_URI,
    // Not written where another one is given: it may lie in the same place.
    modelArchive: settings.modelArchive ?? (await givenArchive(objectStore, MODEL_ARCHIVE_URI, 'a model')),
    sourceArchive: settings.sourceArchive ?? (await givenArchive(objectStore, SOURCE_ARCHIVE_URI, 'its code')),
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
