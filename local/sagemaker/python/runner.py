"""Runs a user's training script as SageMaker's script-mode containers do.

Usage: runner.py BASE_DIR

BASE_DIR plays /opt/ml: input/config holds hyperparameters.json, inputdataconfig.json and resourceconfig.json,
input/data/<channel> the data, and code/ the unpacked sourcedir.tar.gz. The script gets its hyperparameters as
command-line arguments and the SM_* environment; it leaves its model in model/ and other files in output/data/.

The exit status is the container's: 0 when the script succeeded, else 1 with the reason in output/failure.
Standard library only.
"""

import json
import os
import shlex
import subprocess
import sys
import traceback

from fedml_container import end_with_parent, has_requirements, install_requirements

FRAMEWORK_KEYS = {
    "sagemaker_program",
    "sagemaker_submit_directory",
    "sagemaker_enable_cloudwatch_metrics",
    "sagemaker_region",
    "sagemaker_container_log_level",
    "sagemaker_job_name",
    "sagemaker_s3_output",
    "default_user_module_name",
    "_tuning_objective_metric",
}


class TrainingFailure(Exception):
    """A command that ended with another status than 0, in the text of SageMaker's training toolkit."""

    def __init__(self, kind, status, command):
        super().__init__('%s:\nExitCode %d\nErrorMessage ""\nCommand "%s"' % (kind, status, command))


class Job:
    """The decoded input/config of one job, and where its folders are."""

    def __init__(self, base_dir):
        self.base_dir = os.path.abspath(base_dir)
        self.code_dir = self.path("code")
        self.packages_dir = self.path("packages")
        self.resources = self._config("resourceconfig")
        self.channels = self._config("inputdataconfig")
        decoded = {key: _decode(text) for key, text in self._config("hyperparameters").items()}
        self.framework = {key: value for key, value in decoded.items() if _is_framework_key(key)}
        self.hyperparameters = {key: value for key, value in decoded.items() if not _is_framework_key(key)}
        self.entry_point = self.framework.get("sagemaker_program", "train.py")

    def path(self, *names):
        return os.path.join(self.base_dir, *names)

    def _config(self, name):
        with open(self.path("input", "config", name + ".json"), encoding="utf-8") as file:
            return json.load(file)


def main(base_dir):
    job = Job(base_dir)
    try:
        os.makedirs(job.path("model"), exist_ok=True)
        os.makedirs(job.path("output", "data"), exist_ok=True)
        train(job)
        open(job.path("output", "success"), "w").close()
        return 0
    except TrainingFailure as failure:
        report_failure(job, str(failure))
    except Exception:
        report_failure(job, "Framework Error: \n" + traceback.format_exc())
    return 1


def train(job):
    """Installs the requirements and runs the entry point; raises TrainingFailure when either fails."""
    if has_requirements(job.code_dir):
        status, command = install_requirements(job.code_dir, job.packages_dir)
        if status != 0:
            raise TrainingFailure("InstallRequirementsError", status, command)
    arguments = command_line_arguments(job.hyperparameters)
    command = entry_point_command(job, arguments)
    environment = {**os.environ, **training_environment(job, arguments)}
    status = subprocess.call(
        command, cwd=job.code_dir, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT
    )
    if status != 0:
        raise TrainingFailure("ExecuteUserScriptError", status, " ".join(command))


def command_line_arguments(hyperparameters):
    """--key value in the order of the keys; -k for one letter; Python's own text for the values."""
    arguments = []
    for key in sorted(hyperparameters):
        arguments.append(("--" if len(key) > 1 else "-") + key)
        arguments.append(_argument_text(hyperparameters[key]))
    return arguments


def entry_point_command(job, arguments):
    """A Python script runs under this interpreter, anything else under /bin/sh."""
    if job.entry_point.endswith(".py"):
        return [sys.executable, job.entry_point, *arguments]
    os.chmod(os.path.join(job.code_dir, job.entry_point), 0o777)
    return ["/bin/sh", "-c", " ".join(["./" + job.entry_point, *map(shlex.quote, arguments)])]


def training_environment(job, arguments):
    """The SM_* variables and their neighbours, as text."""
    hosts = job.resources["hosts"]
    groups = job.resources.get("instance_groups", [])
    current_group = job.resources.get("current_group_name", "homogeneousCluster")
    channel_dirs = {name: job.path("input", "data", name) for name in job.channels}
    values = {
        "HOSTS": hosts,
        "CURRENT_HOST": job.resources["current_host"],
        "NETWORK_INTERFACE_NAME": job.resources.get("network_interface_name", "eth0"),
        "RESOURCE_CONFIG": job.resources,
        "INPUT_DATA_CONFIG": job.channels,
        "CURRENT_INSTANCE_TYPE": job.resources.get("current_instance_type", "local"),
        "CURRENT_INSTANCE_GROUP": current_group,
        "CURRENT_INSTANCE_GROUP_HOSTS": _hosts_of(current_group, groups, hosts),
        "INSTANCE_GROUPS": [group["instance_group_name"] for group in groups],
        "INSTANCE_GROUPS_DICT": {group["instance_group_name"]: group for group in groups},
        "DISTRIBUTION_INSTANCE_GROUPS": [],
        "IS_HETERO": len(groups) > 1,
        "CHANNELS": sorted(job.channels),
        "HPS": job.hyperparameters,
        "USER_ARGS": arguments,
        "FRAMEWORK_PARAMS": {k: v for k, v in job.framework.items() if k not in FRAMEWORK_KEYS},
        "USER_ENTRY_POINT": job.entry_point,
        "MODULE_NAME": _without_py(job.entry_point),
        "MODULE_DIR": job.framework.get("sagemaker_submit_directory", job.code_dir),
        "LOG_LEVEL": job.framework.get("sagemaker_container_log_level", 20),
        "FRAMEWORK_MODULE": os.environ.get("SAGEMAKER_TRAINING_MODULE"),
        "NUM_CPUS": os.cpu_count(),
        "NUM_GPUS": 0,
        "NUM_NEURONS": 0,
        "INPUT_DIR": job.path("input"),
        "INPUT_CONFIG_DIR": job.path("input", "config"),
        "OUTPUT_DIR": job.path("output"),
        "OUTPUT_DATA_DIR": job.path("output", "data"),
        "OUTPUT_INTERMEDIATE_DIR": job.path("output", "intermediate"),
        "MODEL_DIR": job.path("model"),
        "TRAINING_ENV": {
            "channel_input_dirs": channel_dirs,
            "hyperparameters": job.hyperparameters,
            "current_host": job.resources["current_host"],
            "hosts": hosts,
            "model_dir": job.path("model"),
            "output_data_dir": job.path("output", "data"),
        },
    }
    values.update({"CHANNEL_" + name.upper(): folder for name, folder in channel_dirs.items()})
    values.update({"HP_" + key.upper(): value for key, value in job.hyperparameters.items()})
    environment = {"SM_" + name: _environment_text(value) for name, value in values.items()}
    environment["SAGEMAKER_JOB_NAME"] = _environment_text(job.framework.get("sagemaker_job_name"))
    environment["SAGEMAKER_REGION"] = _environment_text(job.framework.get("sagemaker_region"))
    environment["CURRENT_HOST"] = job.resources["current_host"]
    # The first entry of sys.path is this runner's own folder, which is no part of the container.
    environment["PYTHONPATH"] = os.pathsep.join([job.code_dir, job.packages_dir, *filter(None, sys.path[1:])])
    environment["PYTHONUNBUFFERED"] = "1"
    return environment


def report_failure(job, text):
    """Logs the failure and keeps it in output/failure, unless the script wrote a reason of its own there."""
    print(text, flush=True)
    path = job.path("output", "failure")
    if not os.path.exists(path):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def _decode(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def _is_framework_key(key):
    return key in FRAMEWORK_KEYS or key.startswith("sagemaker_")


def _argument_text(value):
    if value is None:
        return ""
    if isinstance(value, dict):
        return ",".join("%s=%s" % item for item in sorted(value.items()))
    return str(value)


def _environment_text(value):
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))


def _hosts_of(group_name, groups, all_hosts):
    for group in groups:
        if group["instance_group_name"] == group_name:
            return group["hosts"]
    return all_hosts


def _without_py(entry_point):
    return entry_point[:-3] if entry_point.endswith(".py") else entry_point


if __name__ == "__main__":
    end_with_parent()
    sys.exit(main(sys.argv[1]))
