"""`dissect` against an independent dissector, tshark, field by field, frame by frame."""

import csv
import io
import json
import subprocess
from pathlib import Path

import pytest

from engine import _core
from engine.config.rss import MICROSOFT_KEY

ROOT = Path(__file__).resolve().parents[2]
CAPTURES = [
    ROOT / "datasets/captures/first_light/first_light.pcap",
    ROOT / "datasets/captures/variety/variety.pcapng",
]
# tshark's field, and how to read ours; several values are joined with commas, outermost first.
PREFERENCES = [
    "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE",
    "-o", "ip.check_checksum:FALSE", "-o", "esp.enable_null_encryption_decode_heuristic:FALSE",
]  # fmt: skip
FIELDS = {
    "frame.len": lambda f: [f["len"]],
    "frame.cap_len": lambda f: [f["caplen"]],
    "eth.src": lambda f: [f["eth"]["src"]],
    "eth.dst": lambda f: [f["eth"]["dst"]],
    # tshark splits tags by their type; together they are all of them, outermost first.
    "ieee8021ad.id+vlan.id": lambda f: f.get("vlan", []),
    "mpls.label": lambda f: [label["label"] for label in f.get("mpls", [])],
    "mpls.ttl": lambda f: [label["ttl"] for label in f.get("mpls", [])],
    "mpls.bottom": lambda f: [int(label["bos"]) for label in f.get("mpls", [])],
    "ip.src": lambda f: [ip["src"] for ip in f.get("l3", []) if ip["v"] == 4],
    "ip.dst": lambda f: [ip["dst"] for ip in f.get("l3", []) if ip["v"] == 4],
    "ip.ttl": lambda f: [ip["ttl"] for ip in f.get("l3", []) if ip["v"] == 4],
    "ip.len": lambda f: [ip["len"] for ip in f.get("l3", []) if ip["v"] == 4],
    "ip.id": lambda f: [ip["id"] for ip in f.get("l3", []) if ip["v"] == 4],
    "ip.proto": lambda f: [ip["proto"] for ip in f.get("l3", []) if ip["v"] == 4],
    "ip.flags.mf": lambda f: [int(ip["mf"]) for ip in f.get("l3", []) if ip["v"] == 4],
    "ip.flags.df": lambda f: [int(ip["df"]) for ip in f.get("l3", []) if ip["v"] == 4],
    "ip.frag_offset": lambda f: [ip["off"] for ip in f.get("l3", []) if ip["v"] == 4],
    "ipv6.src": lambda f: [ip["src"] for ip in f.get("l3", []) if ip["v"] == 6],
    "ipv6.dst": lambda f: [ip["dst"] for ip in f.get("l3", []) if ip["v"] == 6],
    "ipv6.hlim": lambda f: [ip["hlim"] for ip in f.get("l3", []) if ip["v"] == 6],
    "ipv6.nxt": lambda f: [ip["nxt"] for ip in f.get("l3", []) if ip["v"] == 6],
    "ipv6.plen": lambda f: [ip["plen"] for ip in f.get("l3", []) if ip["v"] == 6],
    "ipv6.flow": lambda f: [ip["flow"] for ip in f.get("l3", []) if ip["v"] == 6],
    "tcp.srcport": lambda f: [f["tcp"]["sport"]] if "tcp" in f else [],
    "tcp.dstport": lambda f: [f["tcp"]["dport"]] if "tcp" in f else [],
    "tcp.seq_raw": lambda f: [f["tcp"]["seq"]] if "tcp" in f else [],
    "tcp.ack_raw": lambda f: [f["tcp"]["ack"]] if "tcp" in f else [],
    "tcp.window_size_value": lambda f: [f["tcp"]["win"]] if "tcp" in f else [],
    "udp.srcport": lambda f: [f["udp"]["sport"]] if "udp" in f else [],
    "udp.dstport": lambda f: [f["udp"]["dport"]] if "udp" in f else [],
    "udp.length": lambda f: [f["udp"]["len"]] if "udp" in f else [],
    "esp.spi": lambda f: [f["esp"]["spi"]] if "esp" in f else [],
    "esp.sequence": lambda f: [f["esp"]["seq"]] if "esp" in f else [],
    "ah.spi": lambda f: [f["ah"]["spi"]] if "ah" in f else [],
}
SCALE = {"ip.frag_offset": 8}
"""tshark 4.0 prints the field's own units of 8 bytes."""
CUT = ("ip_inhdr", "tcp_inhdr", "pkt_too_small")
"""Where a header is cut or lies about its length we list nothing of it; tshark lists what it can."""
QUOTED = ("icmp.type", "icmpv6.type")


def number(text):
    if text in ("True", "False"):
        return int(text == "True")
    return int(text, 0) if text[:2] == "0x" or text.isdigit() else text


def tshark(path):
    names = [
        *(part for name in FIELDS for part in name.split("+")),
        *QUOTED,
        "_ws.malformed",
        "frame.protocols",
    ]
    line = [
        "tshark",
        "-n",
        "-r",
        str(path),
        *PREFERENCES,
        "-T",
        "fields",
        "-E",
        "separator=/t",
        "-E",
        "occurrence=a",
    ]
    for name in names:
        line += ["-e", name]
    text = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    for row in csv.reader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE):
        yield dict(zip(names, row, strict=True))


def ours(path):
    return [json.loads(text) for text in _core.dissect(path.read_bytes(), MICROSOFT_KEY, 8)][:-1]


@pytest.mark.needs("tshark")
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_every_field_of_every_sound_frame(path):
    differing, compared, cut = [], 0, 0
    frames, theirs = ours(path), list(tshark(path))
    assert len(frames) == len(theirs)
    for frame, row in zip(frames, theirs, strict=True):
        if row["_ws.malformed"] or frame["verdict"].removeprefix("dropped:") in CUT:
            cut += 1
            continue
        for name, read in FIELDS.items():
            values = ",".join(row[part] for part in name.split("+")).split(",")
            expected = [number(value) * SCALE.get(name, 1) for value in values if value]
            found = read(frame)
            # Headers quoted inside an ICMP error come after the frame's own, and are not listed by us.
            if row["icmp.type"] or row["icmpv6.type"]:
                expected = expected[: len(found)]
            if found != expected:
                differing.append((frame["n"], name, found, expected, frame["verdict"]))
            compared += 1
    assert not differing, f"{len(differing)} of {compared}: {differing[:12]}"
    assert compared > 1000
    assert cut <= (0 if path.stem == "first_light" else 25)
