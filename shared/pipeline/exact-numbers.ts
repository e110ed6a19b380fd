import { type Document, isMap, type Node, visit } from 'yaml';
import { exactNumber } from '#shared/json/exact-json.ts';

/**
 * Keeps the numbers of a pipeline's hyperparameters, and of the overrides of its schedules, as they are written: they are for a
 * script to read. All other settings are ours.
 *
 * @returns the numbers that would come to the script as others.
 */
export const keepNumbers = (document: Document.Parsed): { readonly offset: number; readonly message: string }[] => {
  const mistakes: { offset: number; message: string }[] = [];
  for (const root of rootsOf(document)) {
    visit(root as Node, {
      Scalar(_, node) {
        if (typeof node.value !== 'number' || node.source === undefined) return;
        const json = jsonOf(node.source);
        if (json === undefined)
          mistakes.push({ offset: node.range?.[0] ?? 0, message: misread(node.source, node.value) });
        else node.value = exactNumber(json);
      },
    });
  }
  return mistakes;
};

const rootsOf = (document: Document.Parsed): unknown[] => {
  const schedules = document.getIn(['schedule'], true);
  const overrides = ((schedules as { items?: unknown[] } | undefined)?.items ?? []).map((_, index) =>
    document.getIn(['schedule', index, 'overrides'], true),
  );
  return [document.getIn(['training', 'hyperparameters'], true), ...overrides].filter((node) => isMap(node));
};

/** The number as JSON writes it, digit for digit; undefined for one that JSON has no text for. */
const jsonOf = (source: string): string | undefined => {
  if (/^0x[\da-f]+$/i.test(source) || /^0o[0-7]+$/i.test(source)) return String(BigInt(source));
  const [, sign = '', whole, fraction, exponent = ''] = /^([-+]?)(\d*)(?:\.(\d*))?([eE][-+]?\d+)?$/.exec(source) ?? [];
  if (whole === undefined || /^0\d/.test(whole)) return undefined;
  const digits = `${whole || '0'}${fraction === undefined ? '' : `.${fraction || '0'}`}`;
  return `${sign === '-' ? '-' : ''}${digits}${exponent}`;
};

const misread = (source: string, value: number): string =>
  Number.isFinite(value)
    ? `${source} is read as the number ${value}. Put it in quotes if it is a text, or write ${value}.`
    : `${source} is read as a number that JSON doesn't have. Put it in quotes, and read it as a text.`;
