"""Links of the engine through pyroute2's IPRoute: its requests, its decoder, no socket of the kernel."""

import errno
import socket

import pytest
from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from engine import Scenario, _core
from engine.endpoint import Endpoint

LINK_GROUP = 1


@pytest.fixture
def no_kernel_socket(monkeypatch):
    """Opening a netlink socket of the kernel fails."""
    opened = socket.socket.__init__

    def refused(self, family=-1, *rest, **more):
        assert family != socket.AF_NETLINK, "a netlink socket of the kernel"
        opened(self, family, *rest, **more)

    monkeypatch.setattr(socket.socket, "__init__", refused)


@pytest.fixture
def endpoint(no_kernel_socket):
    return Endpoint(nic0=Scenario(), nic1=Scenario().with_("nic.queues=4"))


@pytest.fixture
def route(endpoint):
    with IPRoute(use_socket=endpoint.netlink(0)) as opened:
        yield opened


def index_of(route, name):
    return route.link_lookup(ifname=name)[0]


def told(listening):
    messages = []
    listening.settimeout(0)
    while True:
        try:
            messages.append(listening.recv(1 << 16))
        except BlockingIOError:
            return messages


def test_links_are_listed_and_found_by_name(route):
    links = {link.get("ifname"): link for link in route.get_links()}
    assert sorted(links) == ["nic0", "nic1"]
    assert links["nic1"].get("mtu") == 9714
    assert (links["nic1"]["state"], links["nic1"].get("operstate")) == ("up", "UP")
    (one,) = route.get_links(index_of(route, "nic1"))
    assert one.get("ifname") == "nic1"


def test_a_link_goes_down_and_up_and_takes_another_mtu(route, endpoint):
    index = index_of(route, "nic1")
    route.link("set", index=index, state="down", mtu=1500)
    (link,) = route.get_links(index)
    assert (link["state"], link.get("mtu"), link.get("carrier_changes")) == ("down", 1500, 1)
    changed = endpoint.scenario("nic1")
    assert (changed.nic.up, changed.nic.max_frame_bytes, changed.nic.queues) == (False, 1514, 4)
    route.link("set", index=index, state="up")
    assert endpoint.scenario("nic1").nic.up


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"index": 99, "mtu": 1500}, errno.ENODEV),
        ({"index": 3, "mtu": 10}, errno.EINVAL),
        ({"index": 3, "mtu": 1 << 17}, errno.EINVAL),
        ({"index": 3, "ifname": "nic0"}, errno.EEXIST),
        ({"index": 3, "ifname": "a/b"}, errno.EINVAL),
        ({"index": 3, "ifname": "a-name-that-is-too-long"}, errno.ERANGE),
        ({"index": 3, "state": "down", "address": "02:00:00:00:00:01"}, errno.EOPNOTSUPP),
    ],
)
def test_what_is_refused_has_changed_nothing(route, endpoint, asked, code):
    before = endpoint.scenario("nic1")
    with pytest.raises(NetlinkError) as refused:
        route.link("set", **asked)
    assert refused.value.code == code
    assert (endpoint.scenario("nic1"), sorted(card.name for card in endpoint.cards())) == (
        before,
        ["nic0", "nic1"],
    )


def test_what_is_no_link_is_not_supported(route):
    for asked in (lambda: route.get_routes(), lambda: route.get_addr(), lambda: route.get_qdiscs()):
        with pytest.raises(NetlinkError) as refused:
            list(asked())
        assert refused.value.code == errno.EOPNOTSUPP


def test_interfaces_come_and_go_only_with_the_endpoint(route):
    with pytest.raises(NetlinkError) as refused:
        route.link("add", ifname="new", kind="dummy")
    assert refused.value.code == errno.EOPNOTSUPP
    with pytest.raises(NetlinkError) as refused:
        route.link("del", index=2)
    assert refused.value.code == errno.EOPNOTSUPP


def test_who_listens_is_told(endpoint, route):
    listening = endpoint.netlink(0)
    listening.bind((0, LINK_GROUP))
    index = index_of(route, "nic1")
    route.link("set", index=index, state="down")
    route.link("set", index=index, state="down")
    route.link("set", index=index, ifname="wan")
    endpoint.add("nic2", Scenario())
    endpoint.remove("nic2")
    messages = [next(iter(route.marshal.parse(each))) for each in told(listening)]
    found = [(each["event"], each.get("ifname"), each["state"], each["change"]) for each in messages]
    assert found == [
        ("RTM_NEWLINK", "nic1", "down", 1),
        ("RTM_NEWLINK", "wan", "down", 0),
        ("RTM_NEWLINK", "nic2", "up", 0xFFFFFFFF),
        ("RTM_DELLINK", "nic2", "up", 0xFFFFFFFF),
    ]


def test_a_dump_that_is_changed_meanwhile_says_so():
    endpoint = Endpoint(**{f"nic{number}": Scenario() for number in range(12)})
    asking = endpoint.netlink(0)
    with IPRoute(use_socket=endpoint.netlink(0)) as route:
        for changes, marked in ((False, False), (True, True)):
            asking.send(bytes.fromhex("20000000 1200 0103 07000000 00000000".replace(" ", "")) + bytes(16))
            parts = [asking.recv(1 << 16)]
            if changes:
                endpoint.add("late", Scenario())
            asking.settimeout(0)
            parts += told(asking)
            assert len(parts) > 1
            messages = [each for part in parts for each in route.marshal.parse(part)]
            flags = [each["header"]["flags"] & 0x10 for each in messages]
            assert (flags[0], any(flags)) == (0, marked)
            links = [each.get("ifname") for each in messages if each["header"]["type"] == 16]
            assert ("late" in links, len(links)) == (changes, 13 if changes else 12)


def test_counters_are_those_of_the_run():
    run = _core.Engine(Scenario().with_("duration_ns=2_000_000").resolved())
    card = Endpoint(nic0=run)["nic0"]
    assert card.link().stats["rx_packets"] == 0
    run.advance(1_000_000)
    half = card.link().stats["rx_packets"]
    assert 0 < half <= run.offered_frames
    run.finish()
    stats = card.link().stats
    assert half < stats["rx_packets"] == run.nic_counters()["rx_packets"]
    assert stats["rx_bytes"] == run.nic_counters()["rx_bytes"]


def test_a_run_that_goes_on_is_put_down_and_up():
    run = _core.Engine(Scenario().with_("duration_ns=3_000_000").resolved())
    endpoint = Endpoint(nic0=run)
    with IPRoute(use_socket=endpoint.netlink(0)) as route:
        run.advance(1_000_000)
        route.link("set", index=2, state="down")
        run.advance(2_000_000)
        down = endpoint["nic0"].link().stats
        route.link("set", index=2, state="up")
        with pytest.raises(NetlinkError) as late:
            route.link("set", index=2, mtu=1500)
    assert late.value.code == errno.EBUSY
    run.finish()
    after = endpoint["nic0"].link().stats
    assert down["rx_dropped"] == after["rx_dropped"] > 0
    assert after["rx_packets"] > down["rx_packets"]
    assert run.nic_counters()["rx_down"] == after["rx_dropped"]


def test_names_are_completed_and_those_unknown_are_answered_with_those_there_are(endpoint):
    assert endpoint._ipython_key_completions_() == ["nic0", "nic1"]
    with pytest.raises(KeyError, match="there are nic0, nic1"):
        endpoint["eth0"]
    for name, words in (("nic0", "is there already"), ("a b", "allowed is"), ("x" * 16, "allowed is")):
        with pytest.raises(ValueError, match=words):
            endpoint.add(name, Scenario())
