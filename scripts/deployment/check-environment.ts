import { grantedActions, roleOf, statementsOf } from './policies.ts';
import { type Finding, listOf, resourcesOf, type Template } from './template.ts';

type Variables = Readonly<Record<string, unknown>>;

/** Looks at what functions are told and where they run: as the others, and those that call the warehouse in the network. */
export const checkEnvironment = (template: Template): Finding[] => {
  const functions = resourcesOf(template, 'AWS::Lambda::Function').map(([where, properties]) => ({
    where,
    properties,
  }));
  const variables = functions.map(({ properties }) => variablesOf(properties));
  const isUsual = (has: (each: Variables) => boolean): boolean => variables.filter(has).length > functions.length / 2;
  const usual = new Set(variables.flatMap(Object.keys).filter((name) => isUsual((each) => Object.hasOwn(each, name))));
  const hasNetwork = functions.some(({ properties }) => properties.VpcConfig);
  return functions.flatMap(({ where, properties }) => {
    const own = variablesOf(properties);
    const { SubnetIds, SecurityGroupIds } = (properties.VpcConfig ?? {}) as Record<string, unknown>;
    return [
      ...[...usual]
        .filter((name) => !Object.hasOwn(own, name))
        .map((name) => ({ where, problem: `It isn't told ${name}, which other functions are.` })),
      ...[...usual]
        .filter((name) => Object.hasOwn(own, name) && !isUsual((each) => isSame(each[name], own[name])))
        .map((name) => ({ where, problem: `It is told another ${name} than other functions.` })),
      ...(hasNetwork && callsWarehouse(template, properties) && !(isSome(SubnetIds) && isSome(SecurityGroupIds))
        ? [{ where, problem: 'It calls the warehouse, and not from the network whose addresses that admits.' }]
        : []),
    ];
  });
};

const variablesOf = ({ Environment }: Record<string, unknown>): Variables =>
  (Environment as { Variables?: Variables } | undefined)?.Variables ?? {};

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const isSome = (ids: unknown): boolean => listOf(ids).length > 0;

/** Whoever may read its password. */
const callsWarehouse = (template: Template, properties: Record<string, unknown>): boolean => {
  const [, role] = roleOf(template, properties.Role) ?? [];
  if (!role || !grantedActions(role).has('secretsmanager:GetSecretValue')) return false;
  return statementsOf(role).some(({ resources }) => JSON.stringify(resources).includes('"WarehouseSecret"'));
};
