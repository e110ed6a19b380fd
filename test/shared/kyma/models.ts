import type { DeployedModel } from '#shared/kyma/ownership.ts';
import type { KymaDeployment } from '#shared/pipeline/definition.ts';

/** A model that adds a number to what it is asked, and answers CSV. */
export const addingModel = (number: number): Record<string, string> => ({
  'opt/ml/model/number': String(number),
  'opt/ml/code/serve_model.py': `
import os
def model_fn(model_dir):
    return float(open(os.path.join(model_dir, "number")).read())
def input_fn(body, content_type):
    return [float(line) for line in body.split()]
def predict_fn(data, model):
    return [value + model for value in data]
def output_fn(prediction, accept):
    return "\\n".join(str(value) for value in prediction) + "\\n", accept
`,
});

export const brokenModel: Record<string, string> = {
  'opt/ml/model/number': 'none',
  'opt/ml/code/serve_model.py':
    'def model_fn(model_dir):\n    raise ValueError("the model is made for another version")\n',
};

export const settings: KymaDeployment = {
  target: 'kyma',
  namespace: 'models',
  gateway: 'kyma-system/kyma-gateway',
  replicas: { min: 1, max: 2 },
  resources: { requests: { cpu: '250m', memory: '512Mi' }, limits: { cpu: '1', memory: '2Gi' } },
  auth: { noAuth: true },
  environment: {},
  readOnlyRootFilesystem: true,
  approval: 'auto',
  smokeTestRows: 10,
};

export const deployedModel = (imageUri: string, changes: Partial<DeployedModel> = {}): DeployedModel => ({
  pipeline: 'adder',
  settings,
  imageUri,
  runAsUser: 1000,
  runUri: 's3://store/runs/adder/run-1/',
  modelRecordUri: 's3://store/models/adder/job-1.json',
  ...changes,
});
