"""An interface of this machine under settings: said before what it cannot, restored whatever ends the run."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from collectors.cli import app
from collectors.dataset import DatasetError, load, save
from collectors.doctor.leftovers import none_left
from collectors.linux import ethtool
from collectors.target import CannotBeSet, Load, Pair, Settings, TargetComparison, check, compare, measure
from engine.linux import leftovers
from engine.linux.settings import applied, files, irq, journal
from engine.linux.settings.knobs import KNOBS
from engine.linux.streams import Streams

pytestmark = pytest.mark.needs("namespaces")

EVERYTHING = Settings(
    queues=2,
    features={"rx-gro": True},
    rps_cpus=(0,),
    rps_flow_entries=64,
    threaded_napi=True,
    rps_sock_flow_entries=512,
    gro_flush_timeout_ns=20_000,
    defer_hard_irqs=2,
)


@pytest.fixture(autouse=True)
def notes(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "rxbench"


@pytest.fixture
def pair():
    with Pair(4) as made:
        yield made


def everything(device):
    """All settings that can be read."""
    found = {}
    for name, knob in KNOBS.items():
        try:
            found[name] = knob.read(device)
        except OSError as cause:
            found[name] = cause.errno
    return found


def test_settings_hold_within_and_are_as_before_after(pair):
    before = everything(pair.device)
    with applied(pair.device, EVERYTHING):
        now = everything(pair.device)
        assert (now["queues"], now["features"]["rx-gro"], now["rps_flow_entries"]) == (2, True, ["64"] * 2)
        assert (now["threaded_napi"], now["gro_flush_timeout_ns"], now["defer_hard_irqs"]) == (1, 20_000, 2)
        assert [int(mask.replace(",", ""), 16) for mask in now["rps_cpus"]] == [1, 1]
    assert everything(pair.device) == before
    assert not list(journal.place().iterdir())


def test_a_failure_within_restores_too(pair):
    before = everything(pair.device)
    with pytest.raises(KeyboardInterrupt), applied(pair.device, EVERYTHING):
        raise KeyboardInterrupt
    assert everything(pair.device) == before


def test_one_that_is_refused_undoes_those_before_it(pair, monkeypatch):
    before = everything(pair.device)

    def refused(device, value):
        raise OSError(22, "no", device)

    monkeypatch.setitem(KNOBS, "defer_hard_irqs", KNOBS["defer_hard_irqs"]._replace(write=refused))
    with pytest.raises(OSError, match="no"), applied(pair.device, EVERYTHING):
        pytest.fail("it was to be refused")
    monkeypatch.undo()
    assert everything(pair.device) == before


def test_what_it_cannot_is_said_in_one_line_and_nothing_is_changed(pair):
    before = everything(pair.device)
    impossible = Settings(
        queues=9, ring_size=64, rx_usecs=5, features={"rx-lro": True, "no-such": True}, rps_cpus=(999,)
    )
    with pytest.raises(CannotBeSet) as said:
        measure(pair, impossible)
    assert list(said.value.reasons) == ["queues", "ring_size", "rx_usecs", "features", "rps_cpus"]
    assert "\n" not in str(said.value)
    for words in (
        "9: allowed is 1 to 4",
        "Operation not supported",
        "rx-lro is fixed off",
        "no-such",
        "no CPU 999",
    ):
        assert words in str(said.value)
    assert everything(pair.device) == before


KILLED = """
import sys, time
from engine.linux.settings import Settings, applied
with applied(sys.argv[1], Settings(queues=2, rps_cpus=(0,), features={"rx-gro": True}, threaded_napi=True)):
    print("set", flush=True)
    time.sleep(60)
"""


def test_after_kill_9_doctor_names_it_and_the_next_start_restores(pair):
    before = everything(pair.device)
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, pair.device],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert child.stdout.readline() == b"set\n"
    with pytest.raises(OSError, match="being changed by process"), applied(pair.device, EVERYTHING):
        pytest.fail("two at a time")
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert everything(pair.device) != before
    # What other tests' programs may have left is not asked about.
    (left,) = (one for one in leftovers.find() if one.kind == "settings")
    assert left.name.split()[1] == pair.device
    assert not none_left().available
    assert pair.device in none_left().detail
    with pytest.warns(leftovers.LeftoverWarning, match=pair.device):
        leftovers.remove()
    assert everything(pair.device) == before
    assert pair.device not in none_left().detail


AGAIN_AND_AGAIN = """
import sys
from engine.linux.settings import Settings, applied
settings = Settings(queues=2, rps_cpus=(0,), features={"rx-gro": True}, threaded_napi=True, defer_hard_irqs=2,
                    rps_sock_flow_entries=512)
with applied(sys.argv[1], settings):
    pass
print("begins", flush=True)
while True:
    with applied(sys.argv[1], settings):
        pass
"""


def test_killed_at_any_moment_everything_comes_back(pair):
    before, held = everything(pair.device), 0
    for delay_ms in random.Random(1).choices(range(200), k=4):
        child = subprocess.Popen([sys.executable, "-c", AGAIN_AND_AGAIN, pair.device], stdout=subprocess.PIPE)
        assert child.stdout.readline() == b"begins\n"
        time.sleep(delay_ms / 1000)
        child.kill()
        child.wait()
        child.stdout.close()
        held += len(journal.left())
        leftovers.clean()
        assert everything(pair.device) == before
        assert not list(journal.place().glob("*"))
    assert held > 0


KILLED_PAIR = """
import time
from engine.linux.pair import Pair
from engine.linux.settings import Settings, applied
with Pair(2) as pair, applied(pair.device, Settings(rps_sock_flow_entries=512)):
    print("set", flush=True)
    time.sleep(60)
"""


def test_after_kill_9_a_setting_of_the_machine_is_restored_without_the_interface():
    before = files.read(files.SOCK_FLOW_ENTRIES)
    child = subprocess.Popen([sys.executable, "-c", KILLED_PAIR], stdout=subprocess.PIPE)
    assert child.stdout.readline() == b"set\n"
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert files.read(files.SOCK_FLOW_ENTRIES) == "512" != before
    # The kernel takes the pair away when it gets round to it, before or after this.
    with pytest.warns(leftovers.LeftoverWarning, match="rps_sock_flow_entries"):
        leftovers.remove()
    assert files.read(files.SOCK_FLOW_ENTRIES) == before


def test_interrupts_of_a_card_go_where_they_are_told_and_back(pair):
    with pytest.raises(CannotBeSet, match="irq_cpus: the interface has no interrupts of its own"):
        check(pair.device, Settings(irq_cpus=(0,)))
    cards = [card for card in ethtool.devices() if irq.lines(card) and not irq.why_not(card)]
    if not cards:
        pytest.skip("no card here has interrupts of its own")
    before = irq.read(cards[0])
    last = max(os.sched_getaffinity(0))
    with pytest.raises(CannotBeSet, match="no CPU 9999"):
        check(cards[0], Settings(irq_cpus=(9999,)))
    with applied(cards[0], Settings(irq_cpus=(last,))):
        assert set(irq.read(cards[0]).values()) == {str(last)}
    assert irq.read(cards[0]) == before


def test_of_an_interface_that_is_gone_only_what_is_the_machine_s_is_restored(pair):
    before = files.read(files.SOCK_FLOW_ENTRIES)
    with applied(pair.device, EVERYTHING):
        assert files.read(files.SOCK_FLOW_ENTRIES) == "512" != before
        pair.close()
    assert files.read(files.SOCK_FLOW_ENTRIES) == before
    assert not list(journal.place().iterdir())


def test_a_setting_of_the_machine_is_changed_by_one_at_a_time(pair):
    with applied(pair.device, Settings(rps_sock_flow_entries=512)):
        with (
            pytest.raises(OSError, match=f"rps_sock_flow_entries.*by process {os.getpid()}"),
            applied("lo", Settings(rps_sock_flow_entries=1024)),
        ):
            pytest.fail("two at a time")
        with applied("lo", Settings(rps_cpus=(0,))):
            pass


def test_one_that_vanishes_while_it_is_measured_is_one_line(pair, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: pair.close())
    with pytest.raises(OSError) as gone:
        measure(pair.device, Settings(rps_cpus=(0,)), seconds=0.1, watch=None)
    assert (gone.value.errno, gone.value.filename) == (19, pair.device)
    assert "vanished" in gone.value.strerror
    assert not list(journal.place().iterdir())


def test_a_name_that_is_taken_is_one_line(pair):
    with pytest.raises(OSError) as taken:
        Pair(2, name=pair.device).__enter__()
    assert (taken.value.errno, taken.value.filename) == (17, pair.device)


def test_without_the_right_it_is_said_before_anything_is_changed(pair, monkeypatch):
    monkeypatch.setattr(sys.modules["engine.linux.settings.check"], "_may_change", lambda: False)
    with pytest.raises(OSError, match="needs root, or CAP_NET_ADMIN") as refused:
        measure(pair.device, Settings(queues=2), seconds=0.01, watch=None)
    assert (refused.value.errno, refused.value.filename) == (1, pair.device)
    measure(pair.device, seconds=0.01, watch=None)  # as it is needs none


def test_no_such_interface_is_answered_with_those_there_are():
    with pytest.raises(OSError, match=r"there are.*lo"):
        check("eth-none", Settings(queues=1))


def test_a_load_is_sent_read_and_accounted_for(pair):
    run = measure(pair, Settings(rps_cpus=(0,)), load=Load(20_000, 1000, 4, 2), seconds=0.5, watch=None)
    assert 5_000 < run.offered_frames < 12_000
    assert 0 < run.delivered_frames <= run.offered_frames
    assert run.counted["rx_packets"] >= run.delivered_frames
    assert run.summary["offered_pps"] == run.offered_frames / 0.5
    assert run.source == "socket"


def test_settings_are_compared(pair, tmp_path):
    settings = [Settings(name="as it is"), Settings(name="rps", rps_cpus=(0,))]
    before = everything(pair.device)
    found = compare(pair, settings, load=Load(20_000), seconds=0.2, repeats=2, watch=(), progress=False)
    assert found.names == ("as it is", "rps")
    assert found.table["name"].tolist() == ["as it is", "rps"] * 0 + ["as it is"] * 2 + ["rps"] * 2
    assert found.effect("delivered_pps", "as it is", "rps").n_a == 2
    assert found.summary.loc[("rps", "delivered_pps"), "source"] == "socket"
    assert found.summary.loc[("rps", "latency_p99_ns"), "source"] == "unavailable"
    with pytest.raises(ValueError, match="must be virtual"):
        found.explain("as it is", "rps")
    assert everything(pair.device) == before


def test_a_comparison_of_settings_is_a_dataset_that_answers_the_same(pair, tmp_path):
    settings = {"as it is": Settings(), "rps": Settings(name="rps", rps_cpus=(0,), features={"rx-gro": True})}
    watch = ("protocols",)  # without bcc, which takes its second to load
    found = compare(pair, settings, load=Load(20_000), seconds=0.2, repeats=2, watch=watch, progress=False)
    again = load(save(found, tmp_path / "saved"))
    assert isinstance(again, TargetComparison)
    assert (again.target, again.names, again.said) == (found.target, found.names, found.said)
    assert again.scenarios["rps"] == settings["rps"]
    pd.testing.assert_frame_equal(again.table, found.table)
    pd.testing.assert_frame_equal(again.summary, found.summary)
    assert set(again.tables) == set(found.tables) >= {"protocols"}
    for name, table in found.tables.items():
        pd.testing.assert_frame_equal(again.tables[name], table, check_categorical=False)
    assert again.effect("delivered_pps", "as it is", "rps") == found.effect(
        "delivered_pps", "as it is", "rps"
    )
    manifest = tmp_path / "saved" / "manifest.json"
    told = json.loads(manifest.read_text())
    assert (told["kind"], told["scenarios"], told["target"]["device"]) == ("target", {}, pair.device)
    assert told["volatile"]["provenance"]
    told["stats"]["rps/0"]["rx"] += 1
    manifest.write_text(json.dumps(told))
    with pytest.raises(DatasetError, match=r"frames, \d+ of them ended"):
        load(tmp_path / "saved")


def test_streams_are_sent_and_every_byte_is_read(pair):
    sent = Load(0, 60_000, 3, protocol="tcp")
    run = measure(pair, Settings(features={"rx-gro": True}), load=sent, seconds=0.3, watch=None)
    assert run.read_bytes > 10 * 60_000
    assert run.read_bytes % 60_000 == 0
    assert run.source == "netlink"
    # Segments of an MTU, as on a wire.
    assert run.counted["rx_bytes"] / run.counted["rx_packets"] < 1515
    assert run.counted["rx_bytes"] > run.read_bytes
    assert run.summary["delivered_bps"] == run.read_bytes * 8 / run.seconds
    found = compare(pair, [Settings()], load=sent, seconds=0.1, repeats=2, watch=(), progress=False)
    assert (found.source_of("delivered_bps"), found.source_of("delivered_pps")) == ("socket", "netlink")
    assert "TCP, as fast as taken of 60000 B in 3 flows" in found.said


def test_a_load_without_a_reader_is_one_line(pair, monkeypatch):
    monkeypatch.setattr(Streams, "_read", lambda self, stream: stream.close())
    with pytest.raises(OSError, match=r"sender failed|were read") as told:
        measure(pair, load=Load(0, flows=2, protocol="tcp"), seconds=0.1, watch=None)
    assert "\n" not in str(told.value)


def test_the_command_checks_compares_saves_and_leaves_nothing(pair, capsys, tmp_path):
    def said(*words):
        with pytest.raises(SystemExit) as ended:
            app(["target", pair.device, *words])
        return ended.value.code, capsys.readouterr()

    before = everything(pair.device)
    code, told = said("--set", "rps_cpus = [0]", "--check")
    assert (code, told.out) == (0, f"{pair.device}: can be set so\n")
    code, told = said("--set", "queues = 9")
    assert (code, told.err.strip()) == (2, f"rxbench: {pair.device}: queues: 9: allowed is 1 to 4")
    code, told = said("--set", "queue = 9")
    assert "allowed is name, queues" in told.err
    kept = str(tmp_path / "kept")
    code, told = said("--set", "rps_cpus = [0]", "--seconds", "0.1", "--repeats", "2", "--save", kept)
    assert code == 0
    assert load(kept).names == ("as it is", "rps_cpus = [0]")
    code, refused = said("--save", kept)
    assert (code, refused.err.strip()) == (2, f"rxbench: {kept}: already there; datasets are not overwritten")
    assert "traffic from elsewhere" in told.out
    assert "rps_cpus = [0]" in told.out
    assert everything(pair.device) == before
