"""What the training runner and the model server share: their tie to the parent, and requirements.txt.

Standard library only. The long module name keeps clear of the names that users give their own modules.
"""

import os
import signal
import subprocess
import sys
import threading


def end_with_parent(clean_up=lambda: None):
    """Ends this process and all its children when standard input ends, which is when the parent dies.

    The kernel closes the parent's end of the pipe however the parent dies, SIGKILL included. clean_up does what the
    parent no longer can.
    """
    threading.Thread(target=_wait_for_end_of_input, args=(clean_up,), daemon=True).start()


def install_requirements(code_dir, packages_dir):
    """Installs code_dir/requirements.txt into packages_dir; returns (exit status, command line).

    A folder of its own keeps one job's packages out of the interpreter that all jobs share.
    """
    command = [sys.executable, "-m", "pip", "install", "-r", "requirements.txt"]
    environment = {**os.environ, "PIP_TARGET": packages_dir, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    status = subprocess.call(
        command, cwd=code_dir, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT
    )
    return status, " ".join(command)


def has_requirements(code_dir):
    """True when code_dir/requirements.txt exists and is to be installed; says so in the log when it is not."""
    if not os.path.exists(os.path.join(code_dir, "requirements.txt")):
        return False
    if os.environ.get("FEDML_INSTALL_REQUIREMENTS") == "1":
        return True
    print(
        "WARNING: requirements.txt is not installed: this SageMaker runs with installRequirements off. "
        "The packages of " + sys.executable + " are used as they are.",
        flush=True,
    )
    return False


def _wait_for_end_of_input(clean_up):
    while os.read(0, 4096):
        pass
    try:
        clean_up()
    finally:
        if hasattr(os, "killpg"):
            os.killpg(os.getpgrp(), signal.SIGKILL)
    subprocess.call(["taskkill", "/F", "/T", "/PID", str(os.getpid())])
