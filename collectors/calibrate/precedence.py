"""Measure before all ordinary work: at real-time priority, where this process may have it.

A program that compiles beside a measurement takes its CPU for milliseconds at a time. A thread under
SCHED_FIFO is not interrupted by ordinary ones (sched(7)); the kernel leaves these 5 % of each second all the
same, so that a machine stays alive whatever is measured.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

PRIORITY = 10
"""Above nothing but ordinary work: kernel threads at real-time priority are at 50 and more."""


@cache
def granted() -> bool:
    """Whether this process may have it."""
    try:
        with first():
            return True
    except PermissionError:
        return False


@contextmanager
def first() -> Iterator[None]:
    """The calling thread, and those it starts meanwhile, run before ordinary work. Raises PermissionError."""
    policy, before = os.sched_getscheduler(0), os.sched_getparam(0)
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, before)


@contextmanager
def first_if_granted() -> Iterator[None]:
    """The same, or nothing at all where that is not allowed."""
    if not granted():
        yield
        return
    with first():
        yield


def described() -> str:
    """For the provenance: how what is measured was scheduled."""
    return f"SCHED_FIFO, priority {PRIORITY}" if granted() else "ordinary"
