"""Runs one piece of work in a process of its own and tells how long it took and how much memory the process ever had."""

import json
import os
import resource
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

settings = json.loads(sys.argv[1])
os.chdir(settings["folder"])
with open("config.json", "w") as file:
    # FedML knows no sslTrustStore and checks no certificates unless it is told to; it is left as it comes.
    known = ["address", "port", "user", "password", "schema"]
    json.dump({name: settings["warehouse"][name] for name in known}, file)


def peak_bytes():
    # ru_maxrss begins, on Linux, with the memory of the process that started this one.
    if sys.platform == "linux":
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measured(work):
    idle_bytes = peak_bytes()
    cpu_before = time.process_time()
    started = time.perf_counter()
    row_count = work(settings)
    answer = {
        "seconds": time.perf_counter() - started,
        "cpuSeconds": time.process_time() - cpu_before,
        "idleBytes": idle_bytes,
        "peakBytes": peak_bytes(),
        "rowCount": row_count,
    }
    print("\n" + json.dumps(answer))
