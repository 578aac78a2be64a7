"""Worker processes for virtual-time runs.

They share the machine without touching the figures: time is virtual.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

from tqdm.auto import tqdm


def available_cpus() -> int:
    """CPUs this process may run on."""
    return len(os.sched_getaffinity(0))


def _begin() -> None:
    # Workers outlive a killed parent (CPython gh-111873): this thread sees the parent end and ends the
    # worker.
    parent = multiprocessing.parent_process()
    if parent is not None:

        def watch() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=watch, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    # tqdm's own lock is a semaphore of the system, which a worker that is ended would leave behind.
    tqdm.set_lock(threading.RLock())


@contextmanager
def _ctrl_c_deferred() -> Iterator[None]:
    """Ctrl-C meanwhile is raised afterwards; processes started meanwhile are born deaf to it.

    Only the main thread has a say in signals; in another nothing is deferred.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed: list[int] = []
    heeding = signal.signal(signal.SIGINT, lambda number, _frame: pressed.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, heeding)
    if pressed:
        raise KeyboardInterrupt


@contextmanager
def workers(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of `jobs` processes.

    On an exception whatever has not begun is dropped and workers are ended.
    """
    # A fork server that has imported what a run needs: workers begin at once, and no thread of ours is
    # forked.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["collectors.compare.repeats", "collectors.sweep.measure"])
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin)
    try:
        # All workers are begun with the first task; one broken off half-way would complain.
        with _ctrl_c_deferred():
            pool.submit(os.getpid).result()
        yield pool
    except BaseException:
        # First the workers: one that is just beginning would miss the semaphores the pool takes with it.
        for process in list((pool._processes or {}).values()):
            process.kill()
        pool.shutdown(cancel_futures=True)
        raise
    pool.shutdown()
