import { InvalidInputError } from '#shared/errors.ts';
import { Digest } from './digest.ts';

/** An image's place: `registry/repository:tag`, `registry/repository@digest`, or both. */
export interface ImageUri {
  /** Host, and port if there is one. */
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

/** Where an ECR registry lies. */
export interface EcrHost {
  readonly accountId: string;
  readonly region: string;
}

const REGISTRY = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?$/;

/** ECR takes 2-256 characters of these; upper case is answered with a plain 404, so it is refused here. */
const REPOSITORY = /^(?=.{2,256}$)[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;

const TAG = /^\w[\w.-]{0,127}$/;

/** @throws InvalidInputError saying which part of the URI is wrong. */
export const parseImageUri = (uri: string): ImageUri => {
  const match = /^([^/]+)\/([^:@]+)(?::([^:@]+))?(?:@(.+))?$/.exec(uri);
  if (!match) throw invalid(uri, 'it must be <registry>/<repository>:<tag> or <registry>/<repository>@sha256:<digest>');
  const [, registry = '', repository = '', tag, digest] = match;
  if (!REGISTRY.test(registry)) throw invalid(uri, `"${registry}" is not a registry's host`);
  if (!REPOSITORY.test(repository)) throw invalid(uri, `"${repository}" is not a repository's name (lower case only)`);
  if (tag !== undefined && !TAG.test(tag)) throw invalid(uri, `"${tag}" is not a tag`);
  if (digest !== undefined && !Digest.safeParse(digest).success) throw invalid(uri, `"${digest}" is not a digest`);
  if (tag === undefined && digest === undefined) throw invalid(uri, 'it names neither a tag nor a digest');
  return { registry, repository, ...(tag && { tag }), ...(digest && { digest }) };
};

/** What a manifest is asked for by: the digest, where one is known. */
export const referenceOf = ({ tag, digest }: ImageUri): string => (digest ?? tag)!;

/** Of the partitions of AWS. A host that merely begins like ECR's is somebody else's, and gets no token. */
const ECR_HOST =
  /^(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu|c2s\.ic\.gov|sc2s\.sgov\.gov|csp\.hci\.ic\.gov)$/;

/** The account and region of an ECR registry's host; undefined for another registry. */
export const ecrHost = (registry: string): EcrHost | undefined => {
  const [, accountId, region] = ECR_HOST.exec(registry) ?? [];
  return accountId && region ? { accountId, region } : undefined;
};

const invalid = (uri: string, problem: string): InvalidInputError =>
  new InvalidInputError(`The image URI ${uri} can't be used: ${problem}.`);
