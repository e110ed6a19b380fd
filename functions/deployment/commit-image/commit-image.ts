import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveBaseImage } from '#shared/images/base-image.ts';
import { parseImageUri } from '#shared/images/image-uri.ts';
import { pushModelImage } from '#shared/images/model-image.ts';
import { buildModelLayer } from '#shared/images/model-layer.ts';
import type { Registries } from '#shared/images/registry.ts';
import { servingOf } from '#shared/images/serving.ts';
import { changed } from '#shared/models/archive.ts';
import { loadModelRecord } from '#shared/models/model-record.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { writeFact } from '#shared/pipeline/facts.ts';
import type { CommitImageInput, CommitImageOutput } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly registries: Registries;
}

/**
 * Puts a model of the register on the base image whose layers are in the models' repository by now. A model that is there
 * on the same base keeps its digest, and nothing is sent.
 */
export const commitImage = async (
  { runUri, modelRecordUri, baseImageUri, copiedLayers }: CommitImageInput,
  { objectStore, registries }: Ports,
  { modelRepository }: { readonly modelRepository: string },
): Promise<CommitImageOutput> => {
  const { pipeline, modelArchive, sourceArchive, entryPoint } = await loadModelRecord(objectStore, modelRecordUri);
  const image = parseImageUri(baseImageUri);
  const [baseRegistry, registry] = [await registries.registryOf(image), await registries.ownRegistry()];
  const base = await resolveBaseImage(baseRegistry, image);
  const serving = servingOf(image.repository);
  const archives = {
    model: () => objectStore.getStream(modelArchive.uri),
    source: () => objectStore.getStream(sourceArchive.uri),
    entryPoint,
  };
  // The folder outlives an invocation otherwise, and fills the function's storage.
  const folder = await mkdtemp(join(tmpdir(), 'model-layer-'));
  try {
    const layer = await buildModelLayer(archives, serving, folder);
    if (layer.modelSha256 !== modelArchive.sha256) throw changed(modelArchive);
    if (layer.sourceSha256 !== sourceArchive.sha256) throw changed(sourceArchive);
    const { tag, digest, bytesPushed } = await pushModelImage({
      baseRegistry,
      baseRepository: image.repository,
      base,
      layer,
      serving,
      entryPoint,
      registry,
      repository: modelRepository,
      name: pipeline,
    });
    const pushed = {
      imageUri: `${registry.host}/${modelRepository}@${digest}`,
      digest,
      tag,
      bytesPushed: copiedLayers.reduce((sum, copied) => sum + copied.bytesPushed, bytesPushed),
    };
    const { modelSha256, sourceSha256, diffId } = layer;
    const layerFact = { digest: layer.digest, diffId, sizeBytes: layer.sizeBytes, modelSha256, sourceSha256 };
    await writeFact(objectStore, runUri, 'image', { ...pushed, modelRecordUri, baseImageUri, layer: layerFact });
    return pushed;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
