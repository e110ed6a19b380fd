import { type Finding, listOf, resourcesOf, type Template, targetOf } from './template.ts';

/** Looks at the subnets that functions run in: two zones, no way in, and a way out through a NAT gateway whose address stays. */
export const checkSubnets = (template: Template): Finding[] => {
  const subnets = new Set(
    resourcesOf(template, 'AWS::Lambda::Function').flatMap(([, { VpcConfig }]) =>
      listOf((VpcConfig as { SubnetIds?: unknown[] } | undefined)?.SubnetIds).flatMap(
        (subnet) => targetOf(subnet) ?? [],
      ),
    ),
  );
  const zones = new Set([...subnets].map((id) => JSON.stringify(template.Resources[id]?.Properties?.AvailabilityZone)));
  return [
    ...[...subnets].flatMap((where) => ofSubnet(template, where).map((problem) => ({ where, problem }))),
    ...(subnets.size > 0 && zones.size < 2
      ? [{ where: [...subnets][0]!, problem: 'All functions are in one zone; put their subnets into two.' }]
      : []),
    ...resourcesOf(template, 'AWS::EC2::Subnet')
      .filter(([, { MapPublicIpOnLaunch }]) => String(MapPublicIpOnLaunch ?? false) !== 'false')
      .map(([where]) => ({ where, problem: 'What runs in it gets a public address.' })),
  ];
};

const ofSubnet = (template: Template, subnet: string): string[] => {
  const table = routeTableOf(template, subnet);
  const { gateway, nat } = routeOut(template, table);
  const outside = routeOut(
    template,
    routeTableOf(template, targetOf(template.Resources[nat ?? '']?.Properties?.SubnetId)),
  );
  const toS3 = resourcesOf(template, 'AWS::EC2::VPCEndpoint').some(
    ([, { RouteTableIds, VpcEndpointType, ServiceName }]) =>
      VpcEndpointType === 'Gateway' &&
      JSON.stringify(ServiceName ?? '').includes('.s3"') &&
      listOf(RouteTableIds as unknown[])
        .map(targetOf)
        .includes(table),
  );
  return [
    ...(gateway === undefined ? [] : ['Functions run in it, and it is open to the internet.']),
    ...(nat && outside.gateway ? [] : ['Functions run in it, and no NAT gateway leads out of it.']),
    ...(toS3 ? [] : ['Staged data leaves it by the NAT gateway, which charges for it; give it an endpoint for S3.']),
  ];
};

const routeTableOf = (template: Template, subnet: string | undefined): string | undefined =>
  resourcesOf(template, 'AWS::EC2::SubnetRouteTableAssociation')
    .filter(([, { SubnetId }]) => subnet !== undefined && targetOf(SubnetId) === subnet)
    .map(([, { RouteTableId }]) => targetOf(RouteTableId))[0];

/** Where what isn't for the network itself goes. */
const routeOut = (
  template: Template,
  table: string | undefined,
): { gateway?: string | undefined; nat?: string | undefined } => {
  const [route] = resourcesOf(template, 'AWS::EC2::Route').filter(
    ([, { RouteTableId, DestinationCidrBlock }]) =>
      table !== undefined && targetOf(RouteTableId) === table && DestinationCidrBlock === '0.0.0.0/0',
  );
  return { gateway: targetOf(route?.[1].GatewayId), nat: targetOf(route?.[1].NatGatewayId) };
};
