"""Scores the flights of a CSV file with a model.joblib, apart from the pipeline: `predict-with-model.py MODEL_DIR TRAIN_PY`.

Reads lines of key and features from standard input, writes lines of key and probability to standard output.
"""

import importlib.util
import sys

import pandas as pd

spec = importlib.util.spec_from_file_location("train", sys.argv[2])
train = importlib.util.module_from_spec(spec)
spec.loader.exec_module(train)

flights = pd.read_csv(sys.stdin)
bundle = train.model_fn(sys.argv[1])
probabilities = bundle["model"].predict_proba(train.features(flights[bundle["columns"]]))[:, 1]
for key, probability in zip(flights["FLIGHT_ID"], probabilities):
    print(f"{key},{float(probability)!r}")
