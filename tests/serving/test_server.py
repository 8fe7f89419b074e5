"""How a server ends: no process and no file stays."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest


def workers_of(pid):
    files = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for file in files for child in file.read_text().split()]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are listed in Linux's /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_no_process_and_no_file(number, tmp_path):
    pytest.importorskip("gradio")
    command = [sys.executable, "-m", "inpaintkit", "app", "--port", "0", "--workers", "1"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    url = re.match("Open (http://127.0.0.1:[0-9]+) ", server.stdout.readline())[1]
    urllib.request.urlopen(f"{url}/api/health", timeout=60).close()
    while not (workers := workers_of(server.pid)):
        time.sleep(0.1)
    assert list(tmp_path.glob("inpaintkit-*"))
    server.send_signal(number)
    server.wait(60)
    server.stdout.close()
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
    assert not list(tmp_path.glob("inpaintkit-*"))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are listed in Linux's /proc")
def test_interrupting_a_cell_of_a_notebook_does_not_end_the_server(server):
    """Jupyter sends the signal to all processes of the kernel's group."""
    code = b"inpaintkit.serving.server"
    servers = [p for p in workers_of(os.getpid()) if code in Path(f"/proc/{p}/cmdline").read_bytes()]
    assert servers and all(os.getpgid(process) != os.getpgid(0) for process in servers)
