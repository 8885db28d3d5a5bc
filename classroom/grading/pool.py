"""Several grading processes at once: each stays for the whole batch, and is replaced if it dies or hangs.

    for job, reply in Pool(function, workers=2, ...).run(jobs, task_of): ...

A reply is {"result": ...}, or {"error": sentence} where a submission took its process down or was not finished in time.
"""

import queue
import threading

from classroom.grading.task import Stop
from classroom.grading.worker import Died, Late, Worker

__all__ = ["Pool", "attempt"]

LIMIT_S = 420  # for one submission: what the judge allows itself, and as much again


class Pool:
    """Grading processes on this machine.

    Args:
        function: "module:name" of what grades a task.
        workers: how many.
        log: file for what they print.
        limit_s: seconds for one submission.
    """

    def __init__(self, function, *, workers, log, limit_s=LIMIT_S):
        self.function, self.count, self.log, self.limit_s = function, workers, log, limit_s
        self.closing, self.started, self.lock = False, {}, threading.Lock()

    def run(self, jobs, task_of):
        """Grade all jobs and yield each with its reply, as they come.

        Args:
            jobs: list of anything.
            task_of: gives the task of a job; called when a process is free for it.
        Raises:
            Stop: no process can grade.
        """
        todo, done = queue.SimpleQueue(), queue.SimpleQueue()
        for job in jobs:
            todo.put(job)
        threads = [threading.Thread(target=self._serve, args=[n, todo, done, task_of]) for n in range(min(self.count, len(jobs)))]
        for thread in threads:
            thread.start()
        try:
            for _ in jobs:
                job, reply = done.get()
                if isinstance(reply, Exception):
                    raise reply
                yield job, reply
        finally:
            self.closing = True
            with self.lock:
                for worker in self.started.values():
                    worker.close()
            for thread in threads:
                thread.join()

    def _serve(self, number, todo, done, task_of):
        def fresh():
            if self.closing:
                raise Stop("The batch has ended.")
            worker = Worker(self.function, self.log)
            with self.lock:
                self.started[number] = worker
                if self.closing:
                    worker.close()
            return worker

        worker = None
        try:
            while not self.closing:
                job = todo.get_nowait()
                worker, reply = attempt(worker, fresh, task_of(job), self.limit_s, self.log)
                if "stop" in reply:
                    raise Stop(reply["stop"])
                done.put((job, reply))
        except queue.Empty:
            pass
        except Exception as error:
            done.put((None, error))


def attempt(worker, fresh, task, limit_s, log):
    """Have a task graded; a process that dies is replaced and the task tried once more.

    Args:
        worker: a `Worker`, or None.
        fresh: makes one.
        task: a dict.
        limit_s: seconds.
        log: named in the sentence.
    Returns:
        A worker for the next task, or None, and the reply.
    """
    for _ in range(2):
        if worker is None:
            try:
                worker = fresh()
            except (Died, Late):
                raise Stop(f"A grading process does not start; what it said is at the end of {log}.") from None
        try:
            return worker, worker.grade(task, limit_s)
        except Late:
            worker.close()
            return None, {"error": f"Grading this submission did not end within {limit_s:g} seconds and was stopped."}
        except Died:
            worker.close()
            worker = None
    return None, {"error": "The grading process died twice while it graded this submission."}
