import { badRequest } from './status-error.ts';
import type { StoredObject } from './stored-object.ts';

export type Test = (object: StoredObject) => boolean;

/** A label selector of a query: `a=b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`, joined by commas. */
export const labelSelector = (text: string): Test => {
  const tests = splitTerms(text).map(labelTest);
  return ({ metadata: { labels = {} } }) => tests.every((test) => test(labels));
};

export const matchesLabels = (
  labels: Readonly<Record<string, string>> | undefined,
  wanted: Readonly<Record<string, string>>,
) => Object.entries(wanted).every(([name, value]) => labels?.[name] === value);

type LabelTest = (labels: Readonly<Record<string, string>>) => boolean;

const splitTerms = (text: string): string[] =>
  text
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter(Boolean);

const labelTest = (term: string): LabelTest => {
  const set = /^([\w./-]+) +(in|notin) +\(([^)]*)\)$/.exec(term);
  if (set) {
    const [, name = '', operator, list = ''] = set;
    const values = list.split(',').map((value) => value.trim());
    return (labels) => (Object.hasOwn(labels, name) && values.includes(labels[name]!)) === (operator === 'in');
  }
  const equality = /^([\w./-]+) *(==|=|!=) *([\w.-]*)$/.exec(term);
  if (equality) {
    const [, name = '', operator, value] = equality;
    return (labels) => (labels[name] === value) === (operator !== '!=');
  }
  const existence = /^(!?)([\w./-]+)$/.exec(term);
  if (!existence) throw badRequest(`unable to parse requirement: ${term}`);
  return (labels) => Object.hasOwn(labels, existence[2]!) === (existence[1] === '');
};

/** A field selector; the fields are few, as in Kubernetes. */
export const fieldSelector = (text: string): Test => {
  const tests = splitTerms(text).map((term): Test => {
    const [, path = '', operator, value] = /^([\w.]+) *(==|=|!=) *(.*)$/.exec(term) ?? [];
    if (!FIELDS.test(path)) throw badRequest(`field label not supported: ${path || term}`);
    return (object) => {
      const found = path
        .split('.')
        .reduce<unknown>((node, name) => (node as Record<string, unknown> | undefined)?.[name], object);
      return (String(found ?? '') === value) === (operator !== '!=');
    };
  });
  return (object) => tests.every((test) => test(object));
};

const FIELDS =
  /^(metadata\.(name|namespace)|involvedObject\.(kind|name|namespace|uid)|reason|type|status\.phase|spec\.nodeName)$/;
