"""A calibration's file: read back equal, named by scenarios, and refused in one line when it is wrong."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Scenario, ScenarioError, _core
from engine.calibration import Calibration, NicThread, Row

OPS = [op["key"] for op in json.loads(_core.declarations())["ops"]]
MACHINE = Calibration(
    "a machine",
    (Row("napi.poll", 12.5, 0.5, "fitted: a test"), Row("memory.llc", 31.0, 1.0, "measured: a test")),
    NicThread(40.0, 0.05, 30.0, 3.0, "fitted: a test"),
    {"kernel": "6.18", "cpus": 2, "points": ["a", "b"], "caches": {"L2": "1M"}},
)
HEAD = 'calibration = 2\nname = "x"\n'
ROW = 'op = "napi.poll"\nns = 1.0\nuncertainty_ns = 0.1\nsource = "fitted: x"\n'


@given(
    st.lists(st.sampled_from(OPS), unique=True, min_size=1, max_size=5),
    st.floats(0.0, 1e6),
    st.floats(0.0, 1e6),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20),
)
def test_what_is_written_is_read_back(tmp_path_factory, ops, ns, uncertainty, name):
    rows = tuple(Row(op, ns, uncertainty, f"fitted: {name}") for op in ops)
    made = Calibration(name, rows, None, {"note": name})
    path = tmp_path_factory.mktemp("calibration") / "costs.toml"
    path.write_text(made.to_toml(), encoding="utf-8")
    assert Calibration.read(path) == made


def test_a_scenario_names_it_by_a_path_beside_itself(tmp_path):
    (tmp_path / "costs.toml").write_text(MACHINE.to_toml())
    (tmp_path / "scenario.toml").write_text('version = 1\ncosts = "costs.toml"\n[nic]\nqueues = 2\n')
    scenario = Scenario.from_toml(tmp_path / "scenario.toml")
    assert scenario.costs == MACHINE.costs()
    assert scenario.nic.queues == 2
    # A scenario says all a run depends on: the file is not needed again.
    (tmp_path / "costs.toml").unlink()
    assert Scenario.from_toml(scenario.to_toml()) == scenario
    assert Scenario.from_json(scenario.to_json()) == scenario


def test_a_scenario_is_given_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "costs.toml").write_text(MACHINE.to_toml())
    by_name = Scenario().with_("costs=costs.toml")
    assert by_name == Scenario().with_(costs=MACHINE.costs()) == Scenario(costs=MACHINE.costs())
    (tmp_path / "scenario.json").write_text(json.dumps({"version": 1, "costs": "costs.toml"}))
    assert Scenario.from_json(tmp_path / "scenario.json").costs == MACHINE.costs()


def test_its_rows_are_charged():
    from collectors.run import run

    quick = Scenario().with_(**{"duration_ns": 200_000, "nic.queues": 1, "host.cpus": 1})
    dear = Calibration("dear", (Row("driver.descriptor", 5_000.0, 0.0, "assumed: a test"),))
    ledger = run(quick.with_(costs=dear.costs()), progress=False).ledger
    row = ledger[ledger["op"] == "driver.descriptor"]
    assert (row["op_ns"] == 5_000.0 * row["count"]).all()
    stalls = [
        run(quick.with_(costs=c), progress=False).ledger["cache_ns"].sum() for c in ((), MACHINE.costs())
    ]
    assert stalls[0] != stalls[1]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("calibration = ", "costs"),
        ("", "calibration"),
        ("calibration = 1\n", "calibration"),
        (HEAD, "row"),
        (HEAD + "rows = []\n", "rows"),
        (HEAD + f"[[row]]\n{ROW}more = 1\n", "row 0"),
        (HEAD + "[[row]]\n" + ROW.replace("1.0", '"1"'), "row 0: ns"),
        (HEAD + "[[row]]\n" + ROW.replace("1.0", "true"), "row 0: ns"),
        (HEAD + "[[row]]\n" + ROW.replace("1.0", "-1.0"), "ns of napi.poll"),
        (HEAD + "[[row]]\n" + ROW.replace("0.1", "nan"), "uncertainty_ns of napi.poll"),
        (HEAD + "[[row]]\n" + ROW.replace("napi.poll", "napi.no"), "costs[0].op"),
        (HEAD + "[[row]]\n" + ROW.replace("fitted: x", "a guess"), "source of napi.poll"),
        (HEAD + f"[[row]]\n{ROW}[[row]]\n{ROW}", "row napi.poll"),
        (HEAD + f"[nic]\nframe_ns = 1\n[[row]]\n{ROW}", "nic"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(tmp_path, text, key):
    path = tmp_path / "costs.toml"
    path.write_text(text)
    for refusing in (lambda: Calibration.read(path), lambda: Scenario().with_(costs=str(path))):
        with pytest.raises(ScenarioError) as refused:
            refusing()
        assert str(path) in str(refused.value)
        assert "\n" not in str(refused.value)
        assert refused.value.key.endswith(key)


def test_a_missing_file_and_bytes_that_are_no_text(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.toml"):
        Scenario().with_(costs=str(tmp_path / "none.toml"))
    (tmp_path / "costs.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScenarioError, match="must be a calibration in TOML"):
        Calibration.read(tmp_path / "costs.toml")


def test_its_costs_are_refused_in_real_time():
    from collectors.live_run import run_live

    with pytest.raises(ScenarioError) as refused:
        run_live(Scenario(costs=MACHINE.costs()), oversubscribe=True)
    assert refused.value.key == "costs"
