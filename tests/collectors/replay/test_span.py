"""How long captures last, by their stamps."""

import struct
import tomllib

import pytest

from collectors.replay import span_ns


def pcap(stamps, magic=0xA1B2C3D4, order="<"):
    content = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, 1)
    for seconds, fraction in stamps:
        content += struct.pack(order + "IIII", seconds, fraction, 4, 60) + b"abcd"
    return content


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcap_in_micro_and_nanoseconds(order):
    assert span_ns(pcap([(5, 10), (6, 20)], order=order)) == 1_000_010_000
    assert span_ns(pcap([(5, 10), (6, 20)], 0xA1B23C4D, order)) == 1_000_000_010


def test_stamps_out_of_order():
    assert span_ns(pcap([(5, 0), (9, 0), (7, 0)])) == 4_000_000_000
    assert span_ns(pcap([(5, 0), (3, 0)])) == 0


@pytest.mark.parametrize("content", [b"", b"abc", b"\0" * 100, pcap([]), pcap([(1, 0)])[:30]])
def test_nothing_to_read_is_no_time(content):
    assert span_ns(content) == 0


def pcapng(stamps, option=b"", order="<"):
    def block(kind, body):
        body += bytes(-len(body) % 4)
        return (
            struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)
        )

    content = block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    content += block(1, struct.pack(order + "HHI", 1, 0, 0) + option)
    for stamp in stamps:
        content += block(6, struct.pack(order + "IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, 4, 4) + b"abcd")
    return content


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_and_its_resolutions(order):
    def resolution(value):
        return struct.pack(order + "HHB3x", 9, 1, value) + struct.pack(order + "HH", 0, 0)

    assert span_ns(pcapng([10, 25], order=order)) == 15_000
    assert span_ns(pcapng([10, 25], resolution(9), order)) == 15
    assert span_ns(pcapng([0, 1 << 20], resolution(0x80 | 20), order)) == 1_000_000_000


@pytest.mark.parametrize("name", ["first_light", "variety"])
def test_the_shipped_captures(request, name):
    folder = request.config.rootpath / "datasets/captures" / name
    manifest = tomllib.loads((folder / "manifest.toml").read_text())
    assert span_ns((folder / manifest["file"]).read_bytes()) == manifest["duration_ns"]
