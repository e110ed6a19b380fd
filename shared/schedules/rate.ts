const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/**
 * Reads `5 minutes` as milliseconds. A day is 24 hours, also when the clocks change.
 *
 * @throws RangeError that says what a rate is.
 */
export const parseRateMs = (text: string): number => {
  const [, value = '0', unit = '', plural = ''] = /^(\d+) (minute|hour|day)(s?)$/.exec(text) ?? [];
  const unitMs = UNIT_MS[unit];
  if (unitMs === undefined || Number(value) === 0 || (plural === '') !== (value === '1')) {
    throw new RangeError('a rate is 1 minute, hour or day, or a larger whole number of minutes, hours or days');
  }
  return Number(value) * unitMs;
};
