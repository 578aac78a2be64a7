"""Interrupts of an interface's queues: found, set, set back; over files laid out as the kernel's."""

import pytest

from engine.linux.settings import irq


@pytest.fixture
def card(tmp_path, monkeypatch):
    """The file of a line, and what lays lines out. `eth0` has two queues, on lines 50 and 51."""
    for folder in ("irq", "class/eth0", "class/eth1", "proc"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setattr(irq, "IRQ", tmp_path / "irq")
    monkeypatch.setattr(irq, "PROC", tmp_path / "proc")
    monkeypatch.setattr(irq, "CLASS", tmp_path / "class")

    def lay(**lines):
        for line, action in lines.items():
            (tmp_path / "irq" / line[1:] / action).mkdir(parents=True)
            (tmp_path / "irq" / line[1:] / "smp_affinity_list").write_text("0-3\n")

    lay(_50="eth0-TxRx-0", _51="eth0-TxRx-1", _52="eth0", _60="eth1-TxRx-0", _7="nvme0q1")
    (tmp_path / "irq" / "default_smp_affinity").write_text("f\n")
    return lambda line: tmp_path / "irq" / line / "smp_affinity_list", lay


def test_each_queue_s_interrupt_goes_to_its_cpu_and_back(card):
    file, _ = card
    before = irq.read("eth0")
    assert before == {"eth0-TxRx-0": "0-3", "eth0-TxRx-1": "0-3"}
    irq.write("eth0", (2, 3))
    assert (file("50").read_text(), file("51").read_text()) == ("2", "3")
    irq.write("eth0", (1,))
    assert irq.read("eth0") == dict.fromkeys(before, "1")
    assert (file("52").read_text(), file("60").read_text()) == ("0-3\n", "0-3\n")
    irq.write("eth0", before)
    assert irq.read("eth0") == before


def test_lines_are_found_again_by_name_when_a_driver_has_made_them_anew(card):
    file, lay = card
    before = irq.read("eth0")
    irq.write("eth0", (2,))
    for line in ("50", "51"):
        file(line).unlink()
        for action in file(line).parent.iterdir():
            action.rmdir()
        file(line).parent.rmdir()
    lay(_70="eth0-TxRx-0", _71="eth0-TxRx-1")
    irq.write("eth0", (2,))
    irq.write("eth0", before)
    assert (file("70").read_text(), file("71").read_text()) == ("0-3", "0-3")


def test_what_cannot_be_set_is_named(card, tmp_path):
    assert irq.why_not("eth0") == ""
    assert "no interrupts of its own" in irq.why_not("lo")
    (tmp_path / "proc" / "12").mkdir()
    (tmp_path / "proc" / "12" / "comm").write_text("irqbalance\n")
    assert "systemctl stop irqbalance" in irq.why_not("eth0")
