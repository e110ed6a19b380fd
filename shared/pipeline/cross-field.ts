import { z } from 'zod';
import { CpuQuantity, MemoryQuantity, mebibytes, milliCpus } from '#shared/kyma/resource-quantities.ts';
import { repeatedColumns } from '#shared/predictions/target-table.ts';
import { frameworkVersionProblem } from '#shared/sagemaker/image-uris.ts';
import { hasLocalStorage } from '#shared/sagemaker/instance-types.ts';

interface Mistake {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Rule = (definition: unknown) => readonly Mistake[];

/** Checks what settings must be to each other. */
export const checkSettings = (definition: unknown, context: z.core.$RefinementCtx): void => {
  for (const rule of RULES) {
    for (const { path, message } of rule(definition)) context.addIssue({ code: 'custom', path: [...path], message });
  }
};

/** A rule is asked only where the settings that it is about are there and valid by themselves. */
const about =
  <T extends z.ZodType>(settings: T, check: (settings: z.infer<T>) => readonly (Mistake | false | undefined)[]): Rule =>
  (definition) => {
    const parsed = settings.safeParse(definition);
    return parsed.success ? check(parsed.data).filter((mistake) => mistake !== false && mistake !== undefined) : [];
  };

const mistake = (path: string, message: string): Mistake => ({ path: path.split('.'), message });

const target = z.enum(['sagemaker', 'kyma', 'none']);
const names = z.array(z.string());
const named = z.array(z.object({ name: z.string() }));

const compression = about(
  z.object({ source: z.object({ format: z.enum(['csv', 'parquet']), compression: z.string() }) }),
  ({ source }) => [
    !COMPRESSIONS[source.format].includes(source.compression) &&
      mistake('source.compression', `must be one of ${COMPRESSIONS[source.format].join(', ')} for ${source.format}`),
  ],
);

const COMPRESSIONS: Readonly<Record<'csv' | 'parquet', readonly string[]>> = {
  csv: ['none', 'gzip'],
  parquet: ['zstd', 'snappy', 'none'],
};

const learnable = about(
  z.object({ source: z.object({ target: z.string(), key: names, columns: names.optional() }) }),
  ({ source: { target, key, columns } }) => [
    key.includes(target) && mistake('source.target', `is a column of the key, which the model doesn't see`),
    columns &&
      !columns.includes(target) &&
      mistake(
        'source.columns',
        `leaves out the target ${JSON.stringify(target)}: without it there is nothing to learn`,
      ),
  ],
);

const spotWait = about(
  z.object({ training: z.object({ spot: z.object({ maxWaitSeconds: z.number() }), maxRuntimeSeconds: z.number() }) }),
  ({ training: { spot, maxRuntimeSeconds } }) => [
    spot.maxWaitSeconds < maxRuntimeSeconds &&
      mistake('training.spot.maxWaitSeconds', `must be at least maxRuntimeSeconds, which is ${maxRuntimeSeconds}`),
  ],
);

const gateMetrics = about(
  z.object({ training: z.object({ metrics: named }), gate: z.array(z.object({ metric: z.string() })) }),
  ({ training, gate }) => {
    const metrics = training.metrics.map(({ name }) => name);
    return gate.map(
      ({ metric }, index) =>
        !metrics.includes(metric) &&
        mistake(`gate.${index}.metric`, `is not one of training.metrics, which has ${metrics.join(', ') || 'none'}`),
    );
  },
);

const metricNames = about(z.object({ training: z.object({ metrics: named }) }), ({ training: { metrics } }) =>
  metrics.map(
    ({ name }, index) =>
      metrics.findIndex((metric) => metric.name === name) < index &&
      mistake(`training.metrics.${index}.name`, `${JSON.stringify(name)} is the name of another metric already`),
  ),
);

const gateRange = about(
  z.object({ gate: z.array(z.object({ min: z.number().optional(), max: z.number().optional() })) }),
  ({ gate }) =>
    gate.map(({ min, max }, index) => {
      if (min === undefined && max === undefined) return mistake(`gate.${index}`, 'needs min, max or both');
      return (min ?? -Infinity) > (max ?? Infinity) && mistake(`gate.${index}.max`, 'must be at least min');
    }),
);

const oneCapacity = about(
  z.object({ deployment: z.object({ instances: z.object({}), serverless: z.object({}) }) }),
  () => [mistake('deployment', 'takes instances or serverless, not both')],
);

/** https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html, "Feature exclusions". */
const serverlessNetwork = about(
  z.object({ training: z.object({ vpc: z.object({}) }), deployment: z.object({ serverless: z.object({}) }) }),
  () => [
    mistake(
      'deployment.serverless',
      'has no network of yours, and training.vpc puts the model into one: take deployment.instances, or leave training.vpc out',
    ),
  ],
);

const replicas = about(
  z.object({ deployment: z.object({ replicas: z.object({ min: z.number(), max: z.number() }) }) }),
  ({ deployment: { replicas } }) => [
    replicas.min > replicas.max && mistake('deployment.replicas.max', 'must be at least min'),
  ],
);

const quantities = z.object({ cpu: CpuQuantity, memory: MemoryQuantity });

/** Kubernetes refuses such a container, after the image was built. */
const requestsAndLimits = about(
  z.object({ deployment: z.object({ resources: z.object({ requests: quantities, limits: quantities }) }) }),
  ({
    deployment: {
      resources: { requests, limits },
    },
  }) => [
    milliCpus(requests.cpu) > milliCpus(limits.cpu) &&
      mistake('deployment.resources.requests.cpu', `is ${requests.cpu}, more than limits.cpu, which is ${limits.cpu}`),
    mebibytes(requests.memory) > mebibytes(limits.memory) &&
      mistake(
        'deployment.resources.requests.memory',
        `is ${requests.memory}, more than limits.memory, which is ${limits.memory}`,
      ),
  ],
);

const predictor = about(
  z.object({
    deployment: z.object({ target }),
    prediction: z.object({ method: z.enum(['transform', 'endpoint', 'kyma']) }),
  }),
  ({ deployment, prediction: { method } }) => {
    const needed = { transform: deployment.target, endpoint: 'sagemaker', kyma: 'kyma' }[method];
    return [
      deployment.target !== needed &&
        mistake(
          'prediction.method',
          `is ${method}, and deployment.target is ${deployment.target}; deploy the model there, or predict by transform`,
        ),
    ];
  },
);

const tableColumns = about(
  z.object({ prediction: z.object({ source: z.object({ key: names }), columns: named }) }),
  ({ prediction: { source, columns } }) => {
    const message = repeatedColumns([...source.key, ...columns.map(({ name }) => name)]);
    return [message !== undefined && mistake('prediction.columns', message)];
  },
);

const currentView = about(
  z.object({ prediction: z.object({ target: z.object({ table: z.string(), mode: z.literal('versioned') }) }) }),
  ({ prediction: { target } }) => [
    Buffer.byteLength(target.table) > 119 &&
      mistake('prediction.target.table', 'must leave room for _CURRENT within 127 bytes'),
  ],
);

const watermarkMode = about(
  z.object({
    prediction: z.object({
      source: z.object({ watermark: z.string() }),
      target: z.object({ mode: z.enum(['replace', 'versioned']) }),
    }),
  }),
  ({
    prediction: {
      target: { mode },
    },
  }) => [
    mistake(
      'prediction.source.watermark',
      `reads new rows only, and target.mode ${mode} would show nothing but those; choose append or upsert, or leave the watermark out`,
    ),
  ],
);

const scheduledScoring = about(
  z.object({ schedule: z.array(z.object({ mode: z.string() })), prediction: z.undefined().optional() }),
  ({ schedule }) =>
    schedule.map(
      ({ mode }, index) =>
        mode === 'score' && mistake(`schedule.${index}.mode`, 'is score, and there is no prediction'),
    ),
);

const served = z.object({
  training: z.object({ entryPoint: z.string(), imageUri: z.undefined().optional() }),
  deployment: z.object({ target }),
  prediction: z.object({}).optional(),
});

/** SageMaker's containers import the entry point to serve: a dot would make it a module inside a package. */
const servingScript = about(served, ({ training: { entryPoint }, deployment, prediction }) => {
  if (deployment.target === 'none' && !prediction) return [];
  const module = entryPoint.replace(/\.py$/, '');
  if (!entryPoint.endsWith('.py')) {
    return [
      mistake('training.entryPoint', `${entryPoint} can't be imported to serve the model: it must be a .py file`),
    ];
  }
  return [
    module.includes('.') &&
      mistake(
        'training.entryPoint',
        `${entryPoint} can't be imported to serve the model: its name must have no dot but that of .py`,
      ),
    TAKEN_MODULES.has(module) &&
      mistake(
        'training.entryPoint',
        `${entryPoint} has the name of a module that the container imports itself: call it train.py`,
      ),
  ];
});

/** Modules that the servers of SageMaker's images have loaded before they import the entry point by its name. */
const TAKEN_MODULES = new Set(
  `abc argparse ast asyncio collections copy csv flask functools gevent glob gunicorn http importlib io itertools json
  logging math multiprocessing numpy os pandas pathlib pickle platform random re requests sagemaker_containers
  sagemaker_inference sagemaker_sklearn_container sagemaker_training sagemaker_xgboost_container scipy shutil signal sklearn
  socket string subprocess sys tempfile threading time torch traceback types typing unittest urllib werkzeug xgboost`.split(
    /\s+/,
  ),
);

const frameworkVersion = about(
  z.object({
    training: z.object({
      framework: z.enum(['sklearn', 'xgboost', 'pytorch']),
      frameworkVersion: z.string(),
      imageUri: z.undefined().optional(),
    }),
    deployment: z.object({ target }),
    prediction: z.object({}).optional(),
  }),
  ({ training: { framework, frameworkVersion }, deployment, prediction }) => {
    const serves = deployment.target !== 'none' || prediction !== undefined;
    const problems = (['training', ...(serves ? (['inference'] as const) : [])] as const).map((scope) =>
      frameworkVersionProblem({ framework, frameworkVersion, scope }),
    );
    const first = problems.find((problem) => problem !== undefined);
    return [first !== undefined && mistake('training.frameworkVersion', first)];
  },
);

const type = z.string();

const keyOfDisks = about(
  z.object({
    training: z.object({ kmsKeyId: z.string(), instanceType: type }),
    deployment: z.object({ instances: z.object({ type }).optional() }).optional(),
    prediction: z.object({ method: z.string(), instances: z.object({ type }) }).optional(),
  }),
  ({ training, deployment, prediction }) => {
    const used = [
      ['training.instanceType', training.instanceType],
      ['deployment.instances.type', deployment?.instances?.type],
      ['prediction.instances.type', prediction?.method === 'transform' ? prediction.instances.type : undefined],
    ] as const;
    return used.map(
      ([path, type]) =>
        type !== undefined &&
        hasLocalStorage(type) &&
        mistake(path, `${type} encrypts its own disk, so that SageMaker takes no training.kmsKeyId with it`),
    );
  },
);

const RULES: readonly Rule[] = [
  compression,
  learnable,
  spotWait,
  metricNames,
  gateMetrics,
  gateRange,
  oneCapacity,
  serverlessNetwork,
  replicas,
  requestsAndLimits,
  predictor,
  tableColumns,
  currentView,
  watermarkMode,
  scheduledScoring,
  servingScript,
  frameworkVersion,
  keyOfDisks,
];
