"""Runs count while the machine is in the state it was in; patience has an end."""

import pytest

from collectors.calibrate.pace import LOOKS, PAUSE_S, Pace


class Machine:
    """Answers looks from a list, the last one for ever; counts what was slept."""

    def __init__(self, *looks):
        self.looks, self.slept_s = list(looks), 0.0

    def look(self):
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    def sleep(self, seconds):
        self.slept_s += seconds

    def pace(self, wanted_ns=50.0, patience_s=10.0):
        return Pace(wanted_ns, patience_s, look=self.look, sleep=self.sleep)


def test_a_run_in_the_wanted_state_counts():
    machine = Machine(51.0)
    assert machine.pace().steadily(lambda: "run") == ("run", True)
    assert machine.slept_s == 0.0


def test_the_state_is_waited_for():
    machine = Machine(100.0, 100.0, 50.0)
    assert machine.pace().steadily(lambda: "run") == ("run", True)
    assert machine.slept_s == 2 * PAUSE_S


def test_a_run_in_which_it_changed_is_repeated():
    machine, runs = Machine(50.0, 100.0, 50.0), []
    done = machine.pace().steadily(lambda: runs.append("run") or len(runs))
    assert done == (2, True)


@pytest.mark.parametrize("looks", [(100.0,), (50.0, 100.0) * 50])
def test_patience_ends_and_it_is_said(looks):
    machine, runs = Machine(*looks), []
    pace = machine.pace(patience_s=3 * PAUSE_S)
    assert pace.steadily(lambda: runs.append("run"))[1] is False
    assert pace.left_s <= 0.0
    assert machine.slept_s <= 3 * PAUSE_S


def test_the_quickest_state_seen_is_wanted():
    looks = [state for state in (100.0, 100.0, 50.0, 100.0) for _ in range(LOOKS)]
    machine = Machine(*looks, 100.0)
    pace = Pace(None, 10.0, 3 * PAUSE_S, look=machine.look, sleep=machine.sleep)
    assert pace.wanted_ns == 50.0
    assert machine.slept_s == 3 * PAUSE_S


def test_without_a_wanted_state_it_is_the_one_at_the_start():
    assert Machine(*[100.0] * (LOOKS // 2 + 1), 50.0).pace(None).wanted_ns == 100.0
