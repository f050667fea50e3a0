"""Where batches are tagged: worker processes on this machine, a Dask cluster, or another backend of joblib."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from itertools import islice
from multiprocessing.connection import wait
from typing import Any, Protocol

from ..errors import DDClassifyError, InputError, MissingExtraError, WorkerError
from .batches import Batch
from .tagging import TaggedBatch, TagSettings, failed_batch, tag_batch

QUEUED = 2
"""Batches given out for each worker: one that it works on and one that waits."""

PATIENCE = 2.0
"""Seconds that loky has to notice that its workers have ended."""

ROUND = 16
"""Batches for each worker that a backend of joblib gets at once: its rows wait in memory until all are done."""


class Pool(Protocol):
    """Tags batches, several at a time."""

    width: int
    """Batches that may be given out and not yet taken back."""

    def submit(self, batch: Batch) -> Future[TaggedBatch]:
        """Begin to tag a batch."""

    def refuse(self, batch: Batch, message: str) -> TaggedBatch:
        """What stands for a batch of one document that killed its worker."""

    def renew(self) -> None:
        """New workers in place of dead ones."""

    def died(self, error: BaseException) -> bool:
        """Whether an error of a submitted batch means that its worker is gone."""

    def check(self) -> None:
        """Called now and then while a batch is waited for: let those fail that no worker is at any more."""

    def close(self) -> None:
        """End the workers, whatever they are at."""


class ProcessPool:
    """Worker processes on this machine, started afresh (loky), each with a model of its own.

    Args:
        settings: of every batch.
        jobs: how many processes.
    """

    def __init__(self, settings: TagSettings, jobs: int) -> None:
        self.width = QUEUED * jobs
        self._settings = settings
        self._jobs = jobs
        self._executor = self._start()
        self._missing = False
        # What loky says when a worker with much memory is replaced by a new one, which costs nothing but time.
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs", category=UserWarning)

    def submit(self, batch: Batch) -> Future[TaggedBatch]:
        """Begin to tag a batch."""
        future: Future[TaggedBatch] = self._executor.submit(tag_batch, self._settings, batch)
        return future

    def refuse(self, batch: Batch, message: str) -> TaggedBatch:
        """What stands for a batch of one document that killed its worker."""
        future: Future[TaggedBatch] = self._executor.submit(failed_batch, self._settings, batch, message)
        return future.result()

    def renew(self) -> None:
        """New workers in place of dead ones."""
        self.close()
        self._executor = self._start()

    def died(self, error: BaseException) -> bool:
        """Whether an error of a submitted batch means that its worker is gone."""
        return isinstance(error, BrokenExecutor)

    def check(self) -> None:
        """End all workers when one has been dead for a while and loky has not seen it.

        It waits for the rest of a result when a worker was killed in the middle of handing it over; without any
        worker it sees the end.
        """
        try:
            dead = bool(wait([process.sentinel for process in self._processes()], timeout=0))
        except (OSError, ValueError):  # loky has just seen it
            dead = False
        if dead and self._missing:
            self._terminate()
        self._missing = dead

    def close(self) -> None:
        """End the workers, whatever they are at."""
        # Not by `kill_workers`: loky then trips over what was submitted a moment before, with a traceback on stderr.
        self._terminate()
        self._executor.shutdown(wait=True)

    def _processes(self) -> list[Any]:
        return list(self._executor._processes.values())

    def _terminate(self) -> None:
        """End the workers, and see to it that loky notices."""
        for process in self._processes():
            process.terminate()
        manager, results = self._executor._executor_manager_thread, self._executor._result_queue
        if manager is not None:
            manager.join(PATIENCE)
            if manager.is_alive():
                # It waits for the rest of a result that a worker began to hand over; with this end closed too it has
                # come. Not before: loky closes it as well once it has noticed, and the two must not meet.
                results._writer.close()

    def _start(self) -> Any:
        from joblib.externals.loky import ProcessPoolExecutor

        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
        return ProcessPoolExecutor(
            self._jobs, initializer=_begin_worker, initargs=(os.getpid(),), env=dict.fromkeys(names, "1")
        )


class DaskPool:
    """Workers of a Dask cluster, each with ddclassify and the model installed.

    Args:
        settings: of every batch.
        scheduler: the scheduler's address, tcp://HOST:PORT.
        jobs: how many batches are given out at a time, in units of workers; None: for all workers.

    Raises:
        MissingExtraError: the extra `dask` is not installed.
        WorkerError: there is no scheduler at that address, or it has no workers.
    """

    def __init__(self, settings: TagSettings, scheduler: str, jobs: int | None = None) -> None:
        try:
            import distributed
        except ModuleNotFoundError:
            raise MissingExtraError("tagging on a Dask cluster", "dask") from None
        self._settings = settings
        client: Any = distributed.Client
        try:
            self._client = client(scheduler, timeout=10, set_as_default=False)
            threads = sum(self._client.nthreads().values())
        except (OSError, ValueError) as error:
            raise WorkerError(f"{scheduler}: no Dask scheduler answers there: {_first_line(error)}") from None
        if not threads:
            self._client.close()
            raise WorkerError(f"{scheduler}: the scheduler has no workers; start some with: dask worker {scheduler}")
        self.width = QUEUED * (min(jobs, threads) if jobs else threads)
        self._executor: Executor = self._client.get_executor(pure=False)

    def submit(self, batch: Batch) -> Future[TaggedBatch]:
        """Begin to tag a batch."""
        return self._executor.submit(tag_batch, self._settings, batch)

    def refuse(self, batch: Batch, message: str) -> TaggedBatch:
        """What stands for a batch of one document that killed its worker."""
        return self._executor.submit(failed_batch, self._settings, batch, message).result()

    def renew(self) -> None:
        """Nothing: Dask replaces its workers itself."""

    def died(self, error: BaseException) -> bool:
        """Whether an error of a submitted batch means that its worker is gone."""
        return type(error).__name__ == "KilledWorker"

    def check(self) -> None:
        """Nothing: the scheduler watches its workers."""

    def close(self) -> None:
        """Leave the cluster, which then drops what it was still to do."""
        self._client.close()


def tag_with_joblib(
    batches: Iterable[Batch], settings: TagSettings, backend: str, jobs: int | None
) -> Iterator[TaggedBatch]:
    """Tag batches in order with any backend registered with joblib.

    Raises:
        InputError: there is no such backend.
        WorkerError: the backend failed; it may have retried by its own rules.
    """
    import joblib

    _register(backend)
    stream = iter(batches)
    try:
        context = joblib.parallel_config(backend=backend, n_jobs=jobs or -1)
    except (ValueError, ImportError) as error:
        raise InputError(f"--backend {backend}: {_first_line(error)}") from None
    with context, joblib.Parallel(batch_size=1, max_nbytes=None) as parallel:
        while group := list(islice(stream, ROUND * parallel._effective_n_jobs())):
            try:
                yield from parallel(joblib.delayed(tag_batch)(settings, batch) for batch in group)
            except DDClassifyError:
                raise
            except Exception as error:
                raise WorkerError(f"--backend {backend}: {type(error).__name__}: {_first_line(error)}") from None


def _register(backend: str) -> None:
    """Make known the backends of packages that must be asked to."""
    try:
        if backend == "ray":
            from ray.util.joblib import register_ray

            register_ray()
        elif backend == "spark":
            from joblibspark import register_spark

            register_spark()
    except ModuleNotFoundError as error:
        raise InputError(f"--backend {backend}: the package {error.name!r} is not installed") from None


def _begin_worker(parent: int) -> None:
    """In a new worker: an interruption is the parent's to handle, and a worker whose parent was killed ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    if os.name == "posix":
        threading.Thread(target=watch, daemon=True).start()


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
