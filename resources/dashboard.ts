interface Widget {
  readonly title: string;
  readonly metrics: readonly unknown[];
  /** Sum where nothing is said. */
  readonly stat?: string;
  readonly unit?: string;
}

const STACK = '${AWS::StackName}';
const MACHINES = ['Pipeline', 'Staging', 'Training', 'Deployment', 'Prediction'];

/** Of our own, in the metric format that functions log; `service` is the stage. */
const own = (metric: string, label: string): unknown => ['FedML', metric, 'service', STACK, { label }];

const ofMachine = (metric: string, machine: string, label: string): unknown => [
  'AWS/States',
  metric,
  'StateMachineArn',
  `\${${machine}StateMachine}`,
  { label },
];

/** The stage's functions, whichever there are. */
const ofFunctions = (metric: string, statistic: string, label: string): unknown => [
  {
    expression: `SUM(SEARCH('{AWS/Lambda,FunctionName} MetricName="${metric}" FunctionName="${STACK}-"', '${statistic}', 3600))`,
    label,
  },
];

const ofQueue = (queue: string, label: string): unknown => [
  'AWS/SQS',
  'ApproximateNumberOfMessagesVisible',
  'QueueName',
  `\${${queue}.QueueName}`,
  { label, stat: 'Maximum' },
];

const WIDGETS: readonly Widget[] = [
  {
    title: 'Runs',
    metrics: [
      ofMachine('ExecutionsStarted', 'Pipeline', 'started'),
      ofMachine('ExecutionsSucceeded', 'Pipeline', 'succeeded'),
      ofMachine('ExecutionsFailed', 'Pipeline', 'failed'),
      ofMachine('ExecutionsAborted', 'Pipeline', 'stopped'),
      ofMachine('ExecutionsTimedOut', 'Pipeline', 'timed out'),
    ],
  },
  {
    title: 'Successful runs by pipeline and mode',
    metrics: [
      [
        {
          expression: `SEARCH('{FedML,service,pipeline,mode} MetricName="RunsSucceeded" service="${STACK}"', 'Sum', 3600)`,
          label: '',
        },
      ],
    ],
  },
  { title: 'Rows', metrics: [own('RowsRead', 'read from the warehouse'), own('RowsPublished', 'published')] },
  {
    title: 'Duration of machines, at most',
    metrics: MACHINES.map((machine) => ofMachine('ExecutionTime', machine, machine)),
    stat: 'Maximum',
    unit: 'milliseconds',
  },
  {
    title: 'What is paid for',
    metrics: [
      own('TrainingSecondsBilled', 'seconds of training'),
      ofFunctions('Duration', 'Sum', 'milliseconds of functions'),
      ofFunctions('Invocations', 'Sum', 'calls of functions'),
    ],
  },
  {
    title: 'HTTP API',
    metrics: ['Count', '4xx', '5xx'].map((metric) => [
      'AWS/ApiGateway',
      metric,
      'ApiId',
      '${HttpApi}',
      { label: metric },
    ]),
  },
  {
    title: 'Errors',
    metrics: [
      ofFunctions('Errors', 'Sum', 'functions that failed'),
      ofFunctions('Throttles', 'Sum', 'calls of functions refused'),
      own('EventsLost', 'events lost'),
      ofQueue('DeadLetterQueue', 'dead letters of events'),
      ofQueue('SchedulesDeadLetterQueue', 'dead letters of schedules'),
    ],
  },
];

const COLUMNS = 2;
const WIDTH = 24 / COLUMNS;
const HEIGHT = 6;

/** A dashboard of what the stage does; its names are filled in by CloudFormation. */
export const dashboard = () => ({
  Type: 'AWS::CloudWatch::Dashboard',
  Properties: {
    // Dashboards are the account's in all regions.
    DashboardName: { 'Fn::Sub': '${AWS::StackName}-${AWS::Region}' },
    DashboardBody: { 'Fn::Sub': JSON.stringify({ widgets: WIDGETS.map(widget) }) },
  },
});

const widget = ({ title, metrics, stat = 'Sum', unit }: Widget, index: number) => ({
  type: 'metric',
  x: (index % COLUMNS) * WIDTH,
  y: Math.floor(index / COLUMNS) * HEIGHT,
  width: WIDTH,
  height: HEIGHT,
  properties: {
    title,
    metrics,
    stat,
    period: 3600,
    region: '${AWS::Region}',
    view: 'timeSeries',
    ...(unit && { yAxis: { left: { label: unit, showUnits: false } } }),
  },
});
