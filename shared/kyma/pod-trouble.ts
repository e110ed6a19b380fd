import type { ContainerStatus, Pod } from '#shared/kyma/objects.ts';

/** The container whose events and log tell more. */
export interface Suspect {
  readonly pod: Pod;
  readonly container: string;
  /** Whether the log to read is that of the run before the last restart. */
  readonly previous: boolean;
}

/** Why a pod will not come up, however often the kubelet tries. */
export interface PodTrouble {
  readonly reason: string;
  readonly detail: string;
  readonly suspect: Suspect;
}

/**
 * The first container that can't come up any more. The kubelet tries again whatever fails, so most of what a container waits
 * for can pass: a registry that is busy, a Secret that is yet to come, a proxy whose control plane is away.
 *
 * @param own names of the containers that the Deployment asks for; others were injected.
 */
export const finalTrouble = (pods: readonly Pod[], own: ReadonlySet<string>): PodTrouble | undefined => {
  for (const pod of pods) {
    for (const status of statusesOf(pod)) {
      const { reason = '', message = '' } = status.state?.waiting ?? {};
      const sentence = sentenceOf(status, own);
      if (!sentence) continue;
      return { reason, detail: `${sentence}${message ? `: ${message}` : '.'}`, suspect: suspectOf(pod, status) };
    }
  }
  return undefined;
};

/** A single crash may be transient. */
const MIN_CRASHES = 2;

const sentenceOf = (status: ContainerStatus, own: ReadonlySet<string>): string | undefined => {
  const { reason = '', message = '' } = status.state?.waiting ?? {};
  if (reason === 'CrashLoopBackOff') {
    const isOver = own.has(status.name) && (status.restartCount ?? 0) >= MIN_CRASHES;
    return isOver ? 'The model server ends again and again' : undefined;
  }
  const { sentence, final } = FINAL[reason] ?? {};
  const said = withoutNames(message);
  return final?.test(said) && !TRANSIENT.test(said) ? sentence : undefined;
};

interface FinalReason {
  readonly sentence: string;
  /** What the message must say. */
  readonly final: RegExp;
}

const PULL: FinalReason = {
  sentence: "The pod can't pull the image",
  final:
    /\b(401|403|404)\b|unauthorized|forbidden|authentication required|basic auth|authorization|access denied|is denied|not found|(manifest|name|repository) unknown|does not exist/i,
};

const START: FinalReason = {
  sentence: "The pod's container can't be started",
  final: /not found in \$PATH|no such file or directory|exec format error|permission denied/i,
};

const FINAL: Readonly<Record<string, FinalReason>> = {
  InvalidImageName: { sentence: 'The image has an invalid name', final: /(?:)/ },
  ErrImagePull: PULL,
  ImagePullBackOff: PULL,
  CreateContainerConfigError: {
    sentence: "The pod's container can't be configured",
    final: /runAsNonRoot|cannot verify user is non-root/,
  },
  CreateContainerError: START,
  RunContainerError: START,
};

/** Busy or unreachable, whatever else the message says. */
const TRANSIENT =
  /\b(429|50[0-4])\b|too ?many ?requests|time(d )?out|deadline exceeded|connection (refused|reset)|\bEOF\b|no such host|server misbehaving|unreachable|temporar/i;

/** Without addresses and images, whose ports and digests look like status codes. */
const withoutNames = (message: string): string =>
  message.replace(/"[^"\s]*[/@][^"\s]*"|https?:\/\/\S+|\S+@sha256:\S+/g, '');

export const statusesOf = ({ status }: Pod): readonly ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

export const suspectOf = (pod: Pod, { name, restartCount = 0, state }: ContainerStatus): Suspect => ({
  pod,
  container: name,
  previous: restartCount > 0 && state?.waiting !== undefined,
});
