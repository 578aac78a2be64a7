"""Programs and libraries of others that rxbench is judged against or shown in."""

from __future__ import annotations

import shutil
import subprocess

from collectors.doctor.capability import Found

SBIN = "/usr/sbin:/sbin"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def _on_path(*names: str) -> Found:
    # Debian keeps administrators' programs out of other users' PATH.
    present = next((name for name in names if shutil.which(name) or shutil.which(name, path=SBIN)), None)
    return Found(present is not None, f"{present} is installed" if present else "not on PATH")


def tshark() -> Found:
    """Wireshark's dissector on the command line."""
    return _on_path("tshark")


def chromium() -> Found:
    """A browser that runs without a display."""
    return _on_path(*BROWSERS)


def iperf3() -> Found:
    """The throughput tester."""
    return _on_path("iperf3")


def ping() -> Found:
    """ICMP echo."""
    return _on_path("ping")


def cargo() -> Found:
    """Rust's builder."""
    return _on_path("cargo")


def curl() -> Found:
    """A client of TCP that is everywhere."""
    return _on_path("curl")


def ethtool() -> Found:
    """The command that reads and sets what drivers offer."""
    return _on_path("ethtool")


def bpftool() -> Found:
    """The kernel's own tool for BPF."""
    return _on_path("bpftool")


def valgrind() -> Found:
    """The simulator of caches, cachegrind among it."""
    return _on_path("valgrind")


def dpdk() -> Found:
    """DPDK's headers and libraries, as pkg-config knows them."""
    asker = shutil.which("pkg-config")
    if asker is None:
        return Found(False, "pkg-config is not installed")
    done = subprocess.run(
        [asker, "--modversion", "libdpdk"], check=False, capture_output=True, text=True, timeout=5
    )
    version = done.stdout.strip()
    return Found(bool(version), f"version {version}" if version else "pkg-config does not know libdpdk")
