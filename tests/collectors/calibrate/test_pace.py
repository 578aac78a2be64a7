"""Runs count while the machine is in the state it was in; patience has an end."""

import pytest

from collectors.calibrate.pace import LOOKS, PAUSE_S, Pace, State

QUICK, SLOW_CARD, SLOW_HOST = State(50.0, 80.0), State(85.0, 80.0), State(50.0, 115.0)
LOOK_S, RUN_S = 0.02, 0.05


class Machine:
    """Answers looks from a list, the last one for ever; time passes with looks, runs and sleep."""

    def __init__(self, *looks):
        self.looks, self.now_s, self.runs = list(looks), 0.0, 0

    def look(self):
        self.now_s += LOOK_S
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    def sleep(self, seconds):
        self.now_s += seconds

    def run(self):
        self.now_s += RUN_S
        self.runs += 1
        return self.runs

    def pace(self, wanted=QUICK, patience_s=10.0, scan_s=0.0):
        return Pace(wanted, patience_s, scan_s, look=self.look, sleep=self.sleep, clock_s=lambda: self.now_s)


def test_a_run_in_the_wanted_state_counts_and_takes_no_patience():
    machine = Machine(State(51.0, 78.0))
    pace = machine.pace()
    assert pace.steadily(machine.run) == (1, True)
    assert pace.left_s == 10.0


@pytest.mark.parametrize("other", [SLOW_CARD, SLOW_HOST])
def test_the_state_of_both_threads_is_waited_for(other):
    machine = Machine(other, other, QUICK)
    pace = machine.pace()
    assert pace.steadily(machine.run) == (1, True)
    assert pace.left_s == pytest.approx(10.0 - 2 * (LOOK_S + PAUSE_S))


def test_a_run_in_which_it_changed_is_repeated():
    machine = Machine(QUICK, SLOW_HOST, QUICK)
    assert machine.pace().steadily(machine.run) == (2, True)


@pytest.mark.parametrize("looks", [(SLOW_CARD,), (QUICK, SLOW_HOST) * 500])
def test_patience_ends_and_it_is_said(looks):
    machine = Machine(*looks)
    pace = machine.pace(patience_s=0.1)
    assert pace.steadily(machine.run)[1] is False
    assert pace.left_s <= 0.0
    assert machine.now_s < 1.0
    # Without patience each run is taken as it comes.
    before = machine.runs
    pace.steadily(machine.run)
    assert machine.runs - before <= 2


def test_the_quickest_state_seen_is_wanted():
    looks = [state for state in (SLOW_CARD, SLOW_HOST, QUICK, SLOW_CARD) for _ in range(LOOKS)]
    machine = Machine(*looks, SLOW_CARD)
    assert machine.pace(None, scan_s=4 * (LOOKS * LOOK_S + PAUSE_S)).wanted == QUICK


def test_without_a_wanted_state_it_is_the_one_at_the_start():
    assert Machine(*[SLOW_HOST] * (LOOKS // 2 + 1), QUICK).pace(None).wanted == SLOW_HOST
