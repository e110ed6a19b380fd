import { namesIn } from './arns.ts';
import { statementsIn } from './policies.ts';
import { type Finding, listOf, resourcesOf, type Template } from './template.ts';

interface Egress {
  readonly IpProtocol?: unknown;
  readonly FromPort?: unknown;
  readonly ToPort?: unknown;
  readonly CidrIp?: unknown;
}

/** Looks at the network that the functions of the warehouse run in: nobody comes in, and out they only call what they need. */
export const checkNetwork = (template: Template): Finding[] => [
  ...resourcesOf(template, 'AWS::EC2::SecurityGroup').flatMap(
    ([where, { SecurityGroupIngress, SecurityGroupEgress }]) => [
      ...(listOf(SecurityGroupIngress).length === 0 ? [] : [{ where, problem: 'It lets somebody in.' }]),
      // Without a rule of its own a group lets everything out.
      ...(SecurityGroupEgress === undefined ? [{ where, problem: 'It lets everything out.' }] : []),
      ...(listOf(SecurityGroupEgress as Egress[]).some((rule) => isNeeded(rule) && rule.CidrIp === '0.0.0.0/0')
        ? []
        : [{ where, problem: "It doesn't let calls to AWS and the warehouse out." }]),
      ...listOf(SecurityGroupEgress as unknown[])
        .filter((rule) => !isNeeded(rule))
        .map((rule) => ({
          where,
          problem: `It lets out more than calls to AWS and the warehouse: ${JSON.stringify(rule)}.`,
        })),
    ],
  ),
  ...['AWS::EC2::SecurityGroupIngress', 'AWS::EC2::SecurityGroupEgress'].flatMap((type) =>
    resourcesOf(template, type).map(([where]) => ({
      where,
      problem: 'Rules stand with their group, where they are looked at.',
    })),
  ),
  ...resourcesOf(template, 'AWS::EC2::VPCEndpoint')
    .filter(([, { PolicyDocument }]) => !leadsToOurs(template, PolicyDocument))
    .map(([where]) => ({ where, problem: "It must lead to this stack's bucket and to nothing else." })),
];

const leadsToOurs = (template: Template, document: unknown): boolean => {
  const { textOf, arnOf } = namesIn(template, 'stack');
  const allowed = (document ? statementsIn(document) : []).filter(({ effect }) => effect === 'Allow');
  const named = allowed.flatMap(({ resources }) => resources.map(textOf));
  const wanted = [arnOf('Bucket'), `${arnOf('Bucket')}/*`];
  return wanted.every((each) => named.includes(each)) && named.every((each) => wanted.includes(each));
};

/** TLS, and the port of a warehouse that isn't behind 443. */
const isNeeded = (rule: unknown): boolean => {
  const [condition, own] = (rule as { 'Fn::If'?: [string, Egress] })['Fn::If'] ?? [];
  if (condition === undefined) return isOnePort(rule as Egress) && String((rule as Egress).FromPort) === '443';
  return condition === 'WarehouseHasOwnPort' && isOnePort(own!);
};

const isOnePort = ({ IpProtocol, FromPort, ToPort }: Egress): boolean =>
  IpProtocol === 'tcp' && FromPort !== undefined && String(FromPort) === String(ToPort);
