"""Predicts whether a flight will arrive 15 minutes late or more, from what is known when the doors close.

SageMaker script mode: `python train.py --max-iter 150 …` with the channels `train` and `test`, CSV files with a line of
column names. The same file serves the model: SageMaker imports it and calls `model_fn`, `input_fn`, `predict_fn`, `output_fn`.

DEPARTURE is the actual time of departure (flights that leave at three in the morning are nearly all late ones), so this
model answers at push-back, not at booking.
"""

import argparse
import io
import json
import os
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, TargetEncoder

KEY = "FLIGHT_ID"
TARGET = "LATE"
MODEL_FILE = "model.joblib"


def features(flights: pd.DataFrame) -> pd.DataFrame:
    """The model's columns. No weekday and no month: five months hold too few of them to say anything about the next."""
    departure = pd.to_datetime(flights["DEPARTURE"])
    return flights.drop(columns=["DEPARTURE"]).assign(MINUTE_OF_DAY=departure.dt.hour * 60 + departure.dt.minute)


def build_model(args: argparse.Namespace):
    """Airports as their own rate of late flights (fitted out of fold), then boosted trees."""
    return make_pipeline(
        make_column_transformer((TargetEncoder(), ["ORIGIN", "DESTINATION"]), remainder="passthrough"),
        HistGradientBoostingClassifier(
            max_iter=args.max_iter,
            learning_rate=args.learning_rate,
            max_leaf_nodes=args.max_leaf_nodes,
            min_samples_leaf=100,
            random_state=0,
        ),
    )


def build_baseline():
    """What a model must beat to be worth deploying: hour and distance in a logistic regression."""
    return make_pipeline(
        make_column_transformer((StandardScaler(), ["MINUTE_OF_DAY", "DISTANCE_MILES"])), LogisticRegression()
    )


def train(args: argparse.Namespace) -> None:
    np.random.seed(0)  # TargetEncoder shuffles its folds by it
    training, testing = read_channel(args.train), read_channel(args.test)
    columns = [column for column in training.columns if column not in (KEY, TARGET)]
    x, y = features(training[columns]), training[TARGET]
    x_test, y_test = features(testing[columns]), testing[TARGET]

    report("forward:auc", forward_auc(args, training, columns))
    report("baseline:auc", roc_auc_score(y_test, build_baseline().fit(x, y).predict_proba(x_test)[:, 1]))
    model = build_model(args).fit(x, y)
    scores = model.predict_proba(x_test)[:, 1]
    report("test:auc", roc_auc_score(y_test, scores))
    report("test:average_precision", average_precision_score(y_test, scores))
    print(f"rows: {len(training)} to train, {len(testing)} to test, {y.mean():.1%} late", flush=True)

    joblib.dump({"model": model, "columns": columns}, Path(args.model_dir) / MODEL_FILE)


def forward_auc(args: argparse.Namespace, training: pd.DataFrame, columns: list) -> float:
    """How well a model of the older months does on the newest one. A random test set flatters: it knows every day's weather."""
    month = pd.to_datetime(training["DEPARTURE"]).dt.to_period("M")
    past, newest = training[month < month.max()], training[month == month.max()]
    model = build_model(args).fit(features(past[columns]), past[TARGET])
    return roc_auc_score(newest[TARGET], model.predict_proba(features(newest[columns]))[:, 1])


def report(metric: str, value: float) -> None:
    """One line a metric, in the form that pipeline.yml's regular expressions look for."""
    print(f"{metric}={value:.4f}", flush=True)


def read_channel(folder: str) -> pd.DataFrame:
    files = sorted(Path(folder).rglob("*.csv"))
    if not files:
        raise FileNotFoundError(f"the channel {folder} holds no CSV file")
    flights = pd.concat([pd.read_csv(file) for file in files])
    return flights.sort_values(KEY, ignore_index=True)  # a view has no order, and the same rows should give the same model


def model_fn(model_dir: str) -> dict:
    return joblib.load(Path(model_dir) / MODEL_FILE)


def input_fn(body, content_type: str) -> pd.DataFrame:
    """Rows without a header, in the training view's column order without key and target; CSV or a JSON list of lists."""
    kind = content_type.split(";")[0].strip()
    if kind == "text/csv":
        text = body if isinstance(body, str) else body.decode("utf-8")
        return pd.read_csv(io.StringIO(text), header=None)
    if kind == "application/json":
        return pd.DataFrame(json.loads(body))
    raise ValueError(f"content type {content_type} is not supported: send text/csv or application/json")


def predict_fn(rows: pd.DataFrame, bundle: dict):
    columns = bundle["columns"]
    if rows.shape[1] != len(columns):
        raise ValueError(f"a row has {rows.shape[1]} values; the model takes {len(columns)}: {', '.join(columns)}")
    return bundle["model"].predict_proba(features(rows.set_axis(columns, axis=1)))[:, 1]


def output_fn(probabilities, accept: str):
    if accept.split(";")[0].strip() == "text/csv":
        return "".join(f"{probability!r}\n" for probability in probabilities.tolist()), "text/csv"
    return json.dumps(probabilities.tolist()), "application/json"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--max-iter", type=int, default=150)
    parser.add_argument("--learning-rate", type=float, default=0.1)
    parser.add_argument("--max-leaf-nodes", type=int, default=31)
    parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR"))
    parser.add_argument("--train", default=os.environ.get("SM_CHANNEL_TRAIN"))
    parser.add_argument("--test", default=os.environ.get("SM_CHANNEL_TEST"))
    return parser.parse_known_args()[0]


if __name__ == "__main__":
    train(parse_arguments())
