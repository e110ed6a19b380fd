/** The ways to deploy that docs/deploying.md describes. */
export const PARAMETER_SETS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'a first try': {},
  'a network of its own': { network: 'created', warehousePort: '30015', vpcCidr: '10.0.0.0/16' },
  'your network': {
    network: 'existing',
    subnetIds: 'subnet-0a1b2c3d,subnet-4e5f6a7b',
    securityGroupIds: 'sg-0a1b2c3d',
  },
  'your keys, roles, secrets and topic': {
    kmsKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    warehouseSecretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:warehouse-a1b2c3',
    trainingRoleArn: 'arn:aws:iam::123456789012:role/training',
    modelRoleArn: 'arn:aws:iam::123456789012:role/model',
    alarmTopicArn: 'arn:aws:sns:eu-central-1:123456789012:operations',
  },
  Kyma: {
    kymaKubeconfigSecretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:kubeconfig-a1b2c3',
    kymaClientSecretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:client-a1b2c3',
    allowedPrivateNetworks: '10.0.0.0/8',
  },
  'callers with tokens': { apiJwtIssuer: 'https://login.example.com', apiJwtAudience: 'fedml', architecture: 'x86_64' },
};
