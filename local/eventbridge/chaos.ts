/** Disturbs deliveries as EventBridge may: events are repeated, overtaken and, against its promise, lost. Counts from 1. */
export interface Chaos {
  /** Every nth delivery happens twice. */
  readonly duplicateEvery?: number;
  /** Every nth delivery is held back for `delaySeconds`, so that later ones overtake it. */
  readonly delayEvery?: number;
  readonly delaySeconds?: number;
  /** Every nth delivery never happens. */
  readonly dropEvery?: number;
}

/** What becomes of one delivery: its copies, each with the seconds by which it is late. */
export type Disturb = () => readonly number[];

export const disturbance = (chaos: Chaos): Disturb => {
  const { duplicateEvery, delayEvery, delaySeconds = 1, dropEvery } = chaos;
  let count = 0;
  const hits = (every: number | undefined): boolean => every !== undefined && count % every === 0;
  return () => {
    count += 1;
    if (hits(dropEvery)) return [];
    const late = hits(delayEvery) ? delaySeconds : 0;
    return hits(duplicateEvery) ? [late, late] : [late];
  };
};
