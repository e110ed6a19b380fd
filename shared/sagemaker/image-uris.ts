import { InvalidPipelineError } from '#shared/errors.ts';
import imageUris from '#shared/sagemaker/image-uris.json' with { type: 'json' };

export interface FrameworkImage {
  readonly framework: keyof typeof imageUris.frameworks;
  /** The framework's default when absent. */
  readonly frameworkVersion?: string | undefined;
  readonly region: string;
  readonly scope: 'training' | 'inference';
  /** Decides between images for CPU and GPU, where a framework has both. */
  readonly instanceType?: string | undefined;
}

interface Version {
  readonly tag: string;
  readonly scopes: readonly string[];
}

/**
 * The URI of SageMaker's own image for a framework's version in a region.
 *
 * @throws InvalidPipelineError naming the versions or regions there are.
 */
export const frameworkImageUri = (image: FrameworkImage): string => {
  const { framework, region, scope } = image;
  const tag = tagOf(image).replace('{processor}', isGpu(image.instanceType) ? 'gpu' : 'cpu');
  const accounts: Record<string, string> = imageUris.accounts[accountTable(framework)];
  const account = accounts[region];
  if (!account) {
    const regions = Object.keys(accounts).join(', ');
    throw new InvalidPipelineError(
      `SageMaker has no ${framework} images in the region ${region}. There are in: ${regions}.`,
    );
  }
  const repository = imageUris.frameworks[framework].repository[scope];
  return `${account}.dkr.ecr.${region}.${dnsSuffix(region)}/${repository}:${tag}`;
};

/** The image that trains, and later serves: one of the user's own, or SageMaker's. Throws as `frameworkImageUri` does. */
export const trainingImageUri = (
  { imageUri, ...image }: Omit<FrameworkImage, 'region' | 'scope'> & { readonly imageUri?: string | undefined },
  region: string,
): string => imageUri ?? frameworkImageUri({ ...image, region, scope: 'training' });

/** All images that a region has for a purpose, those of frameworks that tell processors apart for CPUs. */
export const frameworkImageUris = ({ region, scope }: Pick<FrameworkImage, 'region' | 'scope'>): string[] =>
  Object.entries(imageUris.frameworks).flatMap(([name, { versions }]) => {
    const framework = name as FrameworkImage['framework'];
    return Object.entries<Version>(versions)
      .filter(([, { scopes }]) => scopes.includes(scope))
      .map(([frameworkVersion]) => frameworkImageUri({ framework, frameworkVersion, region, scope }));
  });

/** What is wrong with a framework's version, in words; undefined where SageMaker has an image of it. */
export const frameworkVersionProblem = (
  image: Pick<FrameworkImage, 'framework' | 'frameworkVersion' | 'scope'>,
): string | undefined => {
  if (versionOf(image)) return undefined;
  const { framework, frameworkVersion, scope } = image;
  const version = frameworkVersion ?? imageUris.frameworks[framework].defaultVersion;
  const names = offeredVersions(image).map(([name]) => name);
  return (
    `there is no ${framework} image ${version} for ${scope}. ` +
    (names.length > 0 ? `There are: ${names.join(', ')}.` : 'Name an image of your own in training.imageUri.')
  );
};

const tagOf = (image: FrameworkImage): string => {
  const version = versionOf(image);
  if (version) return version.tag;
  throw new InvalidPipelineError(`training.frameworkVersion: ${frameworkVersionProblem(image)}`);
};

const versionOf = (image: Pick<FrameworkImage, 'framework' | 'frameworkVersion' | 'scope'>): Version | undefined => {
  const wanted = image.frameworkVersion ?? imageUris.frameworks[image.framework].defaultVersion;
  return offeredVersions(image).find(([name]) => name === wanted)?.[1];
};

const offeredVersions = ({ framework, scope }: Pick<FrameworkImage, 'framework' | 'scope'>): [string, Version][] =>
  Object.entries<Version>(imageUris.frameworks[framework].versions).filter(([, { scopes }]) => scopes.includes(scope));

const accountTable = (framework: FrameworkImage['framework']) =>
  imageUris.frameworks[framework].accounts as keyof typeof imageUris.accounts;

const isGpu = (instanceType = ''): boolean => /^ml\.[gp]\d/.test(instanceType);

const dnsSuffix = (region: string): string => {
  const { default: commercial, ...partitions } = imageUris.dnsSuffixes;
  const partition = Object.entries(partitions).find(([prefix]) => region.startsWith(prefix.slice(0, -1)));
  return partition?.[1] ?? commercial;
};
