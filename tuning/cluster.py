"""Keras Tuner's chief and workers on one machine, each a process of its own, started again if it dies.

The chief proposes the trials, the workers train them, and all see one folder of results. Roles are told by
three variables of the environment, so that on several machines the same command is given by hand (see
README.md).

Keras Tuner's chief does not notice that a worker has died: it would wait for that trial for ever. But a
worker that comes back *with the same name* is given its trial again.
"""

import os
import socket
import subprocess
import sys
import time

RESTARTS = 5  # of each worker; more is no accident
REFUSED = 2  # exit code of a mistake in the command, which no restart mends


def is_worker():
    """Whether this process trains for a chief elsewhere."""
    return "KERASTUNER_ORACLE_IP" in os.environ and "chief" not in os.environ.get("KERASTUNER_TUNER_ID", "")


def run(command, workers):
    """Runs a command as chief and as so many workers.

    Returns:
        int: the exit code, the chief's unless a worker could not go on.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def start(name):
        role = {"TUNER_ID": name, "ORACLE_IP": "127.0.0.1", "ORACLE_PORT": str(port)}
        process = subprocess.Popen(command, env=os.environ | {f"KERASTUNER_{k}": v for k, v in role.items()})
        print(f"{name}: process {process.pid}", flush=True)
        return process

    names = [f"worker{i}" for i in range(workers)]
    chief, processes = start("chief"), {name: start(name) for name in names}
    restarts = dict.fromkeys(names, 0)
    try:
        while chief.poll() is None:
            time.sleep(0.5)
            for name, code in [(name, process.poll()) for name, process in processes.items()]:
                if code in (None, 0):
                    continue
                if code == REFUSED or restarts[name] == RESTARTS:
                    print(f"{name}: ended with code {code}, and the search with it", file=sys.stderr)
                    return code if code > 0 else 1
                restarts[name] += 1
                print(f"{name}: ended with code {code}; starting it again", file=sys.stderr)
                processes[name] = start(name)
        return chief.returncode if chief.returncode >= 0 else 1
    finally:
        for process in (chief, *processes.values()):
            process.terminate()
            process.wait()
