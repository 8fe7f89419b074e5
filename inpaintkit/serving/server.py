"""Starts the server: `serve` in this process until Ctrl-C, `app` in a process of its own, for notebooks."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import signal
import socket
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from inpaintkit.checks import check_number, check_type, is_count
from inpaintkit.serving.jobs import Jobs, start_python

if TYPE_CHECKING:
    import keras

WAITING = 8  # requests that may wait for a worker


def serve(
    models: list[str] | tuple[str, ...] = (),
    host: str = "127.0.0.1",
    port: int = 7860,
    workers: int = 2,
    seconds: float = 120,
) -> None:
    """Serves the page and the HTTP interface until Ctrl-C, in a process that does nothing else.

    Args:
        models: paths of `.keras` or `.onnx` files to offer beside the methods of the kit.
        host: address to listen on. Only this machine reaches the default; others, too, reach "0.0.0.0".
        port: 0 takes a free one.
        workers: fills that run at once, each in a process of its own.
        seconds: time limit of one fill; after it, the process that fills is killed.

    Returns:
        None, after Ctrl-C.

    Raises:
        ValueError: Gradio is not installed, a file cannot be loaded, or nothing can listen on this port.

    Example:
        >>> import inpaintkit as ik
        >>> ik.serving.serve(port=70000)
        Traceback (most recent call last):
        ValueError: port=70000: expected 0 to 65535
    """

    def started(url, _):
        print(f"Open {url} in a browser.", flush=True)
        if not is_local(host):
            print("Other machines reach this server by its address, too. There is no password.", flush=True)

    _run(models, host, port, workers, seconds, started)


class RunningApp:
    """A server that `app` has started; in a notebook, its page.

    Args:
        url: of the page.
        to_close: what `close` closes: the server, and a folder with the models that were given.

    Example:
        >>> import inpaintkit as ik
        >>> import contextlib
        >>> ik.serving.RunningApp("http://127.0.0.1:7860", contextlib.ExitStack())
        RunningApp('http://127.0.0.1:7860')
    """

    def __init__(self, url: str, to_close: contextlib.ExitStack):
        self.url, self._to_close = url, to_close

    def __repr__(self):
        return f"RunningApp({self.url!r})"

    def _ipython_display_(self):
        if "google.colab" in sys.modules:
            from google.colab import output

            output.serve_kernel_port_as_iframe(int(self.url.rpartition(":")[2]), height="1000")
        else:
            from IPython.display import IFrame, display

            display(IFrame(self.url, width="100%", height=1000))

    def close(self) -> None:
        """Ends the server and its workers."""
        self._to_close.close()  # closes the pipes, which ends the server, and waits for it


def app(
    *models: str | Path | keras.Model,
    host: str = "127.0.0.1",
    port: int = 0,
    workers: int = 2,
    seconds: float = 120,
) -> RunningApp:
    """Starts the page and the HTTP interface in a process of their own. A notebook shows the page.

    Args:
        models: networks to offer beside the methods of the kit: Keras models over `[image, mask]`, or paths
            of `.keras` or `.onnx` files.
        host, port, workers, seconds: as for `ik.serving.serve`; by default a free port is taken.

    Returns:
        `RunningApp`: `.url` of the page, and `.close()`. The server also ends with this process.

    Raises:
        ValueError: the server did not start; the message says why.

    Example:
        >>> import inpaintkit as ik
        >>> ik.app("no_such.keras")
        Traceback (most recent call last):
        ValueError: no_such.keras: there is no such file
    """
    settings = {"host": host, "port": port, "workers": workers, "seconds": seconds}
    with contextlib.ExitStack() as to_close:
        folder = to_close.enter_context(tempfile.TemporaryDirectory())
        settings["models"] = [_path_of(model, Path(folder, str(i))) for i, model in enumerate(models)]
        code = "from inpaintkit.serving.server import main; main()"
        apart = {"start_new_session": True}  # a notebook's "interrupt" reaches the processes of its session
        process = to_close.enter_context(start_python(code, json.dumps(settings), text=True, **apart))
        answer = process.stdout.readline().strip()
        if not answer.startswith("http"):
            raise ValueError(answer or "the server did not start: its messages say why")
        return RunningApp(answer, to_close.pop_all())


def main():
    """The process that `app` starts: it prints its address or what is wrong, and ends with its stdin."""

    def started(url, server):
        def stop():
            sys.stdin.read()
            server.should_exit = True

        threading.Thread(target=stop, daemon=True).start()
        print(url, flush=True)

    try:
        _run(**json.loads(sys.argv[1]), started=started)
    except ValueError as error:
        print(error)


def _run(models, host, port, workers, seconds, started):
    check_type("models", models, (list, tuple), "a list of paths of .keras or .onnx files")
    check_number("workers", workers, 1, 64, whole=True)
    check_number("seconds", seconds, 0.001)
    with tempfile.TemporaryDirectory(prefix="inpaintkit-") as folder, _listen(host, port) as listening:
        # Gradio reads these when it is imported: no statistics, and its files go when the server ends.
        os.environ |= {"GRADIO_ANALYTICS_ENABLED": "False", "GRADIO_TEMP_DIR": folder, "TMPDIR": folder}
        tempfile.tempdir = folder
        try:
            import uvicorn

            from inpaintkit.serving.web import DEFAULT, build_server
        except ModuleNotFoundError as error:
            advice = "pip install 'gradio>=5.50,<7'"
            raise ValueError(f"this needs Gradio, and {error.name!r} is not installed: {advice}") from error
        jobs = Jobs(workers, WAITING, seconds)
        with contextlib.closing(jobs):
            limits = {"limit_concurrency": 200, "timeout_graceful_shutdown": 2}
            # Colab's own proxy reaches the server, by a name of Colab.
            local = is_local(listening.getsockname()[0]) and "COLAB_RELEASE_TAG" not in os.environ
            built = build_server(jobs, models, local)
            server = uvicorn.Server(uvicorn.Config(built, log_level="warning", **limits))
            if threading.current_thread() is threading.main_thread():  # else `kill` would clean nothing up
                signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
            threading.Thread(target=jobs.warm_up, args=[DEFAULT], daemon=True).start()
            started(_url(host, listening), server)
            server.run(sockets=[listening])


def _listen(host, port):
    check_type("host", host, str, "an address, such as 127.0.0.1")
    if not is_count(port, 0) or port > 65535:
        raise ValueError(f"port={port!r}: expected 0 to 65535")
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise ValueError(f"cannot listen on {host}, port {port} ({error}): choose another port") from error


def is_local(host):
    """Whether only this machine reaches what listens there.

    Example:
        >>> is_local("127.0.0.1"), is_local("::1"), is_local("0.0.0.0")
        (True, True, False)
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _url(host, listening):
    """What to open in a browser of this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"


def _path_of(model, folder):
    """The path of a model; a Keras model is saved in the folder first, under its name."""
    if isinstance(model, str | Path):
        if not Path(model).is_file():
            raise ValueError(f"{model}: there is no such file")
        return str(Path(model).resolve())
    if not hasattr(model, "save"):
        raise ValueError(f"a model of type {type(model).__name__}: expected a Keras model or the path of one")
    folder.mkdir()
    model.save(folder / f"{model.name}.keras")
    return str(folder / f"{model.name}.keras")
