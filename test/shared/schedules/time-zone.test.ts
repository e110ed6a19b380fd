import { expect, it } from 'vitest';
import { localTime, timeZoneProblem } from '#shared/schedules/time-zone.ts';
import timeZones from '#shared/schedules/time-zones.json' with { type: 'json' };

it('takes every name of the IANA database, whose clocks are known here', () => {
  for (const name of timeZones) {
    expect(timeZoneProblem(name)).toBeUndefined();
    expect(localTime(new Date(0), name)).toBeInstanceOf(Date);
  }
});

it('takes every name that Node knows', () => {
  expect(Intl.supportedValuesOf('timeZone').filter(timeZoneProblem)).toEqual([]);
});

it.each(timeZones.filter((name) => name !== name.toLowerCase()).slice(0, 40))('refuses %s in lower case', (name) => {
  expect(timeZoneProblem(name.toLowerCase())).toBe(`must be spelled as in the IANA database: ${name}`);
});
