"""Without bcc, without rights: every table is there, says where it comes from, and why it is not better."""

import io
import os
import traceback
from ast import literal_eval

import pytest
from rich.console import Console

from collectors import linux
from collectors.linux import watch as live
from collectors.linux.bpf import package

UNPRIVILEGED = 65534


def as_an_ordinary_user(work):
    """What `work` returns in a child without any right."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reading)
            if os.geteuid() == 0:
                os.setgroups([])
                os.setresgid(UNPRIVILEGED, UNPRIVILEGED, UNPRIVILEGED)
                os.setresuid(UNPRIVILEGED, UNPRIVILEGED, UNPRIVILEGED)
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(repr(work()).encode())
            status = 0
        except BaseException:  # noqa: BLE001 - nothing of the child may reach pytest
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read().decode()
    assert os.waitpid(child, 0)[1] == 0, "the child failed"
    return told


def watched():
    with linux.observe(interval=0.05) as watch:
        linux.observer.loopback_datagrams(300)
    softirq = watch.softirq
    counted = softirq[softirq["vector"] == "NET_RX"]["count"].sum()
    return dict(watch.sources), dict(watch.reasons), float(counted)


def test_an_ordinary_user_gets_every_table_from_elsewhere():
    sources, reasons, counted = literal_eval(as_an_ordinary_user(watched))
    assert "bcc" not in sources.values()
    assert sources["softirq"] == sources["hardirq"] == sources["drops"] == "procfs"
    assert sources["readers"] == "unavailable"
    assert "CAP_BPF" in reasons["softirq"]
    assert "run as root" in reasons["softirq"]
    assert "\n" not in "".join(reasons.values())
    assert counted >= 300


def test_without_the_package_the_reason_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(package, "FOLDERS", ())
    monkeypatch.delitem(__import__("sys").modules, "bcc", raising=False)
    with pytest.raises(linux.Unavailable, match="apt install python3-bpfcc"):
        package.bcc()


def test_what_was_asked_not_to_use_bcc_does_not():
    with linux.observe(["softirq", "drops", "hardirq", "scheduler"], 0.05, bcc=False) as watch:
        linux.observer.loopback_datagrams(300)
    assert not watch.bcc
    assert "bcc" not in watch.sources.values()
    assert watch.softnet["processed"].sum() >= 300
    assert watch.napi["polls"].isna().all()
    assert watch.softirq[watch.softirq["vector"] == "ALL"]["ns"].notna().all()
    assert watch.distribution.empty


def test_a_machine_without_a_pmu_says_unavailable():
    with linux.observe(["pmu"], 0.05) as watch:
        pass
    if watch.sources["pmu"] == "unavailable":
        assert watch.pmu["count"].isna().all()
        assert watch.reasons["pmu"]
    else:
        assert (watch.pmu.dropna()["count"] >= 0).all()


@pytest.mark.parametrize("terminal", [True, False])
def test_the_live_view_says_its_sources(terminal):
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=120)
    ended = live.show("lo", 0.1, 0.35, bcc=False, console=console)
    assert "source procfs" in out.getvalue()
    assert "asked not to use bcc" in out.getvalue()
    assert not ended.bcc


@pytest.mark.needs("bcc")
def test_the_live_view_shows_softirq_times():
    out = io.StringIO()
    live.show("lo", 0.1, 0.35, console=Console(file=out, force_terminal=False, width=120))
    assert "softirqs per CPU (source bcc, clock real)" in out.getvalue()
    assert "NET_RX" in out.getvalue()
    assert "BPF programs" in out.getvalue()


def test_an_interface_that_is_not_there_is_named():
    with pytest.raises(linux.Unavailable, match=r"'rxb-none'.*lo"):
        live.show("rxb-none", 0.1, 0.1)
