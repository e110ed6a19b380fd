/** Keeps what `compute` gave for a key, for about the last `size` keys. */
export const boundedCache = <Value>(size: number): ((key: string, compute: () => Value) => Value) => {
  let recent = new Map<string, Value>();
  let older = new Map<string, Value>();
  return (key, compute) => {
    const known = recent.get(key);
    if (known !== undefined) return known;
    const value = older.get(key) ?? compute();
    // Two generations: what hasn't been asked for while the recent one filled up is forgotten.
    if (recent.size >= size / 2) [recent, older] = [new Map(), recent];
    recent.set(key, value);
    return value;
  };
};
