"""Scenarios: values, text forms, changes by dotted keys."""

import copy
import json

import pytest

from engine import Scenario, ScenarioError
from engine.config import Capture, Cost, Generated, Senders, Traffic
from engine.config.flows import Flows, WebSearch, Zipf
from engine.config.offered import Bursts, FramesPerSecond, LineShare
from engine.config.sizes import CdfPoint, Empirical, Fixed, Imix, Rfc2544
from engine.config.traffic import Paced

RICH = Scenario(
    name='a "rich" one — ü',
    seed=7,
    duration_ns=123_456,
    traffic=Traffic(
        streams=(
            Generated(
                offered=FramesPerSecond(1_000_000),
                arrivals=Bursts(frames=16),
                sizes=Imix(middle_bytes=570),
                flows=Flows(count=10, popularity=Zipf(1.1), tcp_share=0.5, lifetime=WebSearch()),
                stop_ns=100_000,
            ),
            Generated(sizes=Empirical((CdfPoint(64.0, 0.5), CdfPoint(1500.0, 1.0)))),
            Generated(sizes=Rfc2544()),
            Senders(
                flows=3, size=WebSearch(), congestion="cubic", loss=0.01, lose_frames=(3, 5), pacing=True
            ),
            Capture(file="x.pcap", timing=Paced(LineShare(0.5)), repeat=True),
        ),
        frames=99,
    ),
    costs=(Cost("app.message", 250.0, "a test"),),
)


@pytest.mark.parametrize("scenario", [Scenario(), RICH], ids=["default", "rich"])
def test_text_forms_give_an_equal_scenario(scenario, tmp_path):
    assert Scenario.from_toml(scenario.to_toml()) == scenario
    assert Scenario.from_json(scenario.to_json()) == scenario
    path = tmp_path / "scenario.toml"
    path.write_text(scenario.to_toml())
    assert Scenario.from_toml(path) == scenario
    assert Scenario.from_toml(str(path)).key() == scenario.key()


def test_a_scenario_is_a_value():
    assert Scenario() == Scenario()
    assert hash(Scenario()) == hash(Scenario())
    assert Scenario(seed=2) != Scenario()
    assert len({Scenario(), Scenario(), Scenario(seed=2)}) == 2
    assert copy.deepcopy(RICH) == RICH
    with pytest.raises(AttributeError):
        Scenario().seed = 3


def test_the_key_is_of_the_content():
    assert Scenario().key() == Scenario().with_().key()
    assert Scenario().key() != Scenario(seed=2).key()
    assert len(Scenario().key()) == 64


def test_canonical_json_is_a_fixed_point():
    text = Scenario().resolved()
    assert Scenario.from_json(text).resolved() == text


def test_with_changes_one_key_and_leaves_the_old_alone():
    old = Scenario()
    new = old.with_(**{"nic.queues": 4})
    assert (old.nic.queues, new.nic.queues) == (8, 4)
    assert new.with_("nic.queues=8") == old


@pytest.mark.parametrize(
    ("setting", "key", "value"),
    [
        ("nic.queues=4", "nic.queues", 4),
        ("nic.rss.weights=[1, 2, 1, 0]", "nic.rss.weights", [1, 2, 1, 0]),
        ("host.tcp.gap=wait", "host.tcp.gap", "wait"),
        ('host.tcp.gap="wait"', "host.tcp.gap", "wait"),
        ("host.cache.enabled=false", "host.cache.enabled", False),
        (
            "traffic.streams.0.generated.offered={line_share=0.5}",
            "traffic.streams.0.generated.offered",
            {"line_share": 0.5},
        ),
        ("traffic.frames=10", "traffic.frames", 10),
    ],
)
def test_settings_as_text(setting, key, value):
    base = Scenario() if "weights" not in key else Scenario().with_("nic.queues=4")
    assert base.with_(setting)[key] == value


def test_configuration_values_may_be_given():
    assert Scenario().with_(**{"traffic.streams.0.generated.sizes": Fixed(128)})[
        "traffic.streams.0.generated.sizes"
    ] == {"fixed": {"bytes": 128}}
    assert Scenario().with_(traffic=RICH.traffic).traffic == RICH.traffic


def test_none_takes_an_optional_key_away():
    assert Scenario().with_("traffic.frames=10").with_(**{"traffic.frames": None}) == Scenario()


def test_keys_can_be_completed():
    keys = Scenario()._ipython_key_completions_()
    assert {"nic.queues", "nic.rss.key", "host.cache.l2_bytes", "seed"} <= set(keys)
    for key in keys:
        Scenario()[key]


def test_only_differences_are_written():
    assert Scenario().to_toml() == "version = 1\n"
    assert Scenario().with_("nic.queues=2").settings() == {"nic": {"queues": 2}}


def test_the_notebook_form_shows_what_differs_and_escapes():
    shown = Scenario(name="<b>").with_("nic.queues=2")._repr_html_()
    assert "nic.queues" in shown
    assert "&lt;b&gt;" in shown
    assert "ring_size" not in shown


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        Scenario.from_toml(tmp_path / "none.toml")


def test_a_file_that_is_no_text(tmp_path):
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScenarioError, match="UTF-8"):
        Scenario.from_toml(tmp_path / "x.toml")


def test_documents_are_plain_data():
    assert json.loads(json.dumps(RICH.document())) == RICH.document()
