import ts from 'typescript';
import { uriTracer } from './trace-uri.ts';

/** What is asked of the object store, and where: `put run-index` for a call of `put` with a URI in the place `run-index`. */
export const storeCalls = (calls: ReadonlySet<ts.CallExpression>, checker: ts.TypeChecker): string[] => {
  const placesOf = uriTracer(calls, checker);
  const found = new Set<string>();
  for (const call of calls) {
    for (const operation of operationsOf(call, checker)) {
      for (const place of placesOf(call.arguments[0]!)) found.add(`${operation} ${place}`);
    }
  }
  return [...found].sort();
};

/** A stream that is not to be kept is tagged as staged data besides, by a right of its own. */
const operationsOf = (call: ts.CallExpression, checker: ts.TypeChecker): string[] => {
  const { expression: callee } = call;
  if (!ts.isPropertyAccessExpression(callee)) return [];
  const [declaration] = checker.getSymbolAtLocation(callee.name)?.declarations ?? [];
  if (!declaration || !isOfObjectStore(declaration)) return [];
  const operation = callee.name.text;
  return operation === 'putStream' && !/\bisKept: true\b/.test(call.arguments[2]?.getText() ?? '')
    ? [operation, 'tag']
    : [operation];
};

const isOfObjectStore = ({ parent }: ts.Declaration): boolean =>
  ts.isInterfaceDeclaration(parent) && parent.name.text === 'ObjectStore';
