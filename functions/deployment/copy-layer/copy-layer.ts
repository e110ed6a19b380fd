import { parseImageUri } from '#shared/images/image-uri.ts';
import type { Registries } from '#shared/images/registry.ts';
import type { CopyLayerInput, CopyLayerOutput } from './schema.ts';

/** Brings one layer of a base image into the models' repository, holding a few parts of it in memory. */
export const copyLayer = async (
  { baseImageUri, digest, sizeBytes }: CopyLayerInput,
  { registries }: { readonly registries: Registries },
  { modelRepository }: { readonly modelRepository: string },
): Promise<CopyLayerOutput> => {
  const image = parseImageUri(baseImageUri);
  const [from, to] = [await registries.registryOf(image), await registries.ownRegistry()];
  if (await to.hasBlob(modelRepository, digest)) return { digest, bytesPushed: 0 };
  // Nobody mounts across registries; within one it saves the copy.
  if (from.host === to.host && (await to.mountBlob(modelRepository, digest, image.repository))) {
    return { digest, bytesPushed: 0 };
  }
  const layer = { digest, sizeBytes };
  await to.pushBlob(modelRepository, layer, () => from.readBlob(image.repository, layer));
  return { digest, bytesPushed: sizeBytes };
};
