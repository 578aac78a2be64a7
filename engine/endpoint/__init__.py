"""The engine as the far end of netlink: what administers Linux' interfaces administers the engine's NIC.

Requests come as bytes and are answered as the kernel answers them. Nothing here encodes or decodes with
pyroute2: it stands on the other side.
"""

from engine.endpoint.endpoint import Endpoint

__all__ = ["Endpoint"]
