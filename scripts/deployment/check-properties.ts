import { loadAwsServiceSpec } from '@aws-cdk/aws-service-spec';
import { alternatives, type Finding, type Template } from './template.ts';

type Spec = Awaited<ReturnType<typeof loadAwsServiceSpec>>;
type ResourceSpec = ReturnType<typeof resourceSpec> & object;
type PropertyType = ResourceSpec['properties'][string]['type'];
type Properties = ResourceSpec['properties'];

/** Holds every resource's type and properties against AWS's own specification of CloudFormation. */
export const checkProperties = async ({ Resources }: Template): Promise<Finding[]> => {
  const spec = await loadAwsServiceSpec();
  return Object.entries(Resources).flatMap(([id, { Type, Properties = {} }]) => {
    const resource = resourceSpec(spec, Type);
    if (!resource) return [{ where: id, problem: `There is no resource type ${Type}.` }];
    return checkObject(spec, resource.properties, Properties, `${id}.Properties`);
  });
};

const resourceSpec = (spec: Spec, type: string) => spec.lookup('resource', 'cloudFormationType', 'equals', type)[0];

const checkObject = (spec: Spec, known: Properties, given: object, where: string): Finding[] => {
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(known, name));
  const missing = Object.keys(known).filter((name) => known[name]!.required && !Object.hasOwn(given, name));
  return [
    ...unknown.map((name) => ({ where, problem: `${name} is no property of it.` })),
    ...missing.map((name) => ({ where, problem: `The property ${name} is required.` })),
    ...Object.entries(given).flatMap(([name, value]) =>
      known[name] ? checkValue(spec, known[name].type, value, `${where}.${name}`) : [],
    ),
  ];
};

const checkValue = (spec: Spec, type: PropertyType, given: unknown, where: string): Finding[] =>
  alternatives(given).flatMap((value) => (isIntrinsic(value) ? [] : checkLiteral(spec, type, value, where)));

const checkLiteral = (spec: Spec, type: PropertyType, value: unknown, where: string): Finding[] => {
  switch (type.type) {
    case 'array':
      if (!Array.isArray(value)) return [{ where, problem: 'must be a list.' }];
      return value.flatMap((each, index) => checkValue(spec, type.element, each, `${where}[${index}]`));
    case 'map':
      if (!isObject(value)) return [{ where, problem: 'must be a map.' }];
      return Object.entries(value).flatMap(([key, each]) => checkValue(spec, type.element, each, `${where}.${key}`));
    case 'ref':
      if (!isObject(value)) return [{ where, problem: 'must be an object.' }];
      return checkObject(spec, spec.get('typeDefinition', type.reference.$ref).properties, value, where);
    case 'union': {
      const findings = type.types.map((each) => checkLiteral(spec, each, value, where));
      return findings.find((each) => each.length === 0) ?? findings[0]!;
    }
    case 'tag':
      return isObject(value) ? [] : [{ where, problem: 'must be a tag.' }];
    case 'json':
    case 'null':
      return [];
    default:
      return checkScalar(type, value, where);
  }
};

const checkScalar = (type: PropertyType, value: unknown, where: string): Finding[] => {
  const wanted = SCALARS[type.type];
  if (!wanted) return [{ where, problem: `The checker doesn't know the type ${type.type} yet.` }];
  if (!wanted.accepts(value)) return [{ where, problem: `must be ${wanted.name}, not ${JSON.stringify(value)}.` }];
  const { allowedValues } = type as { allowedValues?: readonly unknown[] };
  if (!allowedValues || allowedValues.some((allowed) => String(allowed) === String(value))) return [];
  return [{ where, problem: `must be one of ${allowedValues.join(', ')}, not ${JSON.stringify(value)}.` }];
};

/** CloudFormation takes numbers and truth values as text too, and numbers as text. */
const SCALARS: Readonly<Record<string, { readonly name: string; accepts(value: unknown): boolean }>> = {
  string: { name: 'text', accepts: (value) => ['string', 'number', 'boolean'].includes(typeof value) },
  'date-time': { name: 'a time', accepts: (value) => typeof value === 'string' },
  boolean: { name: 'true or false', accepts: (value) => /^(true|false)$/.test(String(value)) },
  integer: { name: 'a whole number', accepts: (value) => isScalar(value) && /^-?\d+$/.test(String(value)) },
  number: { name: 'a number', accepts: (value) => isScalar(value) && /^-?\d+(\.\d+)?$/.test(String(value)) },
};

const isScalar = (value: unknown): boolean => typeof value === 'string' || typeof value === 'number';

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What CloudFormation computes can't be told here; check-references.ts looks at what it names. */
const isIntrinsic = (value: unknown): boolean => {
  const keys = isObject(value) ? Object.keys(value) : [];
  return keys.length === 1 && /^(Ref$|Fn::)/.test(keys[0]!);
};
