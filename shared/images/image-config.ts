import { z } from 'zod';
import { UnsupportedImageError } from '#shared/errors.ts';
import { type BaseImage, parseJson } from './base-image.ts';
import type { Digest } from './digest.ts';
import { SERVE_COMMAND, SERVING_PORT } from './serving.ts';

/** The config of an image, as far as it is read or changed here; the rest is kept as it is. */
const ImageConfig = z.looseObject({
  os: z.string(),
  architecture: z.string(),
  config: z
    .looseObject({
      User: z.string().optional(),
      Env: z.array(z.string()).nullish(),
      Labels: z.record(z.string(), z.string()).nullish(),
      ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
    })
    .nullish(),
  rootfs: z.looseObject({ type: z.literal('layers'), diff_ids: z.array(z.string()) }),
  history: z.array(z.looseObject({})).nullish(),
});

export interface ModelImage {
  readonly base: BaseImage;
  /** The config of the base image. */
  readonly baseConfig: Buffer;
  readonly diffId: Digest;
  readonly environment: Readonly<Record<string, string>>;
  /** For a base image that would run as root. */
  readonly user?: string | undefined;
}

/** Times would give each image of the same model a digest of its own. */
const CREATED = '1970-01-01T00:00:00Z';

/**
 * The config of a base image with a model's layer on it. It is determined by what is in the image, so its digest names the
 * content: the same base, files and settings give the same one.
 *
 * @throws UnsupportedImageError when the base's config doesn't fit its manifest.
 */
export const modelImageConfig = ({ base, baseConfig, diffId, environment, user }: ModelImage): Buffer => {
  const parsed = ImageConfig.safeParse(parseJson(baseConfig));
  if (!parsed.success) throw unsupported(base, `its config is malformed.\n${z.prettifyError(parsed.error)}`);
  const image = parsed.data;
  if (image.os !== 'linux' || image.architecture !== 'amd64') {
    throw unsupported(base, `it is for ${image.os}/${image.architecture} and not for linux/amd64`);
  }
  if (image.rootfs.diff_ids.length !== base.layers.length) {
    throw unsupported(
      base,
      `its config names ${image.rootfs.diff_ids.length} layers, its manifest ${base.layers.length}`,
    );
  }
  const settings = image.config ?? {};
  const content = {
    ...image,
    created: CREATED,
    config: {
      ...settings,
      ...userOf(settings.User, user),
      Env: mergedEnvironment(settings.Env ?? [], environment),
      Cmd: SERVE_COMMAND,
      ExposedPorts: { ...settings.ExposedPorts, [`${SERVING_PORT}/tcp`]: {} },
      Labels: {
        ...settings.Labels,
        'org.opencontainers.image.base.digest': base.digest,
        'org.opencontainers.image.base.name': base.uri,
      },
    },
    rootfs: { ...image.rootfs, diff_ids: [...image.rootfs.diff_ids, diffId] },
    ...(image.history && { history: [...image.history, { created: CREATED, created_by: 'model and code' }] }),
  };
  return Buffer.from(JSON.stringify(content));
};

/** A base image's own user stays, unless it is root. */
const userOf = (own: string | undefined, user: string | undefined): { User?: string } => {
  const isRoot = own === undefined || /^(|root|0)(:.*)?$/.test(own);
  return isRoot && user !== undefined ? { User: user } : {};
};

/** Variables by name, in the base's order; paths are put before the base's. */
const mergedEnvironment = (base: readonly string[], ours: Readonly<Record<string, string>>): string[] => {
  const merged = new Map(base.map((variable) => splitOnce(variable)));
  for (const [name, value] of Object.entries(ours)) {
    const inherited = merged.get(name);
    merged.set(name, name === 'PYTHONPATH' && inherited ? `${value}:${inherited}` : value);
  }
  return [...merged].map(([name, value]) => `${name}=${value}`);
};

const splitOnce = (variable: string): [string, string] => {
  const index = variable.indexOf('=');
  return index < 0 ? [variable, ''] : [variable.slice(0, index), variable.slice(index + 1)];
};

const unsupported = ({ uri }: BaseImage, problem: string): UnsupportedImageError =>
  new UnsupportedImageError(`A model can't be put on ${uri}: ${problem}.`);
