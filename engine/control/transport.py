"""How requests reach what is administered: this machine's kernel, or the engine in its place."""

from __future__ import annotations

import array
import errno
import fcntl
import socket
import struct
from typing import Protocol

from engine.control.netlink.connection import NetlinkSocket, open_socket

ROUTE, GENERIC = 0, 16
"""NETLINK_ROUTE, NETLINK_GENERIC."""
SIOCETHTOOL = 0x8946
IFNAMSIZ = 16


class Transport(Protocol):
    """What an interface is administered through."""

    def netlink(self, protocol: int) -> NetlinkSocket:
        """A new netlink socket. Raises OSError."""

    def ethtool(self, device: str, request: bytearray) -> None:
        """SIOCETHTOOL: `request` begins with its command, and becomes the answer. Raises OSError."""


class Kernel:
    """This machine's kernel, in the network namespace of the thread that asks."""

    def netlink(self, protocol: int) -> NetlinkSocket:
        """See the protocol."""
        return open_socket(protocol)

    def ethtool(self, device: str, request: bytearray) -> None:
        """See the protocol."""
        name = device.encode()
        if len(name) >= IFNAMSIZ:
            raise OSError(errno.ENODEV, "No such device")
        buffer = array.array("B", request)
        address, _ = buffer.buffer_info()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            fcntl.ioctl(control, SIOCETHTOOL, struct.pack("16sP16x", name, address))
        request[:] = buffer.tobytes()
