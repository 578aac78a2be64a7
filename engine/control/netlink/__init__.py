"""Netlink as far as an administrator needs it: one connection, requests and their answers, notifications."""

from engine.control.netlink.attributes import attribute_map, present
from engine.control.netlink.connection import Connection, NetlinkAnswer, NetlinkSocket
from engine.control.netlink.generic import Family, GenericConnection

__all__ = [
    "Connection",
    "Family",
    "GenericConnection",
    "NetlinkAnswer",
    "NetlinkSocket",
    "attribute_map",
    "present",
]
