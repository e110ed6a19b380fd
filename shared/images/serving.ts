import type { ModelLayout } from './model-layer.ts';

/** How an image of SageMaker's serves a model that lies in it. */
export interface Serving extends ModelLayout {
  /** Variables of the image's server, over those of the base image. */
  environment(model: ServedModel): Readonly<Record<string, string>>;
  /** A user for an image that would run as root; absent where the image's server needs what it is built with. */
  readonly user?: string;
}

export interface ServedModel {
  readonly entryPoint: string;
  readonly hasRequirements: boolean;
}

/** SageMaker's own contract: `serve` answers /ping and /invocations here. */
export const SERVING_PORT = 8080;
export const SERVE_COMMAND: readonly string[] = ['serve'];

const MODEL_FOLDER = '/opt/ml/model';
const CODE_FOLDER = '/opt/ml/code';

/** The first ordinary user of a Linux image. Kubernetes can only verify a number to be another than root. */
const SERVING_USER_ID = 1000;

/** What all of SageMaker's serving images read. */
const contract = (codeFolder: string, { entryPoint }: ServedModel): Record<string, string> => ({
  SAGEMAKER_PROGRAM: entryPoint,
  SAGEMAKER_SUBMIT_DIRECTORY: codeFolder,
  SAGEMAKER_BIND_TO_PORT: String(SERVING_PORT),
  SAGEMAKER_CONTAINER_LOG_LEVEL: '20',
});

/**
 * scikit-learn and XGBoost: `serve` installs the code with pip and starts gunicorn, behind nginx unless told otherwise.
 * nginx and the system's site-packages need root; without both, and with a home to write to, any user will do. pip builds
 * in the code's folder, hence its owner. It asks PyPI for nothing, unless the code has a requirements.txt.
 */
const GUNICORN: Serving = {
  modelFolder: MODEL_FOLDER,
  codeFolder: CODE_FOLDER,
  codeOwnerId: SERVING_USER_ID,
  user: `${SERVING_USER_ID}:${SERVING_USER_ID}`,
  environment: (model) => ({
    ...contract(CODE_FOLDER, model),
    SAGEMAKER_USE_NGINX: 'false',
    PYTHONPATH: CODE_FOLDER,
    HOME: '/tmp',
    PIP_NO_BUILD_ISOLATION: '1',
    ...(!model.hasRequirements && { PIP_NO_INDEX: '1' }),
  }),
};

/** PyTorch: TorchServe takes the code from `code/` beside the model only. */
const TORCHSERVE_CODE_FOLDER = `${MODEL_FOLDER}/code`;
const TORCHSERVE: Serving = {
  modelFolder: MODEL_FOLDER,
  codeFolder: TORCHSERVE_CODE_FOLDER,
  codeOwnerId: 0,
  environment: (model) => contract(TORCHSERVE_CODE_FOLDER, model),
};

/** An image of the user's own: the contract, and nothing presumed. */
const OWN: Serving = {
  modelFolder: MODEL_FOLDER,
  codeFolder: CODE_FOLDER,
  codeOwnerId: 0,
  environment: (model) => contract(CODE_FOLDER, model),
};

/** By the last part of the repository's name. */
const SERVINGS: Readonly<Record<string, Serving>> = {
  'sagemaker-scikit-learn': GUNICORN,
  'sagemaker-xgboost': GUNICORN,
  'pytorch-inference': TORCHSERVE,
  'pytorch-training': TORCHSERVE,
};

export const servingOf = (repository: string): Serving => SERVINGS[repository.split('/').at(-1)!] ?? OWN;
