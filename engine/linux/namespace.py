"""A network namespace without a name: it and its devices go with the last process and descriptor."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import IO, Any, Protocol, TypeVar

from engine.linux import leftovers

T = TypeVar("T")

CLONE_NEWNET = 0x40000000  # linux/sched.h
PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None, use_errno=True)


def _call(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{os.strerror(number)}; run as root or with CAP_SYS_ADMIN", what)


def _die_with_parent() -> None:
    """In a new process, before its program: the kernel kills it when the thread that started it is gone."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Caller(Protocol):
    """Where work is done: in a namespace, or here."""

    def call(self, work: Callable[[], T]) -> T:
        """What `work` answers, called there."""


class Here:
    """The network namespace of the thread that asks."""

    def call(self, work: Callable[[], T]) -> T:
        """What `work` answers."""
        return work()


class Namespace:
    """A network namespace and a thread that stands in it; what the thread starts stands in it too.

    Raises
    ------
    OSError : no right to make one, naming what is needed.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        """What it is called in errors; the kernel knows it by no name."""
        self._resident = ThreadPoolExecutor(1, thread_name_prefix=f"in {name}")
        self._started: list[subprocess.Popen[Any]] = []
        try:
            self.descriptor = self.call(self._make)
        except BaseException:
            self._resident.shutdown()
            raise

    def _make(self) -> int:
        _call(_LIBC.unshare(CLONE_NEWNET), "network namespace")
        return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    @property
    def path(self) -> str:
        """A path to it, for this process and as long as it is open."""
        return f"/proc/{os.getpid()}/fd/{self.descriptor}"

    def call(self, work: Callable[[], T]) -> T:
        """What `work` answers, called in here. Sockets and devices it opens belong to this namespace."""
        return self._resident.submit(work).result()

    def start(
        self,
        argv: Sequence[str | os.PathLike[str]],
        *,
        stdout: int | IO[Any] | None = None,
        stderr: int | IO[Any] | None = None,
        stdin: int | IO[Any] | None = subprocess.DEVNULL,
        env: Mapping[str, str] | None = None,
        text: bool = True,
    ) -> subprocess.Popen[Any]:
        """Start a program in here; it is killed when the namespace is closed, and when this process ends.

        Raises
        ------
        FileNotFoundError : there is no such program.
        """
        marked = leftovers.marked(os.environ if env is None else env)

        def launch() -> subprocess.Popen[Any]:
            return subprocess.Popen(
                list(argv),
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                env=marked,
                text=text,
                preexec_fn=_die_with_parent,
            )

        # From the resident thread: it stands in the namespace, and lives as long as this process.
        started = self.call(launch)
        self._started.append(started)
        return started

    def run(
        self,
        argv: Sequence[str | os.PathLike[str]],
        *,
        timeout: float | None = None,
        check: bool = True,
        env: Mapping[str, str] | None = None,
        text: bool = True,
    ) -> subprocess.CompletedProcess[Any]:
        """Run a program in here to its end, its output captured.

        Raises
        ------
        FileNotFoundError, subprocess.TimeoutExpired
        subprocess.CalledProcessError : it failed, and `check` is set.
        """
        started = self.start(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, text=text)
        try:
            output, errors = started.communicate(timeout=timeout)
        except BaseException:
            started.kill()
            started.communicate()
            raise
        finally:
            self._started.remove(started)
        if check and started.returncode != 0:
            raise subprocess.CalledProcessError(started.returncode, started.args, output, errors)
        return subprocess.CompletedProcess(started.args, started.returncode, output, errors)

    def end_programs(self) -> None:
        """Kill what was started and still runs."""
        while self._started:
            started = self._started.pop()
            started.kill()
            started.wait()
            for stream in (started.stdin, started.stdout, started.stderr):
                if stream is not None:
                    stream.close()

    def close(self) -> None:
        """Kill what was started and still runs, and let go; the kernel removes the namespace."""
        self.end_programs()
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1
        self._resident.shutdown()

    def __enter__(self) -> Namespace:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
