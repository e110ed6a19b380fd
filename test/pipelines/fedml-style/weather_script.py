import argparse
import csv
import io
import os

import joblib
import pandas as pd
from sklearn.ensemble import RandomForestClassifier

feature_columns = ["PRECIPITATION", "TEMP_MAX", "TEMP_MIN", "WIND"]
label_column = "IS_DRY"

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--n_estimators", type=int, default=10)
    parser.add_argument("--features", type=str)
    parser.add_argument("--output-data-dir", type=str, default=os.environ["SM_OUTPUT_DATA_DIR"])
    parser.add_argument("--model-dir", type=str, default=os.environ["SM_MODEL_DIR"])
    parser.add_argument("--train", type=str, default=os.environ["SM_CHANNEL_TRAIN"])
    parser.add_argument("--test", type=str, default=os.environ["SM_CHANNEL_TEST"])
    args = parser.parse_args()

    input_files = [os.path.join(args.train, file) for file in os.listdir(args.train)]
    raw_data = [pd.read_csv(file, header=None, engine="python") for file in input_files]
    train_data = pd.concat(raw_data)
    train_data.columns = feature_columns + [label_column]

    model = RandomForestClassifier(n_estimators=args.n_estimators)
    model.fit(train_data[args.features.split(",")].values, train_data[label_column].values)
    joblib.dump(model, os.path.join(args.model_dir, "model.joblib"))


def model_fn(model_dir):
    return joblib.load(os.path.join(model_dir, "model.joblib"))


def input_fn(request_body, request_content_type):
    if request_content_type != "text/csv":
        raise ValueError("only text/csv")
    return [[float(value) for value in row] for row in csv.reader(io.StringIO(request_body))]


def predict_fn(input_data, model):
    return model.predict(input_data)


def output_fn(prediction, content_type):
    return "\n".join(str(int(value)) for value in prediction)
