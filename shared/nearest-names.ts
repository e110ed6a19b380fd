/** Up to three of `candidates` that `name` may have been meant to be, nearest first. Case counts less than letters. */
export const nearestNames = (name: string, candidates: Iterable<string>): string[] => {
  const limit = Math.max(2, Math.floor(name.length / 3));
  return [...candidates]
    .map((candidate) => ({ candidate, distance: distanceBetween(name, candidate, limit) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
};

/** The end of a message about an unknown name: the nearest ones in quotes, or nothing. */
export const didYouMean = (name: string, candidates: Iterable<string>): string => {
  const nearest = nearestNames(name, candidates).map((candidate) => JSON.stringify(candidate));
  if (nearest.length === 0) return '';
  return ` Did you mean ${nearest.join(' or ')}?`;
};

/** Names that differ in case only are half a step away; others by the number of edits between their upper-case forms. */
const distanceBetween = (a: string, b: string, limit: number): number => {
  if (a === b) return 0;
  const edits = editDistance(a.toUpperCase(), b.toUpperCase(), limit);
  return edits === 0 ? 0.5 : edits;
};

/** Levenshtein's distance with one row of memory; anything beyond `limit` when it can't be nearer. */
const editDistance = (a: string, b: string, limit: number): number => {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
};
