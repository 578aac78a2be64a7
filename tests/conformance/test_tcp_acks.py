"""The acknowledgements a host sends, read by programs that are not ours."""

import io
import subprocess
from collections import Counter
from itertools import pairwise

import pytest
from scapy.layers.inet import TCP
from scapy.utils import PcapReader, wrpcap

from engine import Scenario, execute
from engine.config import Observe, Senders, Traffic
from engine.config.flows import FixedFlow

SIZE = 300_000


def ran(policy, **senders):
    stream = Senders(size=FixedFlow(SIZE), rtt_ns=2_000_000, **senders)
    scenario = Scenario(
        duration_ns=5_000_000_000,
        traffic=Traffic(streams=(stream,)),
        observe=Observe(frames=True),
    ).with_("host.cpus=1", 'host.tcp.gap="wait"', f'host.tcp.ack.policy="{policy}"')
    return execute(scenario)


def segments(capture):
    return [packet[TCP] for packet in PcapReader(io.BytesIO(capture))]


@pytest.mark.parametrize("policy", ["delayed", "one_per_frame", "expand", "linux"])
@pytest.mark.parametrize("ipv6", [False, True])
def test_checksums_are_those_scapy_computes(policy, ipv6):
    capture = ran(policy, ipv6=ipv6, loss=0.02).sent_capture()
    packets = list(PcapReader(io.BytesIO(capture)))
    assert packets
    for packet in packets:
        made = packet.copy()
        del made[TCP].chksum
        if not ipv6:
            del made["IP"].chksum
        assert bytes(made.__class__(bytes(made))) == bytes(packet)


def test_without_loss_no_acknowledgement_is_said_twice():
    for policy in ("delayed", "one_per_frame", "expand", "linux"):
        acks = [segment.ack for segment in segments(ran(policy).sent_capture())]
        assert acks == sorted(set(acks)), policy
        assert not any(segment.options for segment in segments(ran(policy).sent_capture()))


def test_each_block_names_what_was_sent_beyond_the_acknowledgement():
    result = ran("delayed", lose_frames=(5, 9))
    first = segments(result.output_capture())[0].seq
    said = [(s.ack, dict(s.options)["SAck"]) for s in segments(result.sent_capture()) if s.options]
    assert said
    for ack, edges in said:
        blocks = list(zip(edges[::2], edges[1::2], strict=True))
        assert all(ack < start < end <= first + SIZE for start, end in blocks)
        assert all((start - first) % 1460 == 0 for start, _ in blocks)
    # Two frames of the first window were lost: the sixth segment, then the tenth.
    assert {ack - first for ack, _ in said} == {5 * 1460, 9 * 1460}


@pytest.mark.needs("tshark")
def test_tshark_sees_the_loss_and_nothing_else(tmp_path):
    """Both directions in one capture: tshark finds the hole, the duplicates and the retransmission."""
    result = ran("delayed", lose_frames=(5,))
    both = sorted(
        [*PcapReader(io.BytesIO(result.output_capture())), *PcapReader(io.BytesIO(result.sent_capture()))],
        key=lambda packet: packet.time,
    )
    path = tmp_path / "both.pcap"
    wrpcap(str(path), both)
    fields = (
        "checksum.status",
        "analysis.duplicate_ack",
        "analysis.lost_segment",
        "analysis.fast_retransmission",
    )
    wanted = [argument for name in fields for argument in ("-e", f"tcp.{name}")]
    command = ["tshark", "-r", path, "-o", "tcp.check_checksum:TRUE", "-T", "fields", *wanted]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [line.split("\t") for line in listing.splitlines()]
    seen = [sum(bool(row[column]) for row in rows) for column in range(1, 4)]
    acks = [segment.ack for segment in segments(result.sent_capture())]
    repeated = sum(one == other for one, other in pairwise(acks))
    assert Counter(row[0] for row in rows) == {"1": len(both)}
    assert repeated >= 3
    assert seen == [repeated, 1, 1]
