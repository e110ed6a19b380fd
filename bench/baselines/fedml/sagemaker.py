"""What fedml-aws uses of the SageMaker SDK on its way to S3: it imports it together with boto3, and hides what fails there.

SageMaker itself has no part in the bench, so that its SDK, hundreds of megabytes, is not installed for three names.
"""

import sys
import types


def get_execution_role():
    return "arn:aws:iam::000000000000:role/bench"


class TrainingInput:
    def __init__(self, s3_data, content_type=None, distribution=None):
        self.s3_data = s3_data


class SKLearn:
    pass


def module(name, **members):
    made = types.ModuleType(name)
    made.__dict__.update(members)
    sys.modules[name] = made
    return made


inputs = module("sagemaker.inputs", TrainingInput=TrainingInput)
module("sagemaker.sklearn")
module("sagemaker.sklearn.estimator", SKLearn=SKLearn)
__path__ = []
