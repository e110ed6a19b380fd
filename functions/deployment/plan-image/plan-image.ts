import { resolveBaseImage } from '#shared/images/base-image.ts';
import { parseImageUri } from '#shared/images/image-uri.ts';
import type { Registries } from '#shared/images/registry.ts';
import { loadModelRecord } from '#shared/models/model-record.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import type { PlanImageInput, PlanImageOutput } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly registries: Registries;
}

/** Finds the image that a model is put on, and which of its layers the models' repository lacks: all of them, or none. */
export const planImage = async (
  { runUri, modelRecordUri }: PlanImageInput,
  { objectStore, registries }: Ports,
  { modelRepository }: { readonly modelRepository: string },
): Promise<PlanImageOutput> => {
  const { imageUri } = await loadModelRecord(objectStore, modelRecordUri);
  const image = parseImageUri(imageUri);
  const base = await resolveBaseImage(await registries.registryOf(image), image);
  const registry = await registries.ownRegistry();
  const distinct = [...new Map(base.layers.map((layer) => [layer.digest, layer])).values()];
  const present = await Promise.all(distinct.map(({ digest }) => registry.hasBlob(modelRepository, digest)));
  return {
    baseImageUri: base.uri,
    layers: distinct
      .filter((_, index) => !present[index])
      .map((layer) => ({ runUri, baseImageUri: base.uri, ...layer })),
  };
};
