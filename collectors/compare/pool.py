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


@contextmanager
def workers(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of `jobs` processes.

    On an exception whatever has not begun is dropped and workers are ended.
    """
    # A fork server that has imported what a run needs: workers begin at once, and no thread of ours is
    # forked.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["collectors.compare.repeats"])
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin)
    try:
        yield pool
    except BaseException:
        running = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in running:
            process.terminate()
        raise
    pool.shutdown()
