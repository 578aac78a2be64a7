"""Real-time priority is held while it is asked for, by this thread and those it starts, and given back."""

import os
import threading

import pytest

from collectors.calibrate.precedence import PRIORITY, described, first, first_if_granted, granted


def policy():
    return os.sched_getscheduler(0)


def test_it_is_given_back():
    before = policy()
    with first_if_granted():
        pass
    assert policy() == before


@pytest.mark.skipif(not granted(), reason="this process may not have real-time priority")
def test_threads_started_meanwhile_have_it_too():
    seen = []
    with first():
        thread = threading.Thread(target=lambda: seen.append(policy()))
        thread.start()
        thread.join()
        assert policy() == os.SCHED_FIFO
    assert seen == [os.SCHED_FIFO]
    assert str(PRIORITY) in described()


def test_a_fault_gives_it_back_too():
    before = policy()
    with pytest.raises(ZeroDivisionError), first_if_granted():
        1 / 0  # noqa: B018
    assert policy() == before
