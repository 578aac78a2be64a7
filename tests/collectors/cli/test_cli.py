"""The command line: what it prints, what it writes, and one line for every mistake."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from collectors.cli import app

ROOT = Path(__file__).resolve().parents[3]
CAPTURE = ROOT / "datasets/captures/first_light/first_light.pcap"
SMALL = ["--set", "duration_ns=100000", "--set", "host.cpus=2", "--set", "nic.queues=2", "--quiet"]


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize(
    "command",
    [
        *(
            "report",
            "lab",
            "run",
            "compare",
            "sweep",
            "dissect",
            "replay",
            "doctor",
            "watch",
            "bump",
            "bench",
        ),
        *("calibrate", "validate"),
    ],
)
def test_every_command_has_examples(command):
    shown = call(command, "--help")
    assert shown.exit_code == 0
    assert "Examples:" in shown.output
    assert f"rxbench {command}" in shown.output


def test_run_prints_figures_and_stats():
    shown = call("run", *SMALL, "--seed", 3)
    assert shown.exit_code == 0, shown.output
    assert "delivered_pps" in shown.output
    assert json.loads(shown.output.splitlines()[-1])["stats"]["rx"] == 1488


def test_run_json_repeats():
    first, second = (call("run", *SMALL, "--json") for _ in range(2))
    assert first.output == second.output
    found = json.loads(first.output)
    assert found["clock"] == "virtual"
    assert found["stats"]["rx"] == 1488


def test_run_and_compare_in_real_time():
    real = ["--clock", "real", "--pacing", "lossless", "--oversubscribe", "--json"]
    shown = call("run", *SMALL, *real)
    assert shown.exit_code == 0, shown.output
    found = json.loads(shown.output)
    assert (found["clock"], found["stats"]["rx"]) == ("real", 1488)
    assert found["metrics"]["delivered_pps"] > 0
    assert found["metrics"]["llc_misses_per_frame"] is None
    shown = call("compare", "--queues", "1,2", *SMALL, "--repeats", 2, *real)
    assert shown.exit_code == 0, shown.output
    found = json.loads(shown.output)
    assert (found["clock"], len(found["runs"])) == ("real", 4)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--pacing", "lossless"], "--pacing goes with --clock real"),
        (["run", "--clock", "real", "--set", "host.cpus=128", "--set", "nic.queues=128"], "129 threads"),
        (
            ["compare", "--queues", "1,2", "--clock", "real", "--explain"],
            "--explain goes with",
        ),
        (["compare", "--queues", "1,2", "--clock", "real", "--jobs", "2"], "jobs = 2"),
    ],
)
def test_what_goes_with_the_other_clock_is_said(arguments, said):
    shown = call(*arguments)
    assert shown.exit_code == 2
    assert said in shown.stderr


def test_run_saves_a_dataset(tmp_path):
    from collectors.dataset import load

    assert call("run", *SMALL, "--save", tmp_path / "set").exit_code == 0
    assert load(tmp_path / "set").stats["rx"] == 1488
    again = call("run", *SMALL, "--save", tmp_path / "set")
    assert again.exit_code == 2
    assert "already there" in again.stderr


def test_compare_by_queues_and_by_files(tmp_path):
    shown = call("compare", "--queues", "1,2", *SMALL, "--repeats", 2, "--jobs", 1, "--explain")
    assert shown.exit_code == 0, shown.output + shown.stderr
    assert "1 queue" in shown.output
    assert "n = 2 and 2 runs" in shown.output
    for name, count in (("a", 1), ("b", 2)):
        (tmp_path / f"{name}.toml").write_text(f"version = 1\n[nic]\nqueues = {count}\n")
    shown = call(
        "compare",
        tmp_path / "a.toml",
        tmp_path / "b.toml",
        *SMALL[:4],
        "--repeats",
        2,
        "--jobs",
        1,
        "--json",
        "-q",
    )
    assert shown.exit_code == 0, shown.stderr
    assert len(json.loads(shown.output)["runs"]) == 4


def test_dissect_prints_one_document_per_frame():
    shown = call("dissect", CAPTURE, "--json", "--queues", 4)
    lines = [json.loads(line) for line in shown.output.splitlines()]
    stats = lines[-1]["stats"]
    assert stats["rx"] == len(lines) - 1
    assert [line["n"] for line in lines[:-1]] == list(range(1, len(lines)))
    assert (
        stats["rx"]
        == stats["delivered"] + sum(stats["dropped"].values()) + stats["pending"] + stats["consumed"]
    )
    assert {line["rss"]["queue"] for line in lines[:-1]} <= {0, 1, 2, 3}
    words = call("dissect", CAPTURE).output.splitlines()
    assert len(words) == len(lines)


def test_doctor_as_json():
    found = json.loads(call("doctor", "--json").output)
    assert {"name", "available", "detail", "how_to_get"} <= set(found[0])


def test_the_lab_is_on_this_machine_alone_with_a_token():
    from collectors.cli.lab import arguments

    line = " ".join(arguments(Path("notebooks"), 8888, False))
    assert "--ServerApp.ip=127.0.0.1" in line
    assert "terminals_enabled=False" in line
    assert "transport=ipc" in line
    for forbidden in ("token", "password", "allow-root", "0.0.0.0"):
        assert forbidden not in line


BAD = [
    (["run", "none.toml"], "none.toml: No such file"),
    (["run", "--set", "nic.queues=0"], "nic.queues = 0"),
    (["run", "--set", "host.cpus=0"], "host.cpus = 0"),
    (["run", "--set", "nic.quues=1"], "quues"),
    (["run", "--set", "nic.queues"], "key=value"),
    (["run", "--set", "nic.queues=2", "--set", "nic.rss.table=[7]"], "nic.rss.table"),
    (["run", "--no-such-option"], "--no-such-option"),
    (["nothing"], "nothing"),
    (["compare", "--queues", "1"], "two scenarios"),
    (["compare", "--queues", "1,x"], "--queues = 1,x"),
    (["dissect", "none.pcap"], "none.pcap: No such file"),
    (["dissect", str(ROOT / "README.md"), "--json"], ""),
    (["dissect", str(CAPTURE), "--rss-key", "6d5a"], "key"),
    (["dissect", str(CAPTURE), "--queues", "0"], "queues"),
    (["dissect"], "Missing argument"),
    (["replay", "none.pcap"], "none.pcap: No such file"),
    (["replay", str(ROOT / "README.md")], ""),
    (["replay", str(CAPTURE), "--set", "nic.rings=1"], "rings"),
    (["replay", str(CAPTURE), "--scenario", "none.toml"], "none.toml: No such file"),
    (["report", "--set", "repeats"], "NAME=VALUE"),
    (["report", "--notebook", "none.py"], "none.py: no such notebook"),
    (["lab", "none"], "none: not a folder"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=[" ".join(bad[0])[-60:] for bad in BAD])
def test_a_mistake_is_told_in_one_line_with_exit_code_2(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = call(*arguments)
    assert shown.exit_code == 2, shown.output + shown.stderr
    assert shown.stderr.startswith("rxbench: ")
    assert shown.stderr.count("\n") == 1
    assert message in shown.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cut", [0, 10, 24, 30, 100, 5000])
def test_truncated_captures_never_crash(cut, tmp_path):
    path = tmp_path / "cut.pcap"
    path.write_bytes(CAPTURE.read_bytes()[:cut])
    for arguments in (["dissect", path, "--json"], ["replay", path, "--out", tmp_path / "out.pcap"]):
        shown = call(*arguments)
        assert shown.exit_code in (0, 2), shown.output
        if shown.exit_code == 2:
            assert shown.stderr.count("\n") == 1
        else:
            stats = json.loads(shown.output.splitlines()[-1])["stats"]
            assert (
                stats["rx"]
                == stats["delivered"] + sum(stats["dropped"].values()) + stats["pending"] + stats["consumed"]
            )


def test_as_a_program():
    done = subprocess.run(
        [sys.executable, "-c", "from collectors.cli import app; app()", "run", "--set", "nic.queues=0"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1


def test_a_reader_that_has_seen_enough_is_no_error():
    program = f'"{sys.executable}" -c "from collectors.cli import app; app()"'
    line = f'{program} dissect "{CAPTURE}" --json | head -n 1'
    done = subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert json.loads(done.stdout)["n"] == 1


HEEDING_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
LONG = ["--set", "duration_ns=100000000000", "--set", "observe.bin_ns=1000000"]


REAL = ["--clock", "real", "--oversubscribe"]


@pytest.mark.parametrize(
    "command",
    [["run"], ["compare", "--queues", "1,2"], ["run", *REAL], ["run", *REAL, "--idle", "sleep"]],
    ids=["run", "compare", "run in real time", "run in real time, idle asleep"],
)
def test_ctrl_c_stops_cleanly(command, tmp_path):
    # Started in a process group of its own, as a terminal does, so that the workers get the signal too; and
    # with the signal's own meaning, which a background job of a script has lost.
    program = subprocess.Popen(
        [sys.executable, "-c", f"{HEEDING_CTRL_C}; from collectors.cli import app; app()", *command, *LONG],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    # The core's threads or workers are at work once some CPU time has been used beyond start-up.
    while cpu_seconds(program.pid) < 3 and time.monotonic() < deadline:
        time.sleep(0.1)
    os.killpg(program.pid, signal.SIGINT)
    try:
        out, error = program.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(program.pid, signal.SIGKILL)
        raise
    assert program.returncode == 130
    assert error == "rxbench: stopped\n"
    assert out == ""


def cpu_seconds(group):
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
