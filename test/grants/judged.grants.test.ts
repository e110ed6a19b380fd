import { expect, it } from 'vitest';
import { disputed } from '#test/local/iam/policy/disputed.ts';
import { isJudgeInstalled } from '#test/local/iam/policy/judge.ts';
import { DECISIONS_DIR } from './decisions-dir.ts';
import { readSessions } from './grants.ts';

if (!isJudgeInstalled) {
  console.log('The judge of IAM decisions is not installed, so its test is skipped: npm ci --prefix tools/iam-judge');
}

it.skipIf(!isJudgeInstalled)('the judge decides what the end-to-end runs asked for as we did', async () => {
  const sessions = readSessions(DECISIONS_DIR).filter(({ decisions }) => decisions.length > 0);
  let judged = 0;

  for (const { policies, decisions } of sessions) {
    judged += decisions.length;
    const found = await disputed(decisions.map((decision) => ({ decision, policies })));
    expect(found.map(({ policies: _, ...dispute }) => dispute)).toEqual([]);
  }

  expect(judged).toBeGreaterThan(1_000);
});
