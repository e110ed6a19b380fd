import handlers from './handler-permissions.json' with { type: 'json' };
import { type Statement, statementsIn, statementsOf } from './policies.ts';
import type { Finding, Template } from './template.ts';

/**
 * Compares the role to deploy with with what CloudFormation's resource handlers say that they ask of it, for each type of
 * resource in the template.
 */
export const checkDeployRole = (template: Template, deployRole: Template): Finding[] => {
  const granted = new Set(deployStatements(deployRole).flatMap(({ actions }) => actions));
  const types = [...new Set(Object.values(template.Resources).map(({ Type }) => Type))];
  return types.flatMap((type) => {
    const declared = (handlers.types as Readonly<Record<string, readonly string[]>>)[type];
    if (!declared) return [{ where: type, problem: "handler-permissions.json doesn't have this type. Add it there." }];
    return declared
      .filter((action) => !granted.has(action) && !isNotAsked(action))
      .map((action) => ({ where: 'DeployRole', problem: `It lacks ${action}, which handlers of ${type} ask for.` }));
  });
};

/** Of the role itself, and of the policies that are attached to it. */
export const deployStatements = ({ Resources }: Template): Statement[] =>
  Object.values(Resources)
    .flatMap((resource) =>
      resource.Type === 'AWS::IAM::ManagedPolicy'
        ? statementsIn(resource.Properties?.PolicyDocument)
        : statementsOf(resource),
    )
    .filter(({ effect }) => effect === 'Allow');

const isNotAsked = (action: string): boolean => NOT_ASKED.some(({ actions }) => actions.test(action));

/** What handlers only ask for settings that this template doesn't have, or must not ask for. */
export const NOT_ASKED: readonly { readonly actions: RegExp; readonly because: string }[] = [
  {
    actions: /^apigateway:(Unt|T)agResource$/,
    because: 'IAM has no such actions; tags are written by apigateway:POST',
  },
  {
    actions:
      /^s3:(Put|Delete|Create|Update)\w*(Accelerate|Analytics|Abac|Acl|CORS|Cors|Logging|Metadata|Metrics|Notification|ObjectLock|Replication|Website|Tiering|Inventory)/,
    because: 'the buckets have no such setting',
  },
  { actions: /^s3:DeleteBucket(Encryption|Lifecycle)$/, because: 'no deployment takes these away' },
  {
    actions: /^s3:(GetObjectVersion|REST\.PUT\.OBJECT|getObject)$/,
    because: 'code and definitions come from no version of an object',
  },
  {
    actions: /^(s3tables|s3files|elasticfilesystem|firehose|vpc-lattice|vpce):/,
    because: 'nothing here uses the service',
  },
  {
    actions: /^kms:/,
    because: 'only bucket and secret are under a key of yours, and creating them takes none of its rights',
  },
  {
    actions: /^(ecr:DeleteRepository|secretsmanager:DeleteSecret)$/,
    because: 'they are kept when the stack is deleted',
  },
  { actions: /^ecr:(Put|Set|Delete)\w*(LifecyclePolicy|RepositoryPolicy)$/, because: 'the repository has neither' },
  {
    actions:
      /^secretsmanager:(GetRandomPassword|GetSecretValue|ReplicateSecretToRegions|RemoveRegionsFromReplication)$/,
    because: 'the secret is made empty, in one region, and who deploys must not read it',
  },
  { actions: /^iam:(Attach|Detach)RolePolicy$/, because: 'roles have policies of their own only' },
  { actions: /^iam:(Put|Delete)RolePermissionsBoundary$/, because: 'who deploys must not lift a boundary' },
  {
    actions:
      /^lambda:(AssociateRuntimeAlias|GetCodeSigningConfig|GetLayerVersion|PassCapacityProvider|PublishVersion|(Put|Delete)Function(CodeSigningConfig|Concurrency|RecursionConfig|ScalingConfig)|PutRuntimeManagementConfig)$/,
    because: 'the functions have no such setting',
  },
  {
    actions:
      /^logs:(AssociateKmsKey|DisassociateKmsKey|(Put|Delete)(DataProtectionPolicy|IndexPolicy)|DeleteResourcePolicy|PutBearerTokenAuthentication|PutLogGroupDeletionProtection)$/,
    because: 'the log groups have no such setting',
  },
  { actions: /^events:(Put|Remove)Permission$/, because: 'the bus has no policy' },
  { actions: /^sns:(Subscribe|Unsubscribe|PutDataProtectionPolicy)$/, because: 'the topic has none; people subscribe' },
  {
    actions:
      /^ec2:(AcceptAddressTransfer|(Dis)?[Aa]ssociateAddress|(Dis)?[Aa]ssociateSubnetCidrBlock|(Dis)?[Aa]ssociateNatGatewayAddress|(Una|A)ssignPrivateNatGatewayAddress|(At|De)tachVpnGateway|ModifySubnetAttribute|ModifyVpcTenancy|CreateVpcEncryptionControl|\w+SecurityGroup(Rule)?(Descriptions)?Ingress)$/,
    because: 'the network has no such setting',
  },
];
