"""The kernel's text files are read as the kernel writes them."""

import math
import os

import pytest

from collectors.linux.drops import reasons
from collectors.linux.ethtool import queue_of
from collectors.linux.files import Reread, cpu_list
from collectors.linux.hardirq import interrupts
from collectors.linux.protocols import pairs, snmp6
from collectors.linux.scheduler import schedstat
from collectors.linux.softirq import softirq_ticks, softirqs, softnet_stat
from engine.linux.interrupt import owners
from engine.linux.interrupt import queue_of as queue_in_action


def values(counts, key, *expected):
    found = counts[key]
    assert [value for value in found if not math.isnan(value)] == list(expected)


def test_softirqs_of_cpus_that_are_not_numbered_in_a_row():
    text = "            CPU0       CPU2\n  NET_TX:         1          2\n  NET_RX:         3          4\n"
    found = softirqs(text)
    values(found, (0, "NET_RX"), 3)
    values(found, (2, "NET_RX"), 4)
    assert len(found) == 4


def test_softirq_time_is_the_seventh_column_in_ticks():
    found = softirq_ticks("cpu  1 2 3 4 5 6 7 8 9 10\ncpu3 1 2 3 4 5 6 70 8 9 10\nintr 5\n")
    assert list(found) == [(3, "ALL")]
    assert found[3, "ALL"][1] == 70 * 1e9 / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize(
    ("line", "cpu", "expected"),
    [
        (
            "0000efa4 0000000a 0000000b 0 0 0 0 0 0 0000000c 0000000d 0 00000001 0 0",
            1,
            (0xEFA4, 10, 11, 12, 13),
        ),
        ("00000010 00000001 00000002 0 0 0 0 0 0 00000003 00000004", 0, (16, 1, 2, 3, 4)),
        ("00000010 00000001 00000002 0 0 0 0 0 0", 0, (16, 1, 2, 0, 0)),
    ],
    ids=["since 5.10", "before", "before RPS"],
)
def test_softnet_stat_of_three_generations_of_kernels(line, cpu, expected):
    assert softnet_stat(line + "\n") == {(cpu,): expected}


def test_interrupts_with_devices_architecture_and_totals():
    text = (
        "            CPU0       CPU1\n"
        "  24:          7          9  PCI-MSIX-0000:00:03.0   1-edge      eth0-rx-0\n"
        " LOC:         11         12   Local timer interrupts\n"
        " ERR:          0\n"
    )
    found = interrupts(text)
    values(found, (1, "24", "eth0-rx-0"), 9)
    values(found, (0, "LOC", "Local timer interrupts"), 11)
    assert len(found) == 4


@pytest.mark.parametrize(
    ("action", "queue"),
    [
        ("virtio2-input.0", 0),
        ("virtio2-output.3", 3),
        ("virtio2-config", -1),
        ("eth0-TxRx-5", 5),
        ("i40e-eth0-TxRx-12", 12),
        ("eth0-rx-1", 1),
        ("mlx5_comp7@pci:0000:03:00.0", 7),
        ("eth0-Tx-Rx-2", 2),
        ("eth2-fp-4", 4),
        ("eth0", -1),
        ("nvme0q1", 1),
    ],
)
def test_the_queue_in_an_interrupts_name(action, queue):
    assert queue_in_action(action) == queue


def test_interrupts_belong_to_the_interface_sysfs_or_their_name_says(tmp_path):
    (tmp_path / "virtio2").mkdir()
    (tmp_path / "pci" / "msi_irqs").mkdir(parents=True)
    (tmp_path / "pci" / "msi_irqs" / "38").touch()
    (tmp_path / "pci" / "virtio2").mkdir()
    (tmp_path / "eth0").mkdir()
    (tmp_path / "eth0" / "device").symlink_to(tmp_path / "pci" / "virtio2")
    actions = {"38": "virtio2-input.0", "41": "virtio3-rx", "50": "eth1-TxRx-2", "51": "eth10-TxRx-2"}
    found = owners(actions, ["eth0", "eth1"], tmp_path)
    assert found == {"38": ("eth0", 0), "50": ("eth1", 2)}


def test_counters_in_pairs_of_lines_and_with_ipv6():
    assert pairs("Udp: InDatagrams NoPorts\nUdp: 5 6\nTcp: MaxConn\nTcp: -1\n") == {
        ("Udp", "InDatagrams"): (5.0,),
        ("Udp", "NoPorts"): (6.0,),
        ("Tcp", "MaxConn"): (-1.0,),
    }
    assert snmp6("Ip6InReceives        \t12\nUdp6NoPorts 3\n") == {
        ("Ip6", "InReceives"): (12.0,),
        ("Udp6", "NoPorts"): (3.0,),
    }


def test_schedstat_has_waits_before_slices():
    assert schedstat("version 17\ncpu1 0 0 0 0 0 0 100 200 300\ndomain0 3\n") == {(1,): (300.0, 200.0)}


def test_drop_reasons_are_named_by_the_tracepoints_description():
    text = (
        'print fmt: "reason: %s", __print_symbolic(REC->reason, { 2, "NOT_SPECIFIED" }, { 3, "NO_SOCKET" })'
    )
    assert reasons(text) == {2: "NOT_SPECIFIED", 3: "NO_SOCKET"}


@pytest.mark.parametrize(
    ("counter", "queue"),
    [
        ("rx_queue_3_packets", 3),
        ("rx-12.bytes", 12),
        ("tx_7_bytes", 7),
        ("rx0_xdp_drop", 0),
        ("queue_2_tx_cnt", 2),
        ("rx_packets", -1),
        ("rx_64_byte_packets", -1),
        ("peer_ifindex", -1),
    ],
)
def test_queues_in_the_names_of_drivers(counter, queue):
    assert queue_of(counter) == queue


@pytest.mark.parametrize(("text", "cpus"), [("0-3,6\n", [0, 1, 2, 3, 6]), ("0\n", [0]), ("\n", [])])
def test_lists_of_cpus(text, cpus):
    assert cpu_list(text) == cpus


def test_a_file_is_read_again_from_its_start(tmp_path):
    path = tmp_path / "counter"
    path.write_text("one")
    with Reread(path) as file:
        assert file.text() == "one"
        path.write_text("two and more")
        assert file.text() == "two and more"
