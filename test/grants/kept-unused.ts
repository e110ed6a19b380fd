/** Starts or waits for one kind of work of SageMaker, by the code that all who wait share. */
const WAITING =
  '(TrainModel|TransformDataset|DeployEndpoint|RestoreEndpoint|RequestApproval|ResumeTask|SweepTasks)Role';

/** Grants that no end-to-end run rests on, and why they are kept. */
export const KEPT_UNUSED: readonly { readonly grants: RegExp; readonly because: string }[] = [
  { grants: /Role: xray:/, because: 'The local cloud keeps no traces.' },
  {
    grants: /^\w+StateMachineRole: logs:/,
    because: 'AWS asks for them when a state machine with a log is deployed. The local cloud writes no such log.',
  },
  {
    grants: /StateMachineRole: states:RedriveExecution on /,
    because: 'A person may redrive a Map in the console. The local cloud refuses to redrive; runs are resumed.',
  },
  {
    grants: /^PredictionStateMachineRole: states:StopExecution on /,
    because: 'It stops its child, which has to be stopped while it stages the rows to score.',
  },
  {
    grants: /Role: s3:ListBucket /,
    because:
      'With it S3 says of a missing object that it is missing. Some functions only miss what somebody has deleted.',
  },
  {
    grants: /Role: s3:AbortMultipartUpload on /,
    because: 'An upload in parts is given up when it fails halfway.',
  },
  {
    grants: /^(ExtractPartition|SealDataset)Role: s3:DeleteObject /,
    because: 'They delete what an earlier try, or a larger view, has left in their place.',
  },
  {
    grants: /^WritePartRole: s3:(Put|Delete)Object on .*\/runs\/\*/,
    because: 'Rows are set aside where a pipeline allows it by prediction.target.maxRejected.',
  },
  {
    grants: /^PlanWriteRole: states:DescribeExecution /,
    because: 'It looks at the run that holds the target table, if there is one.',
  },
  {
    grants: /^AdoptModelRole: s3:GetObject on .*\/source\/\*/,
    because:
      'The statement is about model archives as well, and a source is read back only where an earlier try has copied it.',
  },
  {
    grants: new RegExp(`^${WAITING}: sagemaker:Describe`),
    because:
      'Who waits for SageMaker looks at its work by kind. A function meets one kind, and the shared code knows all.',
  },
  {
    grants: new RegExp(`^${WAITING}: (states:SendTask|s3:(Get|Delete)Object on .*/tasks/|logs:)`),
    because:
      'Whoever finds a work ended first answers for it and reads its log. Which function that is depends on the moment.',
  },
  {
    grants: /^SweepTasksRole: sagemaker:Stop/,
    because: 'It stops the work of runs that were stopped. Here that is training.',
  },
  {
    grants: /^RestoreEndpointRole: sagemaker:(CreateEndpoint|AddTags) /,
    because: 'An endpoint that was deleted after the run had changed it is created again.',
  },
  {
    grants: /^(RegisterModel|AdoptModel)Role: (ecr:|sagemaker:CreateModelPackage … on .*-group)/,
    because:
      'AWS may look at the group and the image in the name of whoever registers a model. The local cloud does not.',
  },
  {
    grants: /^(CopyLayer|CommitImage)Role: ecr:UploadLayerPart on /,
    because: 'A layer that fits into one part goes with the request that completes its upload.',
  },
  {
    grants: /^RefreshPullSecretRole: ecr:(BatchGetImage|GetDownloadUrlForLayer) /,
    because:
      'Nodes pull with its token that are new, or that a pod moves to. The local cluster has one, which has the images.',
  },
  {
    grants: /Role: sqs:SendMessage /,
    because: 'Dead letters are left when every attempt of an event has failed.',
  },
  {
    grants: /^(TrainingRole|ModelRole): logs:DescribeLogStreams on /,
    because: 'SageMaker looks for the log stream that it goes on with. The local one knows its streams.',
  },
  {
    grants: /^ModelRole: cloudwatch:PutMetricData /,
    because: 'Hosting and transform publish metrics of their own. The local ones have none.',
  },
  {
    grants: /^TrainingRole: s3:(Get|Put)Object … on .*\/checkpoints\/\*/,
    because: 'Only spot training has checkpoints.',
  },
  {
    grants: /^(Predict|ScorePart|SmokeTest)Role: (logs:|secretsmanager:GetSecretValue .*kyma-kubeconfig)/,
    because:
      'The log of a model is quoted when it fails: by the endpoint, or by the pod that the cluster is asked for.',
  },
  {
    grants: /^ScorePartRole: s3:(Put|Delete)Object on .*\/runs\/\*/,
    because: 'What a slow model has answered is kept for the next try, and removed when the part is done.',
  },
  {
    grants: /^(RegisterModelRole: s3:GetObject .*\/datasets|SealDatasetRole: s3:GetObject .*\/models)\/\*/,
    because: 'Trainings with a watermark claim their rows. No pipeline of the end-to-end runs has one.',
  },
  {
    grants: /^ResolveRunRole: sagemaker:DescribeEndpoint/,
    because: 'The configuration is looked at where a run would change what an endpoint runs on.',
  },
  {
    grants: /^RestoreEndpointRole: s3:PutObject /,
    because: 'Bringing a serverless endpoint back deletes and creates it, which is noted down before.',
  },
  {
    grants: /^DeployEndpointRole: sagemaker:DeleteEndpoint /,
    because: 'An endpoint whose creation failed is removed before it is created anew.',
  },
];
