"""An interface set up: addresses, routes, what of the kernel's per-interface settings a run needs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from engine.linux.namespace import Caller, Namespace


def set_up(
    namespace: Caller,
    device: str,
    *,
    mac: str | None = None,
    mtu: int | None = None,
    tx_queue_frames: int | None = None,
    addresses: Iterable[str] = (),
    neighbours: Iterable[tuple[str, str]] = (),
    ipv6: bool = True,
) -> None:
    """Give an interface its addresses and bring it up.

    Parameters
    ----------
    addresses : as `10.0.0.1/24`, `2001:db8::1/64`.
    neighbours : addresses of others with their MAC address, so that nobody asks for them.
    ipv6 : False: the kernel sends nothing of its own accord (neighbour discovery).

    Raises
    ------
    OSError : in the kernel's words, with the interface's name.
    """

    def work() -> None:
        for path, value in settings(device, ipv6):
            if path.exists():
                path.write_text(value)
        with IPRoute() as route:
            (index,) = route.link_lookup(ifname=device) or (None,)
            if index is None:
                raise OSError(19, "there is no such interface", device)
            changes = {"address": mac, "mtu": mtu, "txqlen": tx_queue_frames}
            changes = {name: value for name, value in changes.items() if value is not None}
            if changes:
                route.link("set", index=index, **changes)
            for address in addresses:
                host, _, bits = address.partition("/")
                # Without duplicate address detection an IPv6 address is there at once.
                extra = {"flags": IFA_F_NODAD} if ":" in host else {}
                route.addr("add", index=index, address=host, prefixlen=int(bits), **extra)
            route.link("set", index=index, state="up")
            for address, lladdr in neighbours:
                family = AF_INET6 if ":" in address else AF_INET
                route.neigh(
                    "replace", ifindex=index, dst=address, lladdr=lladdr, family=family, state=PERMANENT
                )

    try:
        namespace.call(work)
    except NetlinkError as error:
        raise OSError(error.code, str(error.args[1] if len(error.args) > 1 else error), device) from None


def bring_up_loopback(namespace: Namespace) -> None:
    """What programs expect of any machine."""
    set_up(namespace, "lo")


def accept_everything(namespace: Namespace, device: str) -> None:
    """Let every address be this host's own, and every source be reached through `device`.

    Generated frames have many sources and destinations; so they reach sockets, and answers leave again.
    """

    def work() -> None:
        for name in ("all", device):
            Path(f"/proc/sys/net/ipv4/conf/{name}/rp_filter").write_text("0")
        # Every address is local, sources' too; such frames are else martians (fib_validate_source).
        Path(f"/proc/sys/net/ipv4/conf/{device}/accept_local").write_text("1")
        with IPRoute() as route:
            (index,) = route.link_lookup(ifname=device)
            (loopback,) = route.link_lookup(ifname="lo")
            for family, everything in ((AF_INET, "0.0.0.0/0"), (AF_INET6, "::/0")):
                if family == AF_INET6 and not _has_ipv6(device):
                    continue
                common = {"family": family, "dst": everything}
                route.route("add", **common, oif=loopback, table=LOCAL, type="local", scope=HOST_SCOPE)
                route.route("add", **common, oif=index, scope=LINK_SCOPE)

    namespace.call(work)


def sent_and_lost(namespace: Namespace, device: str) -> int:
    """Frames the interface was to send and dropped; 0 for one that is gone."""

    def work() -> int:
        path = Path("/proc/net/dev")
        for line in path.read_text().splitlines():
            name, _, counts = line.partition(":")
            if name.strip() == device:
                return int(counts.split()[11])
        return 0

    return namespace.call(work)


def settings(device: str, ipv6: bool) -> list[tuple[Path, str]]:
    """Kernel settings of an interface as files of /proc/sys, with what is written to each."""
    quiet = [] if ipv6 else [(Path(f"/proc/sys/net/ipv6/conf/{device}/disable_ipv6"), "1")]
    return [
        *quiet,
        (Path(f"/proc/sys/net/ipv6/conf/{device}/accept_dad"), "0"),
        (Path(f"/proc/sys/net/ipv6/conf/{device}/router_solicitations"), "0"),
    ]


def _has_ipv6(device: str) -> bool:
    switch = Path(f"/proc/sys/net/ipv6/conf/{device}/disable_ipv6")
    return switch.exists() and switch.read_text().strip() == "0"


AF_INET, AF_INET6 = 2, 10
LINK_SCOPE, HOST_SCOPE = 253, 254  # RT_SCOPE_LINK, RT_SCOPE_HOST
LOCAL = 255  # RT_TABLE_LOCAL
PERMANENT = 0x80  # NUD_PERMANENT
IFA_F_NODAD = 0x02
