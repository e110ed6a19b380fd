// A plugin of Serverless: names what is left to CloudFormation otherwise, so that the role that deploys a stage can be
// bound to it. CloudFormation shortens a stack's name in the names that it makes, and `<stack>-*` is also another stage's.

const { join } = require('node:path');

class StackNames {
  constructor(serverless) {
    this.serverless = serverless;
    this.hooks = {
      'after:package:initialize': () => this.nameDeploymentBucket(),
      'after:aws:package:finalize:mergeCustomProviderResources': () => this.givePathToRoles(),
    };
  }

  get aws() {
    return this.serverless.getProvider('aws');
  }

  /** In the template that makes the bucket, and in the one that keeps it: a name in only one would have it replaced. */
  nameDeploymentBucket() {
    const { naming } = this.aws;
    const { service, serviceDir, utils } = this.serverless;
    const { coreCloudFormationTemplate, compiledCloudFormationTemplate } = service.provider;
    const bucket = naming.getDeploymentBucketLogicalId();
    const BucketName = { 'Fn::Sub': [`${naming.getStackName()}-code-\${id}`, { id: service.custom.stackIdPart }] };
    for (const { Resources } of [coreCloudFormationTemplate, compiledCloudFormationTemplate]) {
      Object.assign(Resources[bucket].Properties, { BucketName });
    }
    const file = join(serviceDir, '.serverless', naming.getCoreTemplateFileName());
    utils.writeFileSync(file, coreCloudFormationTemplate);
  }

  /** A path ends where the stage's name does; the role's own name stays CloudFormation's, as it must be unique in all regions. */
  givePathToRoles() {
    const path = `/${this.aws.naming.getStackName()}/`;
    const { Resources } = this.serverless.service.provider.compiledCloudFormationTemplate;
    for (const { Type, Properties } of Object.values(Resources)) {
      if (Type === 'AWS::IAM::Role') Properties.Path = path;
    }
  }
}

module.exports = StackNames;
