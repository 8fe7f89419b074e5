"""Keras Tuner's chief and workers on one machine: one process each, restarted if it dies.

The chief proposes the trials, the workers train them, and all write to one folder of results. Three
environment variables tell each process its role, so the same command can be started by hand on several
machines (see README.md).

Keras Tuner's chief does not notice that a worker has died: it would wait for that trial for ever. But a
worker that comes back *with the same name* gets its trial again.
"""

import os
import socket
import subprocess
import sys
import time

MAX_RESTARTS = 5  # per worker; after that something is wrong with the command
BAD_COMMAND = 2  # the exit code of a wrong option, which a restart cannot mend


def is_worker():
    """Whether this process trains for a chief in another process."""
    return "KERASTUNER_ORACLE_IP" in os.environ and "chief" not in os.environ.get("KERASTUNER_TUNER_ID", "")


def run(command, workers):
    """Runs a command as chief and as several workers.

    Args:
        command: list of words. workers: how many of them.

    Returns:
        int: the exit code of the chief, or of a worker that failed for good.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])

    def start(name):
        role = {"TUNER_ID": name, "ORACLE_IP": "127.0.0.1", "ORACLE_PORT": port}
        variables = {f"KERASTUNER_{key}": value for key, value in role.items()}
        process = subprocess.Popen(command, env={**os.environ, **variables})
        print(f"{name}: process {process.pid}", flush=True)
        return process

    names = [f"worker{i}" for i in range(workers)]
    chief, processes = start("chief"), {name: start(name) for name in names}
    restarts = dict.fromkeys(names, 0)
    try:
        while chief.poll() is None:
            time.sleep(0.5)
            for name in names:
                code = processes[name].poll()
                if code in (None, 0):
                    continue
                if code == BAD_COMMAND or restarts[name] == MAX_RESTARTS:
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
