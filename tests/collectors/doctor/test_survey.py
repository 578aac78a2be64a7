"""The survey answers whatever the machine is like, and says nothing it did not try."""

import io
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from collectors.doctor import as_json, cpu, kernel, programs, render, rights, survey
from collectors.doctor.capability import Found, Probe
from collectors.doctor.survey import PROBES
from collectors.linux.bpf import headers

EXPECTED = {"cpus", "avx2", "avx512", "gfni", "vaes", "hugepages"}
EXPECTED |= {"pmu", "bcc", "tracepoints", "tap", "af_xdp", "namespaces"}
EXPECTED |= {"btf", "bpftool", "xdp", "no_leftovers", "realtime", "zero_copy"}
EXPECTED |= {"tshark", "iperf3", "curl", "ethtool", "valgrind", "dpdk", "chromium"}
EXPECTED |= {"tsc", "af_packet", "settings", "interrupts", "ping", "cargo"}


def test_every_capability_is_looked_for_once_and_explains_itself():
    found = survey()
    assert [one.name for one in found] == [probe.name for probe in PROBES]
    assert {one.name for one in found} == EXPECTED
    for one in found:
        assert one.detail
        assert one.needed_for


@pytest.mark.parametrize(
    "cause", [PermissionError(1, "Operation not permitted"), ValueError("odd"), KeyError("x")]
)
def test_a_trial_that_raises_becomes_the_reason(cause):
    def trial() -> Found:
        raise cause

    outcome = Probe("odd", trial, "a test", "nothing").attempt()
    assert not outcome.available
    assert (getattr(cause, "strerror", None) or type(cause).__name__) in outcome.detail
    assert outcome.how_to_get == "nothing"


def test_the_probes_leave_no_descriptor_behind():
    survey()
    before = len(list(Path("/proc/self/fd").iterdir()))
    survey()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_json_and_table_tell_the_same():
    found = survey()
    told = json.loads(as_json(found))
    assert {entry["name"]: entry["available"] for entry in told} == {one.name: one.available for one in found}
    assert set(told[0]) == {"name", "available", "detail", "needed_for", "how_to_get"}
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(render(found))
    text = console.export_text()
    assert all(one.name in text for one in found)


def test_nothing_personal_is_told():
    told = as_json(survey())
    assert str(Path.home()) + "/" not in told
    assert str(Path.cwd()) not in told
    assert len(socket.gethostname()) < 4 or socket.gethostname() not in told


def test_flags_are_read_on_both_architectures():
    assert cpu.flags("processor\t: 0\nflags\t\t: fpu avx2 gfni\n\nflags\t\t: other\n") == {
        "fpu",
        "avx2",
        "gfni",
    }
    assert cpu.flags("processor : 0\nFeatures : fp asimd aes\n") == {"fp", "asimd", "aes"}
    assert cpu.flags("nothing here\n") == frozenset()


def test_instruction_sets_come_from_cpuinfo(tmp_path, monkeypatch):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("flags : avx2 avx512f avx512bw avx512vl\n")
    monkeypatch.setattr(cpu, "CPUINFO", cpuinfo)
    assert cpu.avx2() == Found(True, "present")
    assert cpu.avx512() == Found(False, "no avx512dq in /proc/cpuinfo")
    assert not cpu.gfni().available


def test_rights_are_read_from_the_effective_set(tmp_path):
    status = tmp_path / "status"
    status.write_text(
        "Name:\tx\nCapPrm:\tffffffffffffffff\nCapEff:\t0000000000001000\n"
    )  # CAP_NET_ADMIN alone
    assert rights.missing("CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_BPF", status=status) == [
        "CAP_NET_RAW",
        "CAP_BPF",
    ]
    status.write_text("CapEff:\t0000000000200000\n")  # CAP_SYS_ADMIN stands in for two of them
    assert rights.missing("CAP_NET_ADMIN", "CAP_BPF", "CAP_PERFMON", status=status) == ["CAP_NET_ADMIN"]


def test_a_foreign_package_named_bcc_is_not_taken_for_it(tmp_path, monkeypatch):
    (tmp_path / "bcc").mkdir()
    (tmp_path / "bcc" / "__init__.py").write_text("")
    monkeypatch.setattr(kernel, "DEBIAN_BCC", tmp_path / "absent")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "bcc", raising=False)
    found = kernel.bcc()
    assert not found.available
    assert "not the BPF Compiler Collection" in found.detail


def test_headers_of_this_kernel_do_in_the_place_of_btf(tmp_path, monkeypatch):
    monkeypatch.setattr(kernel, "BTF", tmp_path / "absent")
    assert "no BTF in this kernel, and no headers of it" in kernel.bcc().detail
    monkeypatch.setattr(headers, "installed", lambda release: True)
    assert "BTF" not in kernel.bcc().detail


def test_programs_absent_from_path_are_not_found(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    for trial in (programs.tshark, programs.dpdk, programs.chromium, kernel.namespaces):
        assert not trial().available


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None, reason="only root can drop its rights"
)
def test_without_rights_it_answers_and_says_what_is_lacking():
    # Imported before the rights go: an interpreter in a private home may be unreadable afterwards.
    script = (
        "import os, sys; sys.path.insert(0, os.getcwd()); import rich.console, subprocess, encodings.idna\n"
        "from collectors.doctor import as_json, survey\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "print(as_json(survey()))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    found = {entry["name"]: entry for entry in json.loads(done.stdout)}
    for name in ("bcc", "tap", "af_xdp", "af_packet", "namespaces", "settings", "interrupts"):
        assert not found[name]["available"], found[name]
        assert found[name]["how_to_get"]
