"""A scenario changed while it runs, from Python: by its script, by hand, refused."""

import json
import threading
import time

import pytest

from engine import Scenario, ScenarioError, _core
from engine.config import ControlStep
from engine.run import execute

QUIET = Scenario().with_("duration_ns=400_000", "drain_ns=1_000_000", "nic.queues=4")


def engine_of(scenario):
    return _core.Engine(scenario.resolved())


def test_a_script_is_part_of_the_document():
    step = ControlStep(200_000, ("nic.queues=1", "nic.rss.key=" + "ab" * 40))
    scenario = QUIET.with_(control=(step,))
    assert Scenario.from_toml(scenario.to_toml()) == scenario
    assert scenario.key() != QUIET.key()
    changed = Scenario.from_json(execute(scenario).engine.document())
    assert changed == QUIET.with_("nic.queues=1", "nic.rss.key=" + "ab" * 40)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (("nic.queues=5",), "nic.queues"),
        (("nic.queues=1", "nic.buffer_bytes=512"), "control[0].nic.buffer_bytes"),
        (("nic.queues",), "control[0].settings[0]"),
        (("nic.nothing=1",), "control[0].nic.nothing"),
    ],
)
def test_a_step_that_cannot_be_is_refused_before_anything_runs(settings, key):
    with pytest.raises(ScenarioError) as refused:
        engine_of(QUIET.with_(control=(ControlStep(1, settings),)))
    assert refused.value.key.endswith(key)


def test_what_is_applied_is_in_the_document_and_what_is_refused_is_not():
    engine = engine_of(QUIET)
    engine.advance(100_000)
    engine.apply(json.dumps({"nic": {"coalesce": {"rx_usecs": 77}}}))
    for change in ({"nic": {"coalesce": {"rx_usecs": 5}, "queues": 0}}, {"host": {"cpus": 1}}, [], {"x": 1}):
        with pytest.raises(ScenarioError):
            engine.apply(json.dumps(change))
    assert Scenario.from_json(engine.document()) == QUIET.with_("nic.coalesce.rx_usecs=77")
    engine.finish()


def test_a_live_run_is_changed_from_another_thread():
    scenario = QUIET.with_("duration_ns=700_000_000", "traffic.frames=1_000_000_000", "host.cpus=1")
    engine = _core.LiveEngine(
        scenario.resolved(), pacing="lossless", idle="sleep", oversubscribe=True, prepared_frames=512
    )
    runner = threading.Thread(target=engine.run)
    runner.start()
    try:
        engine.apply('{"nic": {"queues": 2}}')
        with pytest.raises(ScenarioError, match="rings stay"):
            engine.apply('{"nic": {"ring_size": 64}}')
        deadline = time.monotonic() + 20
        while engine.changes < 1 and runner.is_alive() and time.monotonic() < deadline:
            time.sleep(0.002)
    finally:
        runner.join()
    assert engine.changes == 1
    assert json.loads(engine.document())["nic"]["queues"] == 2
