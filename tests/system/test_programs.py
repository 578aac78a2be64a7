"""BPF programs: right structures, no event lost unseen, known cost, and nothing left behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from collectors import linux
from collectors.linux.bpf import headers, program
from collectors.linux.scheduler import KEY, SUM, Scheduler

pytestmark = pytest.mark.needs("bcc")


# Where everything is required, a missing bpftool is a failure of these tests and no reason to skip them.
needs_bpftool = pytest.mark.skipif(
    shutil.which("bpftool") is None and not os.environ.get("RXBENCH_REQUIRE"),
    reason="bpftool is not installed",
)


def read_datagrams(packets):
    return linux.observer.loopback_datagrams(packets)


def test_structures_are_read_at_the_running_kernels_offsets():
    text = """
    BPF_ARRAY(pids, u64, 2);
    TRACEPOINT_PROBE(sched, sched_switch) {
      struct task_struct *task = (struct task_struct *)bpf_get_current_task();
      s32 pid = 0;
      bpf_probe_read_kernel(&pid, sizeof(pid), &task->pid);
      pids.increment(pid == (s32)bpf_get_current_pid_tgid());
      return 0;
    }
    """
    includes = "#include <linux/sched.h>\n"
    loaded = program.load((includes + text,))
    try:
        for _ in range(50):
            os.sched_yield()
            subprocess.run(["true"], check=True)
        found = {
            int(key[0]): int(value[0])
            for key, value in loaded.entries(
                "pids", np.dtype([("index", "<u4")]), np.dtype([("count", "<u8")])
            )
        }
    finally:
        loaded.close()
    assert found[1] >= 50
    assert found[0] == 0


def test_no_event_is_lost_under_load():
    """Reads of datagrams as fast as this process can make them, each an event."""
    loaded = program.load((Scheduler.text,), flags=("-DSTREAM_READS",))
    ours = threading.get_native_id()
    seen = 0
    try:
        for _ in range(8):
            read_datagrams(4000)
            events = loaded.ring.drain()
            seen += int(((events["kind"] == program.READ) & (events["tid"] == ours)).sum())
        assert loaded.lost == 0
        reads = sum(int(v["reads"]) for k, v in loaded.entries("reader_sums", KEY, SUM) if k["tid"] == ours)
    finally:
        loaded.close()
    assert seen == reads == 32_000


def test_what_the_ring_has_no_room_for_is_counted():
    loaded = program.load((Scheduler.text,), flags=("-DSTREAM_READS",), ring_pages=1)
    try:
        before = sum(int(v["reads"]) for _, v in loaded.entries("reader_sums", KEY, SUM))
        read_datagrams(1000)
        lost = loaded.lost
        received = len(loaded.ring.drain())
        reads = sum(int(v["reads"]) for _, v in loaded.entries("reader_sums", KEY, SUM))
    finally:
        loaded.close()
    assert lost > 0
    assert received <= 4096 // 32
    # Others read sockets meanwhile, and a reader may be moved, which is an event too.
    assert received + lost >= 1000
    assert received + lost <= reads - before + 50


def test_the_cost_of_watching_is_told():
    cost = linux.observer_cost(["softirq"], rounds=1, load=lambda: read_datagrams(1000))
    assert cost.without_ns > 0
    assert 0 < cost.programs_ns < 100_000
    assert "clock real" in cost.sentence()


def test_the_kernels_account_is_in_the_table_and_switched_off_afterwards():
    switch = Path("/proc/sys/kernel/bpf_stats_enabled")
    before = switch.read_text()
    with linux.observe(["softirq"]) as watch:
        read_datagrams(500)
    rows = watch.observer.groupby("program", observed=True)[["runs", "ns"]].sum()
    assert rows.loc["tracepoint__irq__softirq_entry", "runs"] >= 500
    assert rows.loc["tracepoint__irq__softirq_entry", "ns"] > 0
    assert rows.loc["sampling", "ns"] > 0
    assert switch.read_text() == before


def programs_alive():
    shown = subprocess.run(["bpftool", "--json", "prog", "show"], check=True, capture_output=True, text=True)
    return {one["id"] for one in json.loads(shown.stdout)}


def ids(descriptors):
    infos = (Path(f"/proc/self/fdinfo/{number}").read_text() for number in descriptors)
    return {
        int(line.split()[1]) for info in infos for line in info.splitlines() if line.startswith("prog_id")
    }


def mounted():
    """What BPF and tracing mount; the rest of the machine may change meanwhile."""
    lines = Path("/proc/mounts").read_text().splitlines()
    return [line for line in lines if line.split()[2] in ("bpf", "debugfs", "tracefs")]


@needs_bpftool
def test_nothing_stays_after_the_end():
    mounts = mounted()
    open_before = len(list(Path("/proc/self/fd").iterdir()))
    with linux.observe(["softirq", "drops"]) as watch:
        ours = ids(watch._program.descriptors.values())
        assert len(ours) == 5
        assert ours <= programs_alive()
    assert not ours & programs_alive()
    assert mounted() == mounts
    assert (
        len(list(Path("/proc/self/fd").iterdir())) <= open_before + 1
    )  # bcc's own symbol cache may stay open


CHILD = """
import sys, time
sys.path.insert(0, {root!r})
from collectors import linux
from pathlib import Path
with linux.observe(["softirq"]) as watch:
    infos = [Path(f"/proc/self/fdinfo/{{fd}}").read_text() for fd in watch._program.descriptors.values()]
    lines = [line for info in infos for line in info.splitlines()]
    print(*[line.split()[1] for line in lines if line.startswith("prog_id")], flush=True)
    time.sleep(60)
"""


@needs_bpftool
def test_nothing_stays_after_a_kill():
    mounts = mounted()
    root = str(Path(__file__).resolve().parents[2])
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD.format(root=root)], stdout=subprocess.PIPE, text=True
    )
    try:
        theirs = {int(number) for number in child.stdout.readline().split()}
        assert len(theirs) == 4
        assert theirs <= programs_alive()
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait(10)
        child.stdout.close()
    assert not theirs & programs_alive()
    assert mounted() == mounts


def test_headers_are_made_once_per_kernel(tmp_path, monkeypatch):
    if not headers.BTF.exists() and not os.environ.get("RXBENCH_REQUIRE"):
        pytest.skip("no BTF in this kernel")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = headers.stub()
    stamp = (made / headers.VMLINUX).stat().st_mtime_ns
    assert headers.stub() == made
    assert (made / headers.VMLINUX).stat().st_mtime_ns == stamp
    made.chmod(0o777)  # someone else could have written here
    assert headers.stub() == made
    assert made.stat().st_mode & 0o022 == 0
    assert [path.name for path in made.parent.iterdir()] == [made.name]


def test_a_program_the_kernel_refuses_is_one_line():
    with pytest.raises(linux.Unavailable) as caught:
        program.load(("TRACEPOINT_PROBE(irq, no_such_tracepoint) { return 0; }",))
    assert "\n" not in str(caught.value)
