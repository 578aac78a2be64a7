"""Two hosts on one machine: what the privileged tests send through."""

from __future__ import annotations

import socket
import time
from types import SimpleNamespace

import pytest

from tests.system.namespace import Namespace

SENDER, RECEIVER = "10.91.0.1", "10.91.0.2"


@pytest.fixture
def hosts():
    """A sender and a receiver namespace joined by a veth pair, gone afterwards whatever happens."""
    sender, receiver = Namespace(), Namespace()
    try:
        sender.ip("link", "add", "rxb-a", "type", "veth", "peer", "name", "rxb-b", "netns", receiver.path)
        for host, device, address in ((sender, "rxb-a", SENDER), (receiver, "rxb-b", RECEIVER)):
            host.ip("address", "add", f"{address}/24", "dev", device)
            host.ip("link", "set", device, "up")
            host.ip("link", "set", "lo", "up")
        yield SimpleNamespace(sender=sender, receiver=receiver, address=RECEIVER)
    finally:
        sender.close()
        receiver.close()


@pytest.fixture
def sockets(hosts):
    """A UDP socket in each host, the sender's connected to the receiver's."""

    def bound():
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.bind((RECEIVER, 0))
        opened.settimeout(2)
        return opened

    receiving = hosts.receiver.call(bound)
    sending = hosts.sender.call(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    sending.connect(receiving.getsockname())
    deadline = time.monotonic() + 5
    arrived = False
    receiving.settimeout(0.2)
    while True:  # the first datagrams wait for the link and for ARP, then arrive together
        if not arrived:
            sending.send(b"first")
        try:
            receiving.recv(100)
            arrived = True
        except TimeoutError:
            if arrived:
                break
            assert time.monotonic() < deadline, "nothing arrives over veth"
    receiving.settimeout(2)
    yield SimpleNamespace(sending=sending, receiving=receiving, address=receiving.getsockname())
    sending.close()
    receiving.close()
