"""What is read, on a machine made of files; what is never told, on this one."""

import getpass
import json
import socket
import sys
import types
from pathlib import Path

import pytest

from collectors.provenance import capture, differences, ethtool, source


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text + "\n")


@pytest.fixture
def machine(tmp_path):
    """A server with two CPUs, one two-queue NIC and a tuned command line."""
    root = tmp_path / "machine"
    write(
        root,
        "proc/cmdline",
        "BOOT_IMAGE=/boot/vmlinuz root=/dev/secret ip=::secret-host isolcpus=1 nohz_full=1 nosmt quiet",
    )
    write(root, "proc/cpuinfo", "model name\t: Some CPU\nmicrocode\t: 0x2b\nflags\t\t: fpu hypervisor")
    cpu = "sys/devices/system/cpu"
    write(root, f"{cpu}/smt/active", "0")
    write(root, f"{cpu}/isolated", "1")
    write(root, f"{cpu}/nohz_full", "(null)")
    write(root, f"{cpu}/intel_pstate/no_turbo", "1")
    write(root, f"{cpu}/cpu0/cpufreq/scaling_governor", "performance")
    write(root, f"{cpu}/cpu1/cpufreq/scaling_governor", "powersave")
    write(root, f"{cpu}/vulnerabilities/spectre_v2", "Mitigation: Retpolines")
    for name, value in {"level": "1", "type": "Data", "size": "32K"}.items():
        write(root, f"{cpu}/cpu0/cache/index0/{name}", value)
    nic = "sys/class/net/eth0"
    write(root, f"{nic}/mtu", "1500")
    write(root, f"{nic}/speed", "-1")
    write(root, f"{nic}/threaded", "1")
    write(root, f"{nic}/address", "00:00:5e:00:53:aa")
    for queue in (0, 1):
        write(root, f"{nic}/queues/rx-{queue}/rps_cpus", f"{queue + 1}")
        write(root, f"{nic}/queues/rx-{queue}/rps_flow_cnt", "4096")
        write(root, f"{nic}/queues/tx-{queue}/xps_cpus", f"{queue + 1}")
    (root / nic / "device").mkdir()
    (root / nic / "device/driver").symlink_to("../../../bus/pci/drivers/ixgbe")
    write(root, "sys/class/net/lo/mtu", "65536")
    write(root, "proc/irq/42/smp_affinity_list", "0-1")
    (root / "proc/irq/42/eth0-TxRx-0").mkdir()
    write(root, "proc/irq/7/smp_affinity_list", "0")
    write(root, "proc/sys/net/core/netdev_budget", "300")
    return root


def read(machine, **changes):
    return capture(machine, **{"ethtool_state": lambda device: {"gro": 1}, **changes})


def test_processors_and_their_policy(machine):
    cpu = read(machine).cpu
    assert (cpu.model, cpu.microcode, cpu.smt, cpu.turbo) == ("Some CPU", "0x2b", False, False)
    assert cpu.governors == ("performance", "powersave")
    assert (cpu.isolated, cpu.nohz_full, cpu.hypervisor) == ("1", "", True)
    assert cpu.caches == {"L1 Data": "32K"}


def test_only_boot_parameters_that_matter_are_told(machine):
    environment = read(machine)
    assert environment.kernel.boot_parameters == ("isolcpus=1", "nohz_full=1", "nosmt")
    assert environment.kernel.boot_parameters_left_out == 4
    assert "secret" not in json.dumps(environment.as_dict())
    assert environment.kernel.mitigations == {"spectre_v2": "Mitigation: Retpolines"}
    assert environment.kernel.settings == {"net.core.netdev_budget": "300"}


def test_nic_queues_and_interrupts(machine):
    environment = read(machine)
    (nic,) = environment.nics
    assert (nic.device, nic.driver, nic.mtu_bytes, nic.speed_mbps) == ("eth0", "ixgbe", 1500, None)
    assert (nic.rps_cpus, nic.rps_flow_cnt, nic.xps_cpus) == (("1", "2"), (4096, 4096), ("1", "2"))
    assert nic.threaded_napi is True
    assert nic.gro_flush_timeout_ns is None
    assert nic.ethtool == {"gro": 1}
    assert [(irq.number, irq.actions, irq.cpus) for irq in environment.interrupts] == [
        (42, ("eth0-TxRx-0",), "0-1")
    ]
    assert "5e:00:53" not in json.dumps(environment.as_dict())


def test_a_machine_that_says_nothing_is_read_all_the_same(tmp_path):
    environment = capture(tmp_path, tmp_path)
    assert environment.cpu.model == ""
    assert environment.cpu.smt is None
    assert environment.nics == environment.interrupts == ()
    assert environment.source.commit == ""
    assert environment.source.dirty is None
    assert environment.source.locks_sha256 == {}


def test_the_fingerprint_changes_with_what_matters_and_only_then(machine):
    before = read(machine)
    assert read(machine).fingerprint == before.fingerprint
    write(machine, "sys/devices/system/cpu/smt/active", "1")
    after = read(machine)
    assert after.fingerprint != before.fingerprint
    assert differences(before, after) == {"cpu.smt": (False, True)}
    assert differences(before, before) == {}


def test_differences_name_what_only_one_side_has(machine):
    before = read(machine)
    write(machine, "sys/class/net/eth0/queues/rx-2/rps_cpus", "4")
    found = differences(before, read(machine))
    assert found["nics[0].rps_cpus[2]"] == (None, "4")


def test_this_machine_tells_nothing_personal():
    told = json.dumps(capture().as_dict())
    assert str(Path.home()) + "/" not in told
    assert str(source.REPOSITORY) not in told
    for word in (socket.gethostname(), getpass.getuser()):
        assert len(word) < 5 or f'"{word}"' not in told


def test_commit_and_dirtiness(tmp_path):
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.net"]
        assert source._git(tmp_path, *identity, *arguments) is not None

    git("init", "-q")
    write(tmp_path, "a", "1")
    git("add", "a")
    git("commit", "-q", "-m", "a")
    clean = source.read(tmp_path)
    assert len(clean.commit) == 40
    assert clean.dirty is False
    write(tmp_path, "untracked", "1")
    assert source.read(tmp_path).dirty is False
    write(tmp_path, "a", "2")
    assert source.read(tmp_path).dirty is True


def test_the_lock_is_hashed(tmp_path):
    write(tmp_path, "locks/rxbench.lock", "pandas==3")
    first = source.read(tmp_path).locks_sha256
    write(tmp_path, "locks/rxbench.lock", "pandas==4")
    assert set(first) == {"locks/rxbench.lock"}
    assert source.read(tmp_path).locks_sha256 != first


def test_the_core_is_told_apart_by_its_bytes(tmp_path, monkeypatch):
    library = tmp_path / "_core.abi3.so"
    library.write_bytes(b"one build")
    core = types.SimpleNamespace(__file__=str(library), build=lambda: {"profile": "release"})
    monkeypatch.setitem(sys.modules, "engine._core", core)
    one = source.read(tmp_path)
    library.write_bytes(b"another")
    assert one.build_profile == "release"
    assert source.read(tmp_path).core_sha256 != one.core_sha256
    monkeypatch.setitem(sys.modules, "engine._core", None)
    assert source.read(tmp_path).core_sha256 == source.read(tmp_path).build_profile == ""


def test_ethtool_of_the_loopback_and_of_nothing():
    assert ethtool.state("lo")["gro"] in (0, 1)
    assert ethtool.state("no-such-device") == {}
