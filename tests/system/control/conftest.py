"""A veth pair in a namespace of its own, for what is said to interfaces."""

from __future__ import annotations

import pytest

from tests.system.namespace import Namespace


@pytest.fixture
def pair():
    """The namespace of `va` and `vb`, four queues each."""
    namespace = Namespace()
    try:
        queues = ("numrxqueues", "4", "numtxqueues", "4")
        namespace.ip("link", "add", "va", *queues, "type", "veth", "peer", "name", "vb", *queues)
        yield namespace
    finally:
        namespace.close()
