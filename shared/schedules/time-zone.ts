import { didYouMean } from '#shared/nearest-names.ts';
import timeZones from '#shared/schedules/time-zones.json' with { type: 'json' };

/** Times of a place are written as UTC: 02:30 in Berlin is a Date that says 02:30Z. */

/** The time that clocks of the zone show at an instant. */
export const localTime = (instant: Date, timeZone: string): Date =>
  new Date(instant.getTime() + offsetMs(instant, timeZone));

/**
 * The instant at which clocks of the zone show a time: the first of two, where they are set back over it; undefined where
 * they are set forward over it.
 */
export const instantOf = (local: Date, timeZone: string): Date | undefined => {
  const guesses = [-DAY_MS, DAY_MS].map((shift) => {
    const nearby = new Date(local.getTime() + shift);
    return new Date(local.getTime() - offsetMs(nearby, timeZone));
  });
  return guesses
    .filter((instant) => localTime(instant, timeZone).getTime() === local.getTime())
    .sort((a, b) => a.getTime() - b.getTime())[0];
};

/**
 * What is wrong with the name of a time zone; undefined for a name of the IANA database, spelled as it is there.
 *
 * JavaScript takes `europe/berlin`; EventBridge Scheduler doesn't, and would say so in the middle of a deployment.
 */
export const timeZoneProblem = (name: string): string | undefined => {
  if (NAMES.has(name)) return undefined;
  const spelled = timeZones.find((each) => each.toLowerCase() === name.toLowerCase());
  if (spelled) return `must be spelled as in the IANA database: ${spelled}`;
  return `is not a time zone such as Europe/Berlin.${didYouMean(name, timeZones)}`;
};

const NAMES = new Set(timeZones);

const DAY_MS = 86_400_000;

const offsetMs = (instant: Date, timeZone: string): number => {
  const parts = Object.fromEntries(
    formatFor(timeZone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, Number(value)]),
  ) as Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', number>;
  const shown = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second);
  return shown - Math.floor(instant.getTime() / 1000) * 1000;
};

const formats = new Map<string, Intl.DateTimeFormat>();

/** Formats are dear to make and are asked for at each step of a search. */
const formatFor = (timeZone: string): Intl.DateTimeFormat => {
  const known = formats.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(timeZone, format);
  return format;
};
