/** 1,234,567 */
export const count = (value: number): string => value.toLocaleString('en-US');

/** `1 row`, `1,234 rows` */
export const counted = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

/** `0.4 s`, `59.9 s`, `2 min 5 s`, `1 h 0 min` */
export const duration = (milliseconds: number): string => {
  const tenths = Math.round(milliseconds / 100);
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};
