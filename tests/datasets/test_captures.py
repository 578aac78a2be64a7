"""The shipped captures are what their manifests say, and hold nothing that should not be there."""

import hashlib
import ipaddress
import struct
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

CAPTURES = Path(__file__).resolve().parents[2] / "datasets" / "captures"
MAX_FILE_BYTES = 2 * 1024 * 1024


def manifest(name):
    return tomllib.loads((CAPTURES / name / "manifest.toml").read_text())


def capture(name):
    return CAPTURES / name / manifest(name)["file"]


def tshark(path, *arguments):
    done = subprocess.run(
        ["tshark", "-r", str(path), *arguments], check=False, capture_output=True, text=True
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", ["first_light", "variety"])
def test_the_file_is_the_one_described(name):
    told, data = manifest(name), capture(name).read_bytes()
    assert hashlib.sha256(data).hexdigest() == told["sha256"]
    assert len(data) == told["file_bytes"] <= MAX_FILE_BYTES
    assert told["licence"] == "CC0-1.0"


def test_first_light_is_whole_and_in_order():
    told, data = manifest("first_light"), capture("first_light").read_bytes()
    # The nanosecond magic number and link type Ethernet (draft-ietf-opsawg-pcap §4).
    assert struct.unpack_from("<I", data) == (0xA1B23C4D,)
    assert struct.unpack_from("<I", data, 20) == (1,)
    at, stamps, wire_bytes = 24, [], 0
    while at < len(data):
        seconds, nanoseconds, kept, length = struct.unpack_from("<IIII", data, at)
        assert kept == length <= 1514
        stamps.append(seconds * 10**9 + nanoseconds)
        wire_bytes += length
        at += 16 + kept
    assert at == len(data)
    assert stamps == sorted(stamps)
    assert 3000 <= len(stamps) == told["frames"] <= 6000
    assert (wire_bytes, stamps[-1] - stamps[0]) == (told["wire_bytes"], told["duration_ns"])


@pytest.mark.needs("tshark")
def test_first_light_holds_what_it_says_with_right_checksums():
    checks = [word for kind in ("ip", "tcp", "udp") for word in ("-o", f"{kind}.check_checksum:TRUE")]
    bad = "ip.checksum.status==0 || tcp.checksum.status==0 || udp.checksum.status==0 || _ws.malformed"
    assert tshark(capture("first_light"), *checks, "-Y", bad) == []
    ports = ["tcp.port==5201", "udp.port==5201", "tcp.port==7022", "tcp.port==7023"]
    protocols = ["http", "dns && udp", "dns && tcp", "icmp", "icmpv6", "arp", "ip.flags.mf==1", "ipv6 && tcp"]
    for wanted in ports + protocols:
        assert tshark(capture("first_light"), "-Y", wanted), wanted


@pytest.mark.needs("tshark")
@pytest.mark.parametrize("name", ["first_light", "variety"])
def test_addresses_are_made_up(name):
    ours = [
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "233.252.0.0/24",
        "224.0.0.0/24",
        "0.0.0.0/32",
    ]
    ours += ["2001:db8::/32", "fe80::/10", "ff00::/8", "::/128"]
    networks = [ipaddress.ip_network(text) for text in ours]
    sound = "frame.number < 60" if name == "variety" else "frame"  # the malformed ones hold chance
    fields = [word for field in ("ip.src", "ip.dst", "ipv6.src", "ipv6.dst") for word in ("-e", field)]
    lines = tshark(capture(name), "-Y", sound, "-T", "fields", "-E", "separator=,", *fields)
    found = {ipaddress.ip_address(text) for line in lines for text in line.split(",") if text}
    assert found
    assert {address for address in found if not any(address in network for network in networks)} == set()


def test_variety_is_made_again_byte_by_byte(tmp_path):
    pytest.importorskip("scapy", reason="scapy is not installed")
    for source in (CAPTURES / "variety").glob("*.py"):
        (tmp_path / source.name).write_bytes(source.read_bytes())
    subprocess.run([sys.executable, str(tmp_path / "make.py")], check=True, cwd=tmp_path)
    for name in ("variety.pcapng", "manifest.toml"):
        assert (tmp_path / name).read_bytes() == (CAPTURES / "variety" / name).read_bytes()


@pytest.mark.slow
@pytest.mark.needs("namespaces")
def test_first_light_can_be_recorded_again(tmp_path):
    for source in (CAPTURES / "first_light").glob("*.py"):
        (tmp_path / source.name).write_bytes(source.read_bytes())
    subprocess.run([sys.executable, str(tmp_path / "record.py")], check=True, cwd=tmp_path, timeout=120)
    told = tomllib.loads((tmp_path / "manifest.toml").read_text())
    assert 2500 <= told["frames"] <= 6000
    assert "rxbench-" not in subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
