"""BPF programs of one or several collectors, compiled together, loaded and attached once.

One compilation takes well under a second however many programs it holds; one for each collector would not.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import platform
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from collectors.doctor import rights
from collectors.linux import distribution
from collectors.linux.bpf import headers, package, tracefs
from collectors.linux.bpf.ring import PAGE_BYTES, Ring
from collectors.linux.files import cpus
from collectors.linux.unavailable import Unavailable

RING_PAGES = 1024
EVENT = np.dtype(
    [("time_ns", "<u8"), ("kind", "<u4"), ("tid", "<i4"), ("from_cpu", "<i4"), ("to_cpu", "<i4")]
)
"""What programs stream: kind says which tracepoint."""
MIGRATED, READ = 1, 2

PRELUDE = """
#include <uapi/linux/bpf.h>
#include <uapi/linux/ptrace.h>
struct rx_event { u64 time_ns; u32 kind; s32 tid, from_cpu, to_cpu; };
BPF_RINGBUF_OUTPUT(events, RING_PAGES);
BPF_PERCPU_ARRAY(events_lost, u64, 1);
static inline void stream(u32 kind, s32 tid, s32 from_cpu, s32 to_cpu) {
  struct rx_event event = {.time_ns = bpf_ktime_get_ns(), .kind = kind, .tid = tid,
                            .from_cpu = from_cpu, .to_cpu = to_cpu};
  /* Nobody is woken: the reader comes by at every interval. */
  if (events.ringbuf_output(&event, sizeof(event), BPF_RB_NO_WAKEUP)) {
    int zero = 0; u64 *lost = events_lost.lookup(&zero);
    if (lost) *lost += 1;
  }
}
"""
_ENVIRONMENT = threading.Lock()


class Program:
    """Loaded and attached programs, and what they counted. Everything dies with the process or `close`."""

    def __init__(self, bpf: Any, formats: dict[str, str], ring_pages: int, load_s: float) -> None:  # noqa: ANN401
        self._bpf = bpf
        self._library = package.bcc().lib
        self._cpus = len(cpus("possible"))
        self._tables: dict[str, int] = {}
        self.formats = formats
        """The kernel's description of tracepoints whose names were asked for, by `category/event`."""
        self.load_s = load_s
        """Seconds it took to compile, load and attach."""
        self.ring = Ring(self.descriptor("events"), ring_pages * PAGE_BYTES, EVENT)

    @property
    def lost(self) -> int:
        """Events for which the ring had no room."""
        return int(self.per_cpu("events_lost", 0, 1).sum())

    @property
    def descriptors(self) -> dict[str, int]:
        """File descriptors of the programs by name."""
        return {name.decode(): function.fd for name, function in self._bpf.funcs.items()}

    def per_cpu(self, table: str, index: int, words: int) -> npt.NDArray[np.uint64]:
        """One element of a per-CPU array of 64-bit words; shape (possible CPUs, words)."""
        values = np.zeros((self._cpus, words), dtype=np.uint64)
        key = np.array([index], dtype=np.uint32)
        if self._library.bpf_lookup_elem(self.descriptor(table), _pointer(key), _pointer(values)):
            raise OSError(ctypes.get_errno(), f"BPF map {table} cannot be read")
        return values

    def entries(
        self, table: str, key: np.dtype[np.void], value: np.dtype[np.void]
    ) -> list[tuple[np.void, np.void]]:
        """Keys and values of a hash as they are now."""
        descriptor = self.descriptor(table)
        found: dict[bytes, tuple[np.void, np.void]] = {}
        at = np.zeros(1, dtype=key)
        step = self._library.bpf_get_first_key(descriptor, _pointer(at), key.itemsize)
        # A key that is evicted while we stand on it sends us back to the first: seen keys end the walk.
        while step == 0 and at.tobytes() not in found:
            values, following = np.zeros(1, dtype=value), np.zeros(1, dtype=key)
            if self._library.bpf_lookup_elem(descriptor, _pointer(at), _pointer(values)) == 0:
                found[at.tobytes()] = (at[0], values[0])
            step = self._library.bpf_get_next_key(descriptor, _pointer(at), _pointer(following))
            at = following
        return list(found.values())

    def write(self, table: str, key: int, value: int) -> None:
        """Set one element of a table of 32-bit keys and values. Raises OSError."""
        words = np.array([key, value], dtype=np.uint32)
        if self._library.bpf_update_elem(
            self.descriptor(table), _pointer(words), _pointer(words[1:]), ctypes.c_ulonglong(0)
        ):
            raise OSError(ctypes.get_errno(), f"BPF map {table} cannot be written")

    def map_id(self, table: str) -> int:
        """The kernel's number of a map, as tracepoints tell it."""
        lines = Path(f"/proc/self/fdinfo/{self.descriptor(table)}").read_text().splitlines()
        return int(dict(line.split(":", 1) for line in lines)["map_id"])

    def xdp(self, function: str) -> int:
        """Descriptor of a function loaded for the XDP hook; stays the program's. Raises Unavailable."""
        try:
            return int(self._bpf.load_func(function.encode(), package.bcc().BPF.XDP).fd)
        except Exception as cause:
            reason = " ".join(str(cause).split())
            raise Unavailable(f"XDP program {function} does not load ({reason})", "run as root") from cause

    def symbol(self, address: int) -> str:
        """The kernel function at an address, its offset left out."""
        found: bytes = self._bpf.ksym(address, show_offset=False)
        return found.decode()

    def close(self) -> None:
        """Detach and unload; safe to call twice."""
        if self._bpf is not None:
            self.ring.close()
            self._bpf.cleanup()
            atexit.unregister(self._bpf.cleanup)  # else the compiled module lives as long as the process
            self._bpf = None

    def descriptor(self, table: str) -> int:
        """File descriptor of a map; stays the program's. Raises KeyError."""
        if table not in self._tables:
            found = int(self._library.bpf_table_fd(self._bpf.module, table.encode()))
            if found < 0:
                raise KeyError(f"no BPF map is named {table}")
            self._tables[table] = found
        return self._tables[table]


def _pointer(array: npt.NDArray[Any]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def load(
    texts: Sequence[str],
    formats: Sequence[str] = (),
    flags: Sequence[str] = (),
    ring_pages: int = RING_PAGES,
) -> Program:
    """Compile, load and attach programs given in bcc's C.

    Parameters
    ----------
    texts : C of the collectors, each tracepoint in one of them at most.
    formats : tracepoints (`category/event`) whose description is wanted.
    flags : for the compiler.
    ring_pages : size of the ring of events, a power of two; events beyond it are lost, and counted.

    Raises
    ------
    Unavailable : a right, a package, headers or a tracepoint is missing; says how to get it.
    """
    begin = time.monotonic()
    if lacking := rights.missing("CAP_BPF", "CAP_PERFMON"):
        raise Unavailable(f"BPF programs need {' and '.join(lacking)}", "run as root")
    bpf_class = package.bcc().BPF
    source = headers.source()
    text = "\n".join((PRELUDE, distribution.C_TEXT, *texts))

    def attached() -> tuple[Any, dict[str, str]]:
        return _compile(bpf_class, text, [f"-DRING_PAGES={ring_pages}", *flags], source), {
            name: _format(name) for name in formats
        }

    bpf, descriptions = tracefs.with_tracefs(attached)
    return Program(bpf, descriptions, ring_pages, time.monotonic() - begin)


def _compile(bpf_class: Any, text: str, flags: Sequence[str], source: Path | None) -> Any:  # noqa: ANN401
    with _ENVIRONMENT:
        before = os.environ.get("BCC_KERNEL_SOURCE")
        if source is not None:
            os.environ["BCC_KERNEL_SOURCE"] = str(source)
        try:
            return bpf_class(text=text.encode(), cflags=["-Wno-macro-redefined", "-w", *flags])
        except Exception as cause:
            reason = " ".join(str(cause).split())
            raise Unavailable(
                f"BPF programs do not load on Linux {platform.release()} ({reason})",
                "rxbench doctor says what this machine offers",
            ) from cause
        finally:
            if before is None:
                os.environ.pop("BCC_KERNEL_SOURCE", None)
            else:
                os.environ["BCC_KERNEL_SOURCE"] = before


def _format(name: str) -> str:
    folder = tracefs.folder()
    if folder is None:
        return ""
    return (folder / "events" / name / "format").read_text()
