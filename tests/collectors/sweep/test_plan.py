"""Plans: what varies, what is refused, and that equal plans draw equal values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.sweep import Plan, Range
from collectors.sweep.errors import PlanError
from collectors.sweep.point import runs_of
from engine.errors import ScenarioError
from engine.scenario import Scenario

TEXT = """
name = "queues"
repeats = 3
samples = 4
sample_seed = 7
[scenario]
duration_ns = 200_000
nic.queues = 2
[grid]
host.napi.budget_frames = [64, 300]
[random]
nic.coalesce.rx_usecs = { low = 1, high = 100, scale = "log" }
nic.ring_size = [256, 512]
"""


def test_a_plan_is_read_as_it_is_written():
    plan = Plan.from_toml(TEXT)
    assert plan.parameters == ("host.napi.budget_frames", "nic.coalesce.rx_usecs", "nic.ring_size")
    assert len(plan) == len(runs_of(plan)) == 2 * 4 * 3
    assert len(plan.points()) == 8
    assert plan.points()[0]["host.napi.budget_frames"] == 64
    assert {point["nic.ring_size"] for point in plan.points()} <= {256, 512}
    assert plan.scenario.nic.queues == 2
    assert plan == Plan.from_toml(TEXT)
    assert plan.key() == Plan.from_toml(TEXT).key()


def test_a_scenario_may_lie_beside_the_plan(tmp_path):
    (tmp_path / "base.toml").write_text("version = 1\nnic.queues = 3\n")
    (tmp_path / "plan.toml").write_text('scenario = "base.toml"\ngrid.seed = [1, 2]\n')
    plan = Plan.from_toml(tmp_path / "plan.toml")
    assert [point.scenario.nic.queues for point in runs_of(plan)] == [3, 3]


def test_repeats_share_their_seeds_between_points():
    plan = Plan(Scenario(seed=5), grid={"nic.queues": (1, 2)}, repeats=3)
    seeds = [(point.parameters["nic.queues"], point.scenario.seed) for point in runs_of(plan)]
    assert seeds == [(1, 5), (1, 6), (1, 7), (2, 5), (2, 6), (2, 7)]


def test_another_key_does_not_change_what_is_drawn():
    one = Plan(random={"nic.queues": Range(1, 64)}, samples=20)
    two = Plan(random={"nic.ring_size": (256, 512), "nic.queues": Range(1, 64)}, samples=20)
    assert [p["nic.queues"] for p in one.points()] == [p["nic.queues"] for p in two.points()]


def test_every_run_has_a_key_of_its_own():
    keys = {point.key for point in runs_of(Plan.from_toml(TEXT))}
    assert len(keys) == len({str(sorted(p.items())) for p in Plan.from_toml(TEXT).points()}) * 3


@given(low=st.integers(1, 1000), span=st.integers(0, 1000), scale=st.sampled_from(["linear", "log"]))
def test_values_stay_in_their_range(low, span, scale):
    plan = Plan(random={"seed": Range(low, low + span, scale)}, samples=10)
    assert all(low <= point["seed"] <= low + span for point in plan.points())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("grid.nic.queues = 4\n", "grid.nic.queues = 4: must be a list of values"),
        ("grid.nic.queues = []\n", "grid.nic.queues = []: must have a value or more"),
        ("repeats = 0\n", "repeats = 0: must be 1 or more"),
        ("repeats = true\n", "repeats = True: must be a whole number"),
        ("repeat = 3\n", "repeat = 3: is not a key of a plan"),
        ("grid = 3\n", "grid = 3: must be a table"),
        ("random.seed = 3\n", "random.seed = 3: must be a list of values, or a table with low and high"),
        ("random.seed = { low = 3 }\n", "must have low and high"),
        ("random.seed = { low = 3, high = 2 }\n", "low = 3: must be 2 (high) or less"),
        ('random.seed = { low = 0, high = 2, scale = "log" }\n', "low = 0: must be above 0"),
        ("grid.seed = [1]\nrandom.seed = [1]\n", "seed = grid and random: must be in one of them"),
        ("grid = \n", "must be TOML"),
    ],
)
def test_bad_plans_are_told_in_one_line(text, said):
    with pytest.raises(PlanError) as caught:
        Plan.from_toml(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_value_no_scenario_can_have_is_told_before_anything_runs():
    with pytest.raises(ScenarioError, match=r"nic\.queues"):
        runs_of(Plan(grid={"nic.queues": (1, 0)}))
