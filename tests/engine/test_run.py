"""Driving the core: progress, Ctrl-C, files."""

import pytest

from engine import CaptureError, Scenario, execute

SMALL = Scenario(duration_ns=200_000)


def test_progress_is_told_and_rises():
    seen = []
    result = execute(SMALL, progress=lambda now, end: seen.append((now, end)), step_ns=20_000)
    assert [now for now, _ in seen] == sorted(now for now, _ in seen)
    assert len(seen) >= 10
    assert {end for _, end in seen} == {200_000}
    assert result.stats["rx"] > 0


def test_the_size_of_steps_changes_nothing():
    coarse, fine = execute(SMALL, step_ns=200_000), execute(SMALL, step_ns=1_777)
    assert coarse.stats == fine.stats


def test_ctrl_c_stops_between_two_steps():
    def interrupt(now, end):
        if now > 50_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute(SMALL, progress=interrupt)
    assert execute(SMALL).stats == execute(SMALL).stats


def test_steps_must_advance():
    with pytest.raises(ValueError, match="step_ns = 0"):
        execute(SMALL, step_ns=0)


def test_a_capture_is_found_beside_the_scenario(tmp_path, monkeypatch):
    (tmp_path / "s.toml").write_text(
        'version = 1\n[[traffic.streams]]\n[traffic.streams.capture]\nfile = "none.pcap"\n'
    )
    scenario = Scenario.from_toml(tmp_path / "s.toml")
    with pytest.raises(FileNotFoundError):
        execute(scenario)
    (tmp_path / "none.pcap").write_bytes(b"not a capture")
    with pytest.raises((CaptureError, ValueError)):
        execute(scenario)
    assert scenario.with_(seed=2).directory == tmp_path
