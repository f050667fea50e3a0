"""Batches through workers, in order; a document that kills workers is found and set aside."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, wait

from ..errors import DDClassifyError, WorkerError
from .batches import Batch
from .pools import DaskPool, Pool, ProcessPool, tag_with_joblib
from .tagging import TaggedBatch, TagSettings, join, tag_batch

LOCAL = "loky"
DASK = "dask"

PATIENCE = 2.0
"""Seconds between looks at the workers while a batch is waited for."""


def tag_batches(
    batches: Iterable[Batch],
    settings: TagSettings,
    *,
    jobs: int | None = 1,
    backend: str = LOCAL,
    scheduler: str | None = None,
) -> Generator[TaggedBatch, None, None]:
    """Tag batches; the results come in order and are the same wherever they were made.

    Args:
        batches: read as workers become free.
        settings: of every batch.
        jobs: worker processes; 1 with the backend "loky": none but this one; None: as many as the backend has.
        backend: "loky" (this machine), "dask", or a name registered with joblib.
        scheduler: address of the Dask scheduler.

    Raises:
        ModelError: a worker cannot load the model, or has another.
        WorkerError: there are no workers, or they cannot work.
    """
    if backend == LOCAL and jobs == 1:
        for batch in batches:
            yield tag_batch(settings, batch)
    elif backend == LOCAL:
        yield from _through(ProcessPool(settings, jobs or _cores()), batches)
    elif backend == DASK:
        yield from _through(DaskPool(settings, scheduler or "", jobs), batches)
    else:
        yield from tag_with_joblib(batches, settings, backend, jobs)


def _cores() -> int:
    from joblib import cpu_count

    return int(cpu_count())


def _through(pool: Pool, batches: Iterable[Batch]) -> Iterator[TaggedBatch]:
    stream = iter(batches)
    waiting: deque[tuple[Batch, Future[TaggedBatch]]] = deque()
    try:
        exhausted = False
        while True:
            while not exhausted and len(waiting) < pool.width:
                batch = next(stream, None)
                exhausted = batch is None
                if batch is not None:
                    waiting.append((batch, _submit(pool, batch)))
            if not waiting:
                return
            batch, future = waiting.popleft()
            tagged = _result(pool, future)
            if tagged is None:
                others = [(other, _done(later)) for other, later in waiting]
                waiting.clear()
                pool.renew()
                yield _alone(pool, batch)
                for other, finished in others:
                    yield finished or _alone(pool, other)
            else:
                yield tagged
    finally:
        pool.close()


def _submit(pool: Pool, batch: Batch) -> Future[TaggedBatch]:
    try:
        return pool.submit(batch)
    except Exception as error:
        if not pool.died(error):
            raise
        broken: Future[TaggedBatch] = Future()
        broken.set_exception(error)
        return broken


def _result(pool: Pool, future: Future[TaggedBatch]) -> TaggedBatch | None:
    """A batch's rows; None when its worker died."""
    try:
        while True:
            done, _ = wait([future], timeout=PATIENCE)
            if done:
                return future.result()
            pool.check()
    except DDClassifyError:
        raise
    except Exception as error:
        if pool.died(error):
            return None
        raise WorkerError(f"the workers failed: {type(error).__name__}: {str(error).partition(chr(10))[0]}") from None


def _done(future: Future[TaggedBatch]) -> TaggedBatch | None:
    """The rows of a batch that was finished before a worker died."""
    finished = future.done() and not future.cancelled() and future.exception() is None
    return future.result() if finished else None


def _alone(pool: Pool, batch: Batch) -> TaggedBatch:
    """The rows of a batch that was in flight when a worker died: nothing else runs beside it."""
    tagged = _attempt(pool, batch)
    if tagged is not None:
        return tagged
    return join(_document(pool, batch.single(i)) for i in range(len(batch.items)))


def _document(pool: Pool, batch: Batch) -> TaggedBatch:
    for _ in range(2):
        tagged = _attempt(pool, batch)
        if tagged is not None:
            return tagged
    if _attempt(pool, Batch((), (), batch.after)) is None:
        raise WorkerError("the worker processes die without any work; see whether there is memory enough for them")
    return pool.refuse(batch, f"{batch.items[0].id}: could not be tagged: it killed the worker process twice")


def _attempt(pool: Pool, batch: Batch) -> TaggedBatch | None:
    tagged = _result(pool, _submit(pool, batch))
    if tagged is None:
        pool.renew()
    return tagged
