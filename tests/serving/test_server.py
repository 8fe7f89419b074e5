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

from inpaintkit.serving import server


def workers_of(pid):
    files = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for file in files for child in file.read_text().split()]


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1"), ("0.0.0.0", "http://127.0.0.1"), ("::1", "http://[::1]")],
)
def test_the_address_that_is_shown_opens_here(host, url, monkeypatch, capsys):
    def started(models, host, port, workers, seconds, started):
        with server._listen(host, port) as listening:
            started(server._url(host, listening), None)

    monkeypatch.setattr(server, "_run", started)
    try:
        server.serve(host=host, port=0)
    except ValueError as error:
        pytest.skip(f"no IPv6 here: {error}")
    told = capsys.readouterr().out
    assert re.match(rf"Open {re.escape(url)}:[0-9]+ in a browser", told)
    assert ("no password" in told) == (host == "0.0.0.0")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are listed in Linux's /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_no_process_and_no_file(number, tmp_path):
    pytest.importorskip("gradio")
    command = [sys.executable, "-m", "inpaintkit", "app", "--port", "0", "--workers", "1"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    url = re.match("Open (http://127.0.0.1:[0-9]+) ", process.stdout.readline())[1]
    urllib.request.urlopen(f"{url}/api/health", timeout=60).close()
    while not (workers := workers_of(process.pid)):
        time.sleep(0.1)
    assert list(tmp_path.glob("inpaintkit-*"))
    process.send_signal(number)
    process.wait(60)
    process.stdout.close()
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
    assert not list(tmp_path.glob("inpaintkit-*"))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are listed in Linux's /proc")
def test_interrupting_a_cell_of_a_notebook_does_not_end_the_server(server):
    """Jupyter sends the signal to all processes of the kernel's group."""
    code = b"inpaintkit.serving.server"
    servers = [p for p in workers_of(os.getpid()) if code in Path(f"/proc/{p}/cmdline").read_bytes()]
    assert servers and all(os.getpgid(process) != os.getpgid(0) for process in servers)
