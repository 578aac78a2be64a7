"""Administer an interface of this machine, or the engine's NIC, with the same lines.

>>> from engine import control
>>> control.Rule("tcp4", queue=3, destination_port=443).destination_port
443
"""

from engine.control.errors import Refused
from engine.control.ethtool.channels import Channels
from engine.control.ethtool.coalesce import Coalesce
from engine.control.ethtool.features import Features
from engine.control.ethtool.rings import Rings
from engine.control.ethtool.rss import RssState
from engine.control.interface import Interface
from engine.control.link import Link
from engine.control.monitor import Change, Monitor
from engine.control.rule import Rule

__all__ = [
    "Change",
    "Channels",
    "Coalesce",
    "Features",
    "Interface",
    "Link",
    "Monitor",
    "Refused",
    "Rings",
    "RssState",
    "Rule",
    "nic",
]


def nic(device: str) -> Interface:
    """The interface of that name, in the network namespace of the thread that asks. Nothing is opened yet."""
    return Interface(device)
