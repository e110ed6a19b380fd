import { beforeAll, expect, it } from 'vitest';
import { DECISIONS_DIR } from './decisions-dir.ts';
import { grantsOf, nameOf, readSessions, resting, type Session } from './grants.ts';
import { KEPT_UNUSED } from './kept-unused.ts';

let sessions: Session[];
/** The grants by their names; used is one that some recorded decision rests on, so that a run fails without it. */
let usage: Map<string, boolean>;
beforeAll(() => {
  sessions = readSessions(DECISIONS_DIR);
  usage = new Map();
  for (const session of sessions) {
    for (const grant of grantsOf(session.policies)) {
      const name = nameOf(grant);
      if (!usage.get(name)) usage.set(name, resting(session, grant).length > 0);
    }
  }
});

it('has the decisions of the end-to-end runs before it: npx vitest run --project e2e --project grants', () => {
  expect(sessions.flatMap(({ decisions }) => decisions).length).toBeGreaterThan(1_000);
});

it('has no run that was denied what it asked for, but those that are to be', () => {
  const denied = sessions.flatMap(({ decisions }) =>
    decisions.flatMap(({ allowed, principal, check }) =>
      allowed ? [] : [`${'roleArn' in principal ? principal.roleArn : principal.type}: ${check.action}`],
    ),
  );

  // The test of a role without a grant runs a project of its own, which records nothing here.
  expect([...new Set(denied)]).toEqual([]);
});

it('has a run that fails for each grant that is taken away, but those that are kept with a reason', () => {
  const unused = [...usage].filter(([name, isUsed]) => !isUsed && !reasonOf(name)).map(([name]) => name);

  expect(unused.sort()).toEqual([]);
});

/** One that was used this time may be kept: who finds first that a work has ended depends on the moment. */
it('keeps no reason for a grant that is gone', () => {
  const names = [...usage.keys()];
  const stale = KEPT_UNUSED.filter(({ grants }) => !names.some((name) => grants.test(name)));

  expect(stale.map(({ grants }) => String(grants))).toEqual([]);
});

const reasonOf = (name: string): string | undefined => KEPT_UNUSED.find(({ grants }) => grants.test(name))?.because;
