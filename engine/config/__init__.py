"""One frozen value per subsystem of the receive path; defaults equal those of the scenario document."""

from engine.config.apps import Apps
from engine.config.cache import Cache
from engine.config.coalesce import Coalesce, QueueCoalesce
from engine.config.control import ControlStep
from engine.config.costs import Cost
from engine.config.forwarding import Forwarding
from engine.config.gro import Gro
from engine.config.host import Host
from engine.config.lro import Lro
from engine.config.napi import Napi
from engine.config.nic import Nic
from engine.config.observe import Observe
from engine.config.page_pool import PagePool
from engine.config.rps import Rps
from engine.config.rss import Rss, RssContext, RssFields
from engine.config.senders import Requests, Senders
from engine.config.sockets import Sockets
from engine.config.steering import FlowTable, Ntuple, Steering
from engine.config.tcp import Ack, Tcp
from engine.config.traffic import Capture, Generated, Traffic
from engine.config.xdp import Xdp, XdpRule
from engine.config.zero_copy import ZeroCopy

__all__ = [
    "Ack",
    "Apps",
    "Cache",
    "Capture",
    "Coalesce",
    "ControlStep",
    "Cost",
    "FlowTable",
    "Forwarding",
    "Generated",
    "Gro",
    "Host",
    "Lro",
    "Napi",
    "Nic",
    "Ntuple",
    "Observe",
    "PagePool",
    "QueueCoalesce",
    "Requests",
    "Rps",
    "Rss",
    "RssContext",
    "RssFields",
    "Senders",
    "Sockets",
    "Steering",
    "Tcp",
    "Traffic",
    "Xdp",
    "XdpRule",
    "ZeroCopy",
]
