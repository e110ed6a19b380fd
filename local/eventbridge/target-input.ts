import type { EventBridgeEvent } from './event.ts';
import type { Json } from './json.ts';
import { parseJsonPath } from './json-path.ts';

/** The three ways in which a target shapes its input; at most one of them. */
export interface InputShape {
  readonly Input?: string | undefined;
  readonly InputPath?: string | undefined;
  readonly InputTransformer?: InputTransformer | undefined;
}

interface InputTransformer {
  readonly InputPathsMap?: Readonly<Record<string, string>> | undefined;
  readonly InputTemplate: string;
}

/** The rule behind a delivery, for the template's reserved variables. */
export interface RuleIdentity {
  readonly Name: string;
  readonly Arn: string;
}

/** The JSON text that a target receives for an event: the event itself unless the target shapes it. */
export const targetInput = (shape: InputShape, event: EventBridgeEvent, rule: RuleIdentity): string => {
  if (shape.Input !== undefined) return shape.Input;
  if (shape.InputPath !== undefined) return JSON.stringify(parseJsonPath(shape.InputPath)(asJson(event)) ?? null);
  if (shape.InputTransformer) return transform(shape.InputTransformer, event, rule);
  return JSON.stringify(event);
};

/** Says what is wrong with a target's shape, before any event comes. */
export const checkInputShape = (shape: InputShape): readonly string[] => {
  const { Input, InputPath, InputTransformer } = shape;
  const given = Object.entries({ Input, InputPath, InputTransformer }).filter(([, value]) => value !== undefined);
  if (given.length > 1) return [`only one of ${given.map(([name]) => name).join(' and ')} may be given`];
  if (Input !== undefined && !isJson(Input)) return ['Input is not JSON'];
  if (InputPath !== undefined) return pathProblems('InputPath', InputPath);
  return InputTransformer ? transformerProblems(InputTransformer) : [];
};

const transformerProblems = ({ InputPathsMap = {}, InputTemplate }: InputTransformer): readonly string[] => {
  const unknown = [...InputTemplate.matchAll(PLACEHOLDER)]
    .map(([, name = '']) => name)
    .filter((name) => !Object.hasOwn(InputPathsMap, name) && !RESERVED.includes(name));
  const sample = fillTemplate(InputTemplate, () => null);
  return [
    ...Object.entries(InputPathsMap).flatMap(([name, path]) => pathProblems(`InputPathsMap.${name}`, path)),
    ...unknown.map((name) => `InputTemplate names <${name}>, which InputPathsMap does not define`),
    ...(isJson(sample) ? [] : ['InputTemplate is not JSON once its variables are filled in']),
  ];
};

const pathProblems = (where: string, path: string): readonly string[] => {
  try {
    parseJsonPath(path);
    return [];
  } catch (error) {
    return [`${where}: ${(error as Error).message}`];
  }
};

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const RESERVED = [
  'aws.events.rule-arn',
  'aws.events.rule-name',
  'aws.events.event',
  'aws.events.event.json',
  'aws.events.event.ingestion-time',
];

const PLACEHOLDER = /<([\w.-]+)>/g;

const transform = (
  { InputPathsMap = {}, InputTemplate }: InputTransformer,
  event: EventBridgeEvent,
  rule: RuleIdentity,
): string => {
  const { detail: _, ...withoutDetail } = event;
  const reserved: Readonly<Record<string, Json>> = {
    'aws.events.rule-arn': rule.Arn,
    'aws.events.rule-name': rule.Name,
    'aws.events.event': asJson(withoutDetail),
    'aws.events.event.json': asJson(event),
    'aws.events.event.ingestion-time': event.time,
  };
  return fillTemplate(InputTemplate, (name) => {
    const path = Object.hasOwn(InputPathsMap, name) ? InputPathsMap[name] : undefined;
    return path === undefined ? reserved[name] : parseJsonPath(path)(asJson(event));
  });
};

/** A variable stands for its JSON, or within a string for its text; what the event doesn't have is an empty text. */
const fillTemplate = (template: string, value: (name: string) => Json | undefined): string => {
  // Splits into strings, which are the odd pieces, and what is between them.
  const pieces = template.split(/("(?:[^"\\]|\\.)*")/);
  return pieces
    .map((piece, index) =>
      piece.replaceAll(PLACEHOLDER, (_, name: string) => {
        const filled = value(name) ?? '';
        return index % 2 === 1 ? insideString(filled) : JSON.stringify(filled);
      }),
    )
    .join('');
};

/** An object or array inside a string loses its quotes, as in EventBridge. */
const insideString = (value: Json): string =>
  typeof value === 'string' ? JSON.stringify(value).slice(1, -1) : JSON.stringify(value).replaceAll(/\\?"/g, '');

const asJson = (value: object): Json => value as Json;
