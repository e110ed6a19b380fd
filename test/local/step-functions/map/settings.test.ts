import { expect, it } from 'vitest';
import { exceedsTolerance } from '#local/step-functions/map/settings.ts';

it.each([
  { count: 0, percentage: 0, failed: 0, total: 10, exceeds: false },
  { count: 0, percentage: 0, failed: 1, total: 10, exceeds: true },
  { count: 2, percentage: 0, failed: 2, total: 10, exceeds: false },
  { count: 2, percentage: 0, failed: 3, total: undefined, exceeds: true },
  { count: 0, percentage: 20, failed: 2, total: 10, exceeds: false },
  { count: 0, percentage: 20, failed: 3, total: 10, exceeds: true },
  { count: 0, percentage: 20, failed: 3, total: undefined, exceeds: false },
  { count: 0, percentage: 100, failed: 10, total: 10, exceeds: false },
  { count: 1, percentage: 50, failed: 2, total: 10, exceeds: true },
  { count: 9, percentage: 10, failed: 2, total: 10, exceeds: true },
])('%o', ({ count, percentage, failed, total, exceeds }) => {
  const settings = { maxConcurrency: 0, toleratedFailureCount: count, toleratedFailurePercentage: percentage };

  expect(exceedsTolerance(settings, failed, total)).toBe(exceeds);
});
