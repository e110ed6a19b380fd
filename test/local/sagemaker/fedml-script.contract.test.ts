import { CreateModelCommand } from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { expect, it } from 'vitest';
import { BUCKET, channel, IMAGE, openLaptop, ROLE, trainingRequest } from './laptop.ts';

/** A script in the style of SAP's FedML samples, as users have them: no header, names in the script, four functions. */
const SCRIPT = `
from __future__ import print_function
import argparse
import json
import os
from io import StringIO
import joblib
import pandas as pd
from sklearn import tree

feature_columns = ["sepal_length", "sepal_width"]
label_column = "species"

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--max_leaf_nodes", type=int, default=-1)
    parser.add_argument("--classes", type=str)
    parser.add_argument("--output-data-dir", type=str, default=os.environ["SM_OUTPUT_DATA_DIR"])
    parser.add_argument("--model-dir", type=str, default=os.environ["SM_MODEL_DIR"])
    parser.add_argument("--train", type=str, default=os.environ["SM_CHANNEL_TRAIN"])
    args = parser.parse_args()

    input_files = [os.path.join(args.train, file) for file in os.listdir(args.train)]
    if len(input_files) == 0:
        raise ValueError("There are no files in {}".format(args.train))
    raw_data = [pd.read_csv(file, header=None, names=[label_column] + feature_columns, engine="python") for file in input_files]
    train_data = pd.concat(raw_data)
    clf = tree.DecisionTreeClassifier(max_leaf_nodes=args.max_leaf_nodes)
    clf = clf.fit(train_data[feature_columns], train_data[label_column])
    joblib.dump(clf, os.path.join(args.model_dir, "model.joblib"))
    print(args.classes)

def model_fn(model_dir):
    return joblib.load(os.path.join(model_dir, "model.joblib"))

def input_fn(input_data, content_type):
    if content_type == "text/csv":
        return pd.read_csv(StringIO(input_data.replace("|", "\\n")), header=None, names=feature_columns)
    return pd.DataFrame(json.loads(input_data))

def predict_fn(input_data, model):
    return model.predict(input_data)

def output_fn(prediction, accept):
    return json.dumps({"instances": list(prediction)}), accept
`;

it('runs a FedML script unchanged, from training to prediction', async () => {
  const laptop = await openLaptop();
  await laptop.put('train/part-0.csv', 'setosa,5.1,3.5\nsetosa,4.9,3.0\n');
  await laptop.put('train/part-1.csv', 'virginica,6.3,3.3\nvirginica,7.1,3.0\n');
  const source = `s3://${BUCKET}/code/iris/sourcedir.tar.gz`;
  await laptop.train('iris', SCRIPT, {
    InputDataConfig: [channel('train', `s3://${BUCKET}/train/`)],
    HyperParameters: {
      ...trainingRequest('iris', source).HyperParameters,
      max_leaf_nodes: '10',
      classes: '["setosa", "virginica"]',
    },
  });
  const { ModelArtifacts } = await laptop.trained('iris');
  await laptop.sagemaker.send(
    new CreateModelCommand({
      ModelName: 'iris',
      ExecutionRoleArn: ROLE,
      PrimaryContainer: {
        Image: IMAGE,
        ModelDataUrl: ModelArtifacts?.S3ModelArtifacts,
        Environment: { SAGEMAKER_PROGRAM: 'train.py', SAGEMAKER_SUBMIT_DIRECTORY: source },
      },
    }),
  );
  await laptop.createEndpointConfig('iris', [{}]);
  await laptop.deploy('iris');
  const predict = async (Body: string, ContentType: string) => {
    const command = new InvokeEndpointCommand({ EndpointName: 'iris', Body, ContentType, Accept: 'application/json' });
    return JSON.parse(Buffer.from((await laptop.runtime.send(command)).Body).toString());
  };

  const fromCsv = await predict('5.0,3.2|7.0,3.1', 'text/csv');
  const fromColumns = await predict('{"sepal_length": {"0": 5.0}, "sepal_width": {"0": 3.2}}', 'application/json');

  expect(await laptop.trainingLog('iris')).toContain("['setosa', 'virginica']");
  expect(fromCsv).toEqual({ instances: ['setosa', 'virginica'] });
  expect(fromColumns).toEqual({ instances: ['setosa'] });
  await laptop.close();
});
