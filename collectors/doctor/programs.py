"""Programs and libraries of others that rxbench is judged against or shown in."""

from __future__ import annotations

import shutil
import subprocess

from collectors.doctor.capability import Found

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def _on_path(*names: str) -> Found:
    present = next((name for name in names if shutil.which(name)), None)
    return Found(present is not None, f"{present} is installed" if present else "not on PATH")


def tshark() -> Found:
    """Wireshark's dissector on the command line."""
    return _on_path("tshark")


def chromium() -> Found:
    """A browser that runs without a display."""
    return _on_path(*BROWSERS)


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
