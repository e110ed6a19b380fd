import { describe, expect, it } from 'vitest';
import { matchRoute, type Route } from '#local/http-api/routes.ts';

const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/runs/{id}', functionName: 'describeRun' },
  { method: 'GET', path: '/runs/newest', functionName: 'newestRun' },
  { method: 'POST', path: '/pipelines/{name}/runs', functionName: 'startRun' },
];
const match = (method: string, path: string) => {
  const found = matchRoute(ROUTES, method, path);
  return found && [found.route.functionName, found.pathParameters];
};

describe('matchRoute', () => {
  it.each([
    ['GET', '/runs/run-1', ['describeRun', { id: 'run-1' }]],
    ['GET', '/runs/newest', ['newestRun', {}]],
    ['POST', '/pipelines/flights/runs', ['startRun', { name: 'flights' }]],
    ['GET', '/runs/a%2Fb', ['describeRun', { id: 'a/b' }]],
    ['GET', '/runs/%zz', ['describeRun', { id: '%zz' }]],
  ])('%s %s goes to a function', (method, path, expected) => {
    expect(match(method, path)).toEqual(expected);
  });

  it.each([
    ['POST', '/runs/run-1'],
    ['GET', '/runs'],
    ['GET', '/runs/'],
    ['GET', '/runs/run-1/'],
    ['GET', '/Runs/run-1'],
    ['GET', '/'],
  ])('%s %s goes nowhere', (method, path) => {
    expect(match(method, path)).toBeUndefined();
  });
});
