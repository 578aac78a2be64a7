"""Record `first_light.pcap`: what one machine's NIC receives while real programs talk to it.

Two network namespaces joined by a veth pair, `host` (the receiver) and `peer`. Web transfers, name lookups,
iperf3 over TCP and UDP, two typed sessions and pings run at the same time over IPv4 and IPv6, in both roles;
tcpdump on the receiver keeps every frame that arrives there, whole, with nanosecond stamps. Offloads are off
at both ends, so segments are those of a wire and checksums are right.

    sudo python3 record.py          # writes first_light.pcap and manifest.toml beside this file

Needs root, iproute2, ethtool, tcpdump, curl, dnsmasq, dig, iperf3, ping, and the tbf queueing discipline.
Nothing stays behind: the namespaces go with whatever still runs in them, on failure too.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"
SEED = 20

HOST, PEER = "rxbench-host", "rxbench-peer"
DEVICE = {HOST: "eth0", PEER: "eth1"}
# RFC 5737 and RFC 3849 documentation prefixes; RFC 7042 §2.1.2 documentation MAC addresses.
V4 = {HOST: "192.0.2.1", PEER: "192.0.2.2"}
V6 = {HOST: "2001:db8:77::1", PEER: "2001:db8:77::2"}
MAC = {HOST: "00:00:5e:00:53:01", PEER: "00:00:5e:00:53:02"}
LINE_RATE = "1gbit"

DNSMASQ = "--no-daemon --no-resolv --no-hosts --conf-file=/dev/null --pid-file= --user=root"
TCPDUMP = "-Q in -s 0 -B 8192 -Z root --time-stamp-precision=nano -w"

ZONE = [
    "--host-record=web.example.net,192.0.2.1,2001:db8:77::1",
    "--host-record=mail.example.net,192.0.2.25",
    "--cname=www.example.net,web.example.net",
    "--mx-host=example.net,mail.example.net,10",
    "--txt-record=example.net,v=spf1 -all",
    "--srv-host=_sip._udp.example.net,mail.example.net,5060",
]
QUESTIONS = [
    "web A",
    "web AAAA",
    "www A",
    "www AAAA",
    ". MX",
    ". TXT",
    "mail A",
    "nowhere A",
    "_sip._udp SRV",
]


def run(*command: str, check: bool = True) -> str:
    """Run a command, return its standard output."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def inside(namespace: str, *command: str) -> list[str]:
    """The command line that runs `command` in `namespace`."""
    return ["ip", "netns", "exec", namespace, *command]


def remove_namespaces() -> None:
    """End what runs in the namespaces and remove them; absent ones are no error."""
    present = run("ip", "netns", "list").split()
    for namespace in (HOST, PEER):
        if namespace in present:
            for pid in run("ip", "netns", "pids", namespace).split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            run("ip", "netns", "del", namespace)


def connect_namespaces() -> None:
    """A veth pair between two namespaces, offloads off, paced at `LINE_RATE`; the peer's end is left down."""
    for namespace in (HOST, PEER):
        run("ip", "netns", "add", namespace)
        # An address that waits for duplicate detection would delay the first v6 program by seconds.
        run(*inside(namespace, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0"))
    run("ip", "link", "add", DEVICE[HOST], "netns", HOST, "type", "veth", "peer", DEVICE[PEER], "netns", PEER)
    for namespace, device in DEVICE.items():
        run("ip", "-n", namespace, "link", "set", device, "address", MAC[namespace])
        run("ip", "-n", namespace, "addr", "add", f"{V4[namespace]}/24", "dev", device)
        run("ip", "-n", namespace, "addr", "add", f"{V6[namespace]}/64", "dev", device, "nodad")
        off = [word for feature in ("rx", "tx", "sg", "tso", "gso", "gro") for word in (feature, "off")]
        run(*inside(namespace, "ethtool", "-K", device, *off))
        shaper = f"root tbf rate {LINE_RATE} burst 3200 latency 20ms"
        run("tc", "-n", namespace, "qdisc", "add", "dev", device, *shaper.split())
        run("ip", "-n", namespace, "link", "set", "lo", "up")
    run("ip", "-n", HOST, "link", "set", DEVICE[HOST], "up")


@contextlib.contextmanager
def background(*commands: list[str]) -> Iterator[None]:
    """Keep servers running for the length of the block."""
    running = [subprocess.Popen(c, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for c in commands]
    try:
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(timeout=5)


def servers(pages: Path) -> list[list[str]]:
    """What listens: web and name servers at both ends; the host adds iperf3 and typed sessions."""
    listening = [inside(HOST, "iperf3", "--server")]
    for namespace in (HOST, PEER):
        listening += [
            inside(namespace, PYTHON, "-m", "http.server", "80", "--bind", "::", "--directory", str(pages)),
            inside(namespace, "dnsmasq", *DNSMASQ.split(), *ZONE),
        ]
    for port, address in ((7022, V4[HOST]), (7023, V6[HOST])):
        serve = (PYTHON, str(HERE / "chatter.py"), "serve", address, str(port), str(SEED))
        listening.append(inside(HOST, *serve))
    return listening


def browse(client: str, server: str, gap_s: float) -> None:
    """Fetch a page, its nine small parts over v4 and v6 in turn, and one large object."""
    for number in range(10):
        address = V4[server] if number % 2 else f"[{V6[server]}]"
        run(*inside(client, "curl", "-sgf", "-o", "/dev/null", f"http://{address}/part{number}"))
        time.sleep(gap_s)
    run(*inside(client, "curl", "-sgf", "-o", "/dev/null", f"http://{V4[server]}/large"))


def look_up(client: str, server: str, rounds: int, rng: random.Random) -> None:
    """Ask every question `rounds` times, one in ten over TCP, at random gaps."""
    for number in range(rounds):
        for question in QUESTIONS:
            name, kind = question.split()
            name = "example.net" if name == "." else f"{name}.example.net"
            address = V6[server] if rng.random() < 0.4 else V4[server]
            over = "+tcp" if rng.random() < 0.1 else "+notcp"
            run(
                *inside(
                    client, "dig", over, "+tries=1", f"@{address}", name, kind, *(["+dnssec"] * (number % 2))
                )
            )
            time.sleep(rng.expovariate(25))


def stream() -> None:
    """iperf3 towards the host, one run after another: it serves one client at a time."""
    for options in (
        [V4[HOST], "-n", "256K"],
        [V6[HOST], "-n", "128K"],
        [V4[HOST], "-n", "1500K", "--reverse"],  # the host sends: what it receives is acknowledgements
        [V4[HOST], "-u", "-l", "160", "-b", "0.64M", "-t", "3"],
        [V6[HOST], "-u", "-l", "1200", "-b", "0.48M", "-t", "1"],
    ):
        run(*inside(PEER, "iperf3", "--client", *options))


def traffic() -> None:
    """All programs at once; any failure is raised once all have ended."""
    rng = random.Random(SEED)
    chatter = inside(PEER, PYTHON, str(HERE / "chatter.py"), "type")
    jobs: list[Callable[[], object]] = [
        stream,
        lambda: browse(HOST, PEER, 0.15),
        lambda: browse(PEER, HOST, 0.25),
        lambda: look_up(HOST, PEER, 10, random.Random(rng.random())),
        lambda: look_up(PEER, HOST, 12, random.Random(rng.random())),
        lambda: run(*chatter, V4[HOST], "7022", "1"),
        lambda: run(*chatter, V6[HOST], "7023", "2"),
        lambda: run(*inside(PEER, "ping", "-q", "-i", "0.2", "-c", "40", V4[HOST])),
        lambda: run(*inside(HOST, "ping", "-q", "-i", "0.3", "-c", "25", "-s", "1000", V6[PEER])),
        lambda: run(*inside(PEER, "ping", "-q", "-i", "0.5", "-c", "5", "-s", "4000", V4[HOST])),  # fragments
    ]
    failures: list[BaseException] = []

    def guarded(job: Callable[[], object]) -> None:
        try:
            job()
        except BaseException as failure:  # noqa: BLE001 - told to the main thread, which raises it
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def record(into: Path) -> None:
    """Build the two machines, let the programs talk, leave the received frames in `into`."""
    with tempfile.TemporaryDirectory() as scratch:
        pages = Path(scratch)
        body = random.Random(SEED)
        for number in range(10):
            (pages / f"part{number}").write_bytes(body.randbytes(body.randrange(200, 9000)))
        (pages / "large").write_bytes(body.randbytes(220_000))
        capture = subprocess.Popen(
            inside(HOST, "tcpdump", "-i", DEVICE[HOST], *TCPDUMP.split(), str(into)),
            stderr=subprocess.PIPE,
            text=True,
        )
        assert capture.stderr is not None
        capture.stderr.readline()  # "listening on …"
        run("ip", "-n", PEER, "link", "set", DEVICE[PEER], "up")
        with background(*servers(pages)):
            time.sleep(1.5)
            traffic()
            time.sleep(0.5)
        capture.send_signal(signal.SIGINT)
        report = capture.communicate(timeout=10)[1]
        if "0 packets dropped by kernel" not in report:
            raise RuntimeError(f"tcpdump lost frames: {report}")


def frames(data: bytes) -> list[tuple[int, bytes]]:
    """The frames of a little-endian nanosecond pcap: stamp in ns, then the record with its header."""
    found, at = [], 24
    while at < len(data):
        seconds, nanoseconds, kept, length = struct.unpack_from("<IIII", data, at)
        assert kept == length, "a frame was cut"
        found.append((seconds * 10**9 + nanoseconds, data[at : at + 16 + kept]))
        at += 16 + kept
    return found


def put_in_order(pcap: Path) -> None:
    """Sort by stamp: two CPUs that hand frames to a veth cross by a microsecond, which no wire does."""
    data = pcap.read_bytes()
    ordered = sorted(frames(data), key=lambda frame: frame[0])
    pcap.write_bytes(data[:24] + b"".join(record for _, record in ordered))


def describe(pcap: Path) -> str:
    """The manifest of `pcap`: identity, extent, programs and their versions, as TOML."""
    data = pcap.read_bytes()
    found = frames(data)
    first_ns, last_ns = found[0][0], found[-1][0]
    programs = {
        "curl": run("curl", "--version").split()[1],
        "dig": version_of("dig", "-v"),
        "dnsmasq": run("dnsmasq", "--version").split()[2],
        "iperf3": run("iperf3", "--version").split()[1],
        "linux": os.uname().release.split("-")[0],
        "python": run(PYTHON, "--version").split()[1],
        "tcpdump": version_of("tcpdump", "--version"),
    }
    what = (
        "every frame one machine's NIC received while real programs talked to it: web, DNS, iperf3 over TCP "
        "and UDP, typed sessions, ping, over IPv4 and IPv6"
    )
    how = (
        f"record.py: two network namespaces joined by veth, offloads off, {LINE_RATE} token bucket at both "
        "ends, tcpdump on the receiver, inbound only, whole frames"
    )
    listed = "\n".join(f'{name} = "{version}"' for name, version in programs.items())
    return f'''\
name = "first_light"
file = "{pcap.name}"
format = "pcap, nanosecond stamps, link type Ethernet"
what = "{what}"
how = "{how}"
addresses = "documentation prefixes only: RFC 5737, RFC 3849, RFC 7042"
licence = "CC0-1.0"
sha256 = "{hashlib.sha256(data).hexdigest()}"
frames = {len(found)}
wire_bytes = {sum(len(record) - 16 for _, record in found)}
file_bytes = {len(data)}
duration_ns = {last_ns - first_ns}
recorded = {time.strftime("%Y-%m-%d", time.gmtime(first_ns // 10**9))}

[programs]
{listed}
'''


def version_of(*command: str) -> str:
    """The version number in what a program says about itself, on whichever stream it says it."""
    said = subprocess.run(command, check=False, capture_output=True, text=True)
    return next(word for word in (said.stdout + said.stderr).split() if word[0].isdigit())


def main() -> None:
    """Record, describe, and put both files in place only when all went well."""
    if os.geteuid() != 0:
        sys.exit("root is needed to make network namespaces")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(dir=HERE) as scratch:
        pcap = Path(scratch) / "first_light.pcap"
        remove_namespaces()
        try:
            connect_namespaces()
            record(pcap)
        finally:
            remove_namespaces()
        put_in_order(pcap)
        manifest = describe(pcap)
        pcap.chmod(0o644)
        pcap.replace(HERE / pcap.name)
    (HERE / "manifest.toml").write_text(manifest)
    print(manifest)


if __name__ == "__main__":
    main()
