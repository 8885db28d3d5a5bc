"""The same work on many machines, over Dask's distributed: tasks go out as data, results come back as data.

On each of Dask's workers a grading process of this course does the work, with the same limits as on one machine; only the machine that
asks writes bundles and the gradebook. The scheduler and its workers are trusted: they see submissions and seeds.
"""

import tempfile
import threading
from pathlib import Path

from classroom.grading import fingerprint
from classroom.grading.pool import LIMIT_S, attempt
from classroom.grading.task import Stop
from classroom.grading.worker import Worker

__all__ = ["Cluster"]

MINE = threading.local()  # the grading process of one of Dask's threads


class Cluster:
    """Grading processes on the machines of a Dask cluster; used like a `Pool`.

    Args:
        function: "module:name" of what grades a task.
        scheduler: its address, such as "tcp://10.0.0.1:8786".
        limit_s: seconds for one submission.
    """

    def __init__(self, function, *, scheduler, limit_s=LIMIT_S):
        self.function, self.scheduler, self.limit_s = function, scheduler, limit_s

    def run(self, jobs, task_of):
        """Grade all jobs and yield each with its reply, as they come.

        Raises:
            Stop: distributed is not installed, no scheduler answers, or a machine has another course.
        """
        try:
            from distributed import Client, as_completed
        except ImportError:
            raise Stop("--scheduler needs Dask: install it with `pip install distributed`, here and on every worker.") from None
        try:
            client = Client(self.scheduler, timeout=30)
        except OSError as error:
            raise Stop(f"No Dask scheduler answers at {self.scheduler}: {error}.") from None
        with client:
            self._require_same_grader(client)
            waiting = iter(jobs)

            def submit():
                for job in waiting:
                    return client.submit(run_task, self.function, task_of(job), self.limit_s, pure=False), job
                return None

            ahead = 2 * max(1, sum(client.nthreads().values()))  # submissions that lie ready, not all of them
            futures = dict(filter(None, (submit() for _ in range(ahead))))
            arriving = as_completed(futures)
            for future in arriving:
                job = futures.pop(future)
                if following := submit():
                    futures[following[0]] = following[1]
                    arriving.add(following[0])
                try:
                    reply = future.result()  # waits, where the machine went away with a result that was there, until it is there again
                except Exception as error:  # Dask's own, such as KilledWorker; what the grader raises is a reply
                    reply = {"error": f"Dask could not have this submission graded ({type(error).__name__})."}
                if "stop" in reply:
                    raise Stop(reply["stop"])
                yield job, reply

    def _require_same_grader(self, client):
        own = fingerprints()
        for address, found in client.run(fingerprints).items():
            for name in own:
                if own[name] != found[name]:
                    raise Stop(f"The Dask worker at {address} has other {name} than this machine; install the same course on both.")


def fingerprints():
    """What must be the same on all machines."""
    return {"checks": fingerprint.checks(), "environment": fingerprint.environment()}


def run_task(function, task, limit_s):
    """What a thread of a Dask worker does: hand the task to its own grading process."""
    log = Path(tempfile.gettempdir(), "rnn-grading.log")
    try:
        MINE.worker, reply = attempt(getattr(MINE, "worker", None), lambda: Worker(function, log), task, limit_s, log)
    except Stop as why:
        reply = {"stop": str(why)}
    return reply
