"""Jobs in processes of their own: so many at once, the next ones wait, further ones are refused.

A thread that takes too long cannot be stopped; a process can. Each worker is one process that stays, so that
Keras and the networks are loaded once. If it exceeds the time limit or dies, it is killed, and another one is
started for the next job.
"""

import contextlib
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path

from inpaintkit.serving.messages import receive, send
from inpaintkit.serving.uploads import Refused

_START_SECONDS, _LOAD_SECONDS = 120, 600  # of Python with NumPy; of TensorFlow, on a busy machine


class Jobs:
    """Runs jobs in `workers` processes. `waiting` more may wait. A job may take `seconds`.

    Example:
        >>> Jobs(workers=2, waiting=8, seconds=120).free
        10
    """

    def __init__(self, workers, waiting, seconds):
        self.seconds, self.free, self._lock = seconds, workers + waiting, threading.Lock()
        self._workers = [_Worker() for _ in range(workers)]
        self._idle = queue.Queue()
        for worker in self._workers:
            self._idle.put(worker)

    def load(self, method):
        """Loads a method in one worker. Raises Refused if it cannot be loaded."""
        self.run("load", {"method": method}, seconds=_LOAD_SECONDS)

    def warm_up(self, method):
        """Loads a method in one worker after the other, so that the others can answer meanwhile."""
        for _ in self._workers:  # an idle worker goes to the end of the queue
            try:
                self.load(method)
            except Refused as error:
                if self._workers[0].closed:
                    return
                print(f"inpaintkit: {error}", file=sys.stderr)

    @contextlib.contextmanager
    def place(self):
        """Holds one of the places (working or waiting) during the block.

        Raises:
            Refused: 503, all places are taken.
        """
        with self._lock:
            if not self.free:
                raise Refused(503, "the server is busy: try again in a minute")
            self.free -= 1
        try:
            yield
        finally:
            with self._lock:
                self.free += 1

    def run(self, task, job, progress=None, seconds=None):
        """Runs one job, when a worker is free. The caller holds a place.

        Args:
            task: name of a function of `inpaintkit.serving.worker`. job: dict of its arguments.
            progress: a function of (done, total), called while the job runs.
            seconds: another time limit than that of all jobs.

        Returns:
            What the task returns; a tuple as a list.

        Raises:
            Refused: what the task refuses; 504, the time limit; 500, the process ended or failed.
        """
        worker = self._idle.get()
        try:
            return worker.run(task, job, seconds or self.seconds, progress or (lambda done, total: None))
        finally:
            self._idle.put(worker)

    def close(self):
        """Kills all workers; none is started again."""
        for worker in self._workers:
            worker.kill(closed=True)


class _Worker:
    def __init__(self):
        self.process, self.closed, self._lock = None, False, threading.Lock()

    def ensure_started(self):
        with self._lock:
            if self.closed:
                raise Refused(503, "the server ends")
            if self.process and self.process.poll() is None:
                return
            self.process = start_python("from inpaintkit.serving.worker import main; main()")
        self._answer(_START_SECONDS, None)

    def run(self, task, job, seconds, progress):
        self.ensure_started()
        with contextlib.suppress(BrokenPipeError):  # it has died since: `_answer` says so
            send(self.process.stdin, (task, job))
        return self._answer(seconds, progress)

    def _answer(self, seconds, progress):
        """What the process answers; it is killed if that takes too long."""
        process, late = self.process, threading.Event()
        timer = threading.Timer(seconds, lambda: (late.set(), process.kill()))
        timer.start()
        try:
            while (message := receive(process.stdout))[0] == "progress":
                progress(*message[1:])
        except (EOFError, OSError, ValueError) as error:
            self.kill()
            if late.is_set():
                advice = "choose a smaller image or hole, or a faster method"
                raise Refused(
                    504, f"this took more than {seconds:g} seconds and was stopped: {advice}"
                ) from error
            raise Refused(500, "the process that does the work ended: try a smaller image") from error
        finally:
            timer.cancel()
            if late.is_set():  # perhaps just after the answer
                self.kill()
        if message[0] == "refused":
            raise Refused(*message[1:])
        return message[1]

    def kill(self, closed=False):
        with self._lock:
            self.closed |= closed
            if self.process:
                self.process.kill()
                self.process.wait()
                with contextlib.suppress(BrokenPipeError):  # of what it has not read
                    self.process.stdin.close()
                self.process.stdout.close()


def start_python(code, *arguments, **options):
    """Starts a process that runs Python code with this kit, and has pipes as stdin and stdout."""
    places = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
    environment["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"  # else the first process takes the whole GPU
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", code, *arguments], env=environment, **pipes, **options)
