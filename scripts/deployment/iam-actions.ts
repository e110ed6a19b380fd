/**
 * What IAM asks for, by what the code names of the AWS SDK. Actions of one call that IAM checks besides the call's own
 * (tags, roles that are passed on, the difference between "missing" and "forbidden") stand with it.
 *
 * https://docs.aws.amazon.com/service-authorization/latest/reference/
 */
export const IAM_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  '@aws-sdk/client-cloudwatch-logs DescribeLogStreamsCommand': ['logs:DescribeLogStreams'],
  '@aws-sdk/client-cloudwatch-logs GetLogEventsCommand': ['logs:GetLogEvents'],
  '@aws-sdk/client-ecr GetAuthorizationTokenCommand': ['ecr:GetAuthorizationToken'],
  '@aws-sdk/client-eventbridge PutEventsCommand': ['events:PutEvents'],
  '@aws-sdk/client-s3 DeleteObjectCommand': ['s3:DeleteObject'],
  // Who may not list a bucket is answered 403 for an object that doesn't exist.
  '@aws-sdk/client-s3 GetObjectCommand': ['s3:GetObject', 's3:ListBucket'],
  '@aws-sdk/client-s3 HeadObjectCommand': ['s3:GetObject', 's3:ListBucket'],
  '@aws-sdk/client-s3 PutObjectCommand': ['s3:PutObject'],
  '@aws-sdk/client-s3 paginateListObjectsV2': ['s3:ListBucket'],
  '@aws-sdk/client-sagemaker CreateEndpointCommand': ['sagemaker:CreateEndpoint', 'sagemaker:AddTags'],
  '@aws-sdk/client-sagemaker CreateEndpointConfigCommand': ['sagemaker:CreateEndpointConfig', 'sagemaker:AddTags'],
  '@aws-sdk/client-sagemaker CreateModelCommand': ['sagemaker:CreateModel', 'sagemaker:AddTags', 'iam:PassRole'],
  // SageMaker may look the image of a version up in the caller's name.
  '@aws-sdk/client-sagemaker CreateModelPackageCommand': [
    'sagemaker:CreateModelPackage',
    'ecr:BatchGetImage',
    'ecr:DescribeImages',
  ],
  '@aws-sdk/client-sagemaker CreateModelPackageGroupCommand': [
    'sagemaker:CreateModelPackageGroup',
    'sagemaker:AddTags',
  ],
  '@aws-sdk/client-sagemaker CreateTrainingJobCommand': [
    'sagemaker:CreateTrainingJob',
    'sagemaker:AddTags',
    'iam:PassRole',
  ],
  '@aws-sdk/client-sagemaker CreateTransformJobCommand': ['sagemaker:CreateTransformJob', 'sagemaker:AddTags'],
  '@aws-sdk/client-sagemaker DeleteEndpointCommand': ['sagemaker:DeleteEndpoint'],
  '@aws-sdk/client-sagemaker DescribeEndpointCommand': ['sagemaker:DescribeEndpoint'],
  '@aws-sdk/client-sagemaker DescribeEndpointConfigCommand': ['sagemaker:DescribeEndpointConfig'],
  '@aws-sdk/client-sagemaker DescribeModelPackageCommand': ['sagemaker:DescribeModelPackage'],
  '@aws-sdk/client-sagemaker DescribeTrainingJobCommand': ['sagemaker:DescribeTrainingJob'],
  '@aws-sdk/client-sagemaker DescribeTransformJobCommand': ['sagemaker:DescribeTransformJob'],
  '@aws-sdk/client-sagemaker StopTrainingJobCommand': ['sagemaker:StopTrainingJob'],
  '@aws-sdk/client-sagemaker StopTransformJobCommand': ['sagemaker:StopTransformJob'],
  '@aws-sdk/client-sagemaker UpdateEndpointCommand': ['sagemaker:UpdateEndpoint'],
  '@aws-sdk/client-sagemaker-runtime InvokeEndpointCommand': ['sagemaker:InvokeEndpoint'],
  '@aws-sdk/client-secrets-manager GetSecretValueCommand': ['secretsmanager:GetSecretValue'],
  '@aws-sdk/client-sfn DescribeExecutionCommand': ['states:DescribeExecution'],
  '@aws-sdk/client-sfn GetExecutionHistoryCommand': ['states:GetExecutionHistory'],
  '@aws-sdk/client-sfn ListExecutionsCommand': ['states:ListExecutions'],
  '@aws-sdk/client-sfn ListMapRunsCommand': ['states:ListMapRuns'],
  '@aws-sdk/client-sfn SendTaskFailureCommand': ['states:SendTaskFailure'],
  '@aws-sdk/client-sfn SendTaskHeartbeatCommand': ['states:SendTaskHeartbeat'],
  '@aws-sdk/client-sfn SendTaskSuccessCommand': ['states:SendTaskSuccess'],
  '@aws-sdk/client-sfn StartExecutionCommand': ['states:StartExecution'],
  '@aws-sdk/client-sfn StopExecutionCommand': ['states:StopExecution'],
  '@aws-sdk/client-sfn paginateListExecutions': ['states:ListExecutions'],
  // Parts are put under the object's own permission. Which uploads are tagged, store-calls.ts tells.
  '@aws-sdk/lib-storage Upload': ['s3:PutObject', 's3:AbortMultipartUpload'],

  // ECR's registry is called over HTTP, under the permissions of whoever asked for the token.
  'Registry.host': [],
  'Registry.findManifest': ['ecr:BatchGetImage'],
  'Registry.putManifest': ['ecr:PutImage'],
  'Registry.hasBlob': ['ecr:BatchCheckLayerAvailability'],
  'Registry.mountBlob': ['ecr:InitiateLayerUpload'],
  'Registry.readBlob': ['ecr:GetDownloadUrlForLayer'],
  'Registry.pushBlob': ['ecr:InitiateLayerUpload', 'ecr:UploadLayerPart', 'ecr:CompleteLayerUpload'],
  'Registries.ownRegistry': [],
  'Registries.registryOf': [],
  // The cluster pulls with the token that it is given.
  'Registries.pullCredentials': ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
};
