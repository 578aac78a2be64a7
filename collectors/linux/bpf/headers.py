"""Kernel headers for bcc: the machine's where they are the running kernel's, else made from its BTF.

Headers of another version compile, and read structures at wrong offsets silently: they are never used.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import stat
import struct
import subprocess
import tempfile
from pathlib import Path

from collectors.linux.unavailable import Unavailable

BTF = Path("/sys/kernel/btf/vmlinux")
NOTES = Path("/sys/kernel/notes")
NT_GNU_BUILD_ID = 3
LAYOUT = 1
"""Raised when the files below change, so that older caches are not taken."""

VMLINUX = "include/vmlinux.h"
TYPES = '#ifndef RXBENCH_TYPES\n#define RXBENCH_TYPES\n#include "vmlinux.h"\n#endif\n'
INCLUDES_TYPES = (
    "include/uapi/linux/bpf.h",
    "include/uapi/linux/ptrace.h",
    "include/uapi/linux/if_ether.h",
    "include/uapi/linux/if_packet.h",
    "include/linux/sched.h",
    "include/linux/skbuff.h",
    "include/linux/netdevice.h",
    "include/net/sock.h",
    "include/net/tcp.h",
)
KCONFIG = """#define CONFIG_BPF_SYSCALL 1
#define CONFIG_64BIT 1
#define BPF_NO_PRESERVE_ACCESS_INDEX 1
/* The kernel's own types say what bcc's copy of this header would say again. */
#define _UAPI__LINUX_BPF_H__
#define BUILD_BUG_ON(condition)
"""
LOG2 = """#define ilog2(n) (63 - __builtin_clzll(n))
#define roundup_pow_of_two(n) (1ull << (64 - __builtin_clzll((n) - 1)))
"""


def source() -> Path | None:
    """Where bcc finds headers of the running kernel; None: where it looks by itself. Raises Unavailable."""
    if installed(platform.release()):
        return None
    return stub()


def installed(release: str) -> bool:
    """Whether the machine has headers of exactly this release."""
    made = Path(f"/lib/modules/{release}/build/include/generated/utsrelease.h")
    try:
        return f'"{release}"' in made.read_text()
    except OSError:
        return False


def build_id(notes: bytes) -> str:
    """The GNU build id in ELF notes, in hexadecimal; empty where there is none."""
    offset = 0
    while offset + 12 <= len(notes):
        name_bytes, payload_bytes, kind = struct.unpack_from("<III", notes, offset)
        name_at = offset + 12
        payload_at = name_at + (name_bytes + 3) // 4 * 4
        if kind == NT_GNU_BUILD_ID and notes[name_at : name_at + 4] == b"GNU\0":
            return notes[payload_at : payload_at + payload_bytes].hex()
        offset = payload_at + (payload_bytes + 3) // 4 * 4
    return ""


def _kernel() -> str:
    """What names the running kernel's build."""
    try:
        if found := build_id(NOTES.read_bytes()):
            return found
    except OSError:
        pass
    return hashlib.sha256(BTF.read_bytes()).hexdigest()[:40]


def cache() -> Path:
    """The user's folder of such headers."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "rxbench" / "kernel-headers"


def stub() -> Path:
    """A folder of headers made from the running kernel's BTF, once per kernel. Raises Unavailable."""
    if not BTF.exists():
        raise Unavailable(
            "no kernel headers and no BTF", "a kernel with CONFIG_DEBUG_INFO_BTF, or its headers"
        )
    folder = cache() / f"{_kernel()}-{LAYOUT}"
    if _trusted(folder):
        return folder
    bpftool = shutil.which("bpftool") or shutil.which("bpftool", path="/usr/sbin:/sbin")
    if bpftool is None:
        raise Unavailable("no kernel headers, and no bpftool to make them from BTF", "apt install bpftool")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = Path(tempfile.mkdtemp(prefix="making-", dir=folder.parent))
    except OSError as cause:
        raise Unavailable(
            f"{folder.parent}: {cause.strerror}", "set XDG_CACHE_HOME to a writable folder"
        ) from cause
    try:
        _write(made, bpftool)
        if folder.exists():  # someone else's, or another layout's leftover
            shutil.rmtree(folder)
        made.rename(folder)
    except OSError:
        if not _trusted(folder):  # two at once: the other's is as good
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return folder


def _trusted(folder: Path) -> bool:
    """Whether it is whole, ours, and nobody else may write it: what is compiled here runs in the kernel."""
    try:
        found = folder.lstat()
        whole = (folder / VMLINUX).stat().st_size > 0
    except OSError:
        return False
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    return whole and ours and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _write(folder: Path, bpftool: str) -> None:
    major, minor, patch = [int(part) for part in re.findall(r"\d+", platform.release() + ".0.0")[:3]]
    version = (
        f"#define LINUX_VERSION_CODE {(major << 16) + (minor << 8) + min(patch, 255)}\n"
        "#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))\n"
    )
    page = f"#define PAGE_SHIFT {os.sysconf('SC_PAGE_SIZE').bit_length() - 1}\n"
    page += f"#define PAGE_SIZE {os.sysconf('SC_PAGE_SIZE')}\n"
    files = {
        "include/linux/kconfig.h": KCONFIG,
        "include/linux/types.h": TYPES,
        "include/linux/version.h": version,
        "include/linux/log2.h": LOG2,
        "include/asm/page.h": page,
        **dict.fromkeys(INCLUDES_TYPES, "#include <linux/types.h>\n"),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    with (folder / VMLINUX).open("wb") as header:
        line = [bpftool, "btf", "dump", "file", str(BTF), "format", "c"]
        done = subprocess.run(line, stdout=header, stderr=subprocess.PIPE, check=False, text=False)
    if done.returncode or not (folder / VMLINUX).stat().st_size:
        reason = " ".join(done.stderr.decode("utf-8", "replace").split())
        raise Unavailable(f"bpftool cannot read {BTF}: {reason}", "a bpftool as new as the kernel")
