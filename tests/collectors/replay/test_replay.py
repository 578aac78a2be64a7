"""Replays: three files that agree with each other and with the input."""

import json
import struct
from pathlib import Path

import pytest
from typer.testing import CliRunner

from collectors.cli import app
from collectors.replay import replay
from engine import CaptureError, ScenarioError

ROOT = Path(__file__).resolve().parents[3]
FIRST_LIGHT = ROOT / "datasets/captures/first_light/first_light.pcap"
VARIETY = ROOT / "datasets/captures/variety/variety.pcapng"


def frames(path):
    content = path.read_bytes()
    assert content[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d")
    at, found = 24, []
    while at < len(content):
        _, _, length, _ = struct.unpack_from("<IIII", content, at)
        found.append(content[at + 16 : at + 16 + length])
        at += 16 + length
    assert at == len(content)
    return found


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("replay")
    paths = {name: folder / name for name in ("out.pcap", "d.jsonl", "v.jsonl")}
    shown = CliRunner().invoke(
        app,
        [
            *("replay", str(FIRST_LIGHT), "--out", str(paths["out.pcap"])),
            *("--delivered", str(paths["d.jsonl"]), "--verdicts", str(paths["v.jsonl"])),
        ],
    )
    assert shown.exit_code == 0, shown.stderr
    assert sorted(path.name for path in folder.iterdir()) == sorted(paths)
    lines = {
        name: [json.loads(text) for text in paths[name].read_text().splitlines()]
        for name in ("d.jsonl", "v.jsonl")
    }
    return (
        frames(paths["out.pcap"]),
        lines["d.jsonl"],
        lines["v.jsonl"],
        json.loads(shown.output.splitlines()[-1])["stats"],
    )


def test_every_input_frame_has_a_verdict(written):
    _, delivered, verdicts, stats = written
    assert [line["n"] for line in verdicts] == list(range(1, stats["rx"] + 1))
    assert sum(line["verdict"] == "delivered" for line in verdicts) == stats["delivered"] == len(delivered)
    assert set(verdicts[0]) == {"n", "verdict", "out"}
    assert stats["rx"] == len(frames(FIRST_LIGHT))


def test_what_was_handed_over_is_the_input_byte_for_byte(written):
    out, _, verdicts, _ = written
    source = frames(FIRST_LIGHT)
    for line in verdicts:
        if line["out"] is not None:
            assert out[line["out"]] == source[line["n"] - 1]
    assert sorted(line["out"] for line in verdicts if line["out"] is not None) == list(range(len(out)))


def test_delivered_lines_point_into_out_and_rise_in_time_per_cpu(written):
    out, delivered, _, _ = written
    assert set(delivered[0]) == {"i", "queue", "cpu", "time_ns", "l4_payload", "segs"}
    assert {line["i"] for line in delivered} <= set(range(len(out)))
    assert all(line["segs"] == 1 for line in delivered)
    assert all(0 <= line["l4_payload"] <= len(out[line["i"]]) for line in delivered)
    for cpu in {line["cpu"] for line in delivered}:
        times = [line["time_ns"] for line in delivered if line["cpu"] == cpu]
        assert times == sorted(times)


def test_drops_have_reasons_and_no_place_where_the_card_dropped():
    done = replay(VARIETY)
    verdicts = done.verdicts()
    dropped = verdicts[verdicts["verdict"].str.startswith("dropped:")]
    assert len(dropped) == sum(done.stats["dropped"].values()) > 0
    counted = dropped["verdict"].str.removeprefix("dropped:").value_counts().to_dict()
    assert counted == done.stats["dropped"]
    text = verdicts.to_json(orient="records", lines=True)
    assert all(json.loads(line)["out"] is None or json.loads(line)["out"] >= 0 for line in text.splitlines())


def test_replays_repeat():
    one, two = replay(VARIETY), replay(VARIETY)
    assert one.handed() == two.handed()
    assert one.verdicts().equals(two.verdicts())
    assert one.delivered().equals(two.delivered())


def test_settings_and_scenarios_apply(tmp_path):
    (tmp_path / "s.toml").write_text("version = 1\n[nic]\nqueues = 2\n")
    done = replay(VARIETY, tmp_path / "s.toml", ["host.cpus=2"])
    assert set(done.delivered()["queue"]) <= {0, 1}
    with pytest.raises(ScenarioError):
        replay(VARIETY, None, ["nic.queues=0"])


def test_nothing_is_written_when_the_input_is_no_capture(tmp_path):
    path = tmp_path / "x.pcap"
    path.write_bytes(b"hello, this is not a capture at all")
    with pytest.raises((CaptureError, ScenarioError)):
        replay(path)
    assert [each.name for each in tmp_path.iterdir()] == ["x.pcap"]
