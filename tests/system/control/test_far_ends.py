"""This kernel and the engine asked the same, byte for byte, and told the same, line for line."""

import errno
import struct

import pytest
from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from engine import Scenario, _core, control
from engine.control.netlink import GenericConnection
from engine.control.transport import GENERIC, ROUTE, Kernel
from engine.endpoint import Endpoint

SCENARIO = Scenario().with_("nic.queues=4")
HEADER = struct.Struct("=IHHII")


class FarEnd:
    """Where requests go: a transport, the interface's name, and whom to call with what asks."""

    def __init__(self, transport, device, call=lambda work: work()):
        self.transport, self.device, self.call = transport, device, call

    @property
    def card(self):
        return control.Interface(self.device, self.transport)


@pytest.fixture(
    params=[
        pytest.param("kernel", marks=pytest.mark.needs("namespaces")),
        "prepared",
        "virtual",
        "real",
    ]
)
def far_end(request):
    if request.param == "kernel":
        namespace = request.getfixturevalue("pair")
        namespace.ip("link", "set", "va", "up")
        namespace.ip("link", "set", "vb", "up")
        return FarEnd(Kernel(), "va", namespace.call)
    begun = {
        "prepared": lambda: SCENARIO,
        "virtual": lambda: _core.Engine(SCENARIO.resolved()),
        "real": lambda: _core.LiveEngine(SCENARIO.resolved(), oversubscribe=True),
    }
    return FarEnd(Endpoint(va=begun[request.param]()), "va")


def opened(far_end):
    return (
        IPRoute()
        if isinstance(far_end.transport, Kernel)
        else IPRoute(use_socket=far_end.transport.netlink(0))
    )


def test_iproute_reads_and_sets_a_link(far_end):
    def work():
        with opened(far_end) as route:
            (index,) = route.link_lookup(ifname="va")
            route.link("set", index=index, state="down")
            (down,) = route.get_links(index)
            route.link("set", index=index, state="up")
            (up,) = route.get_links(index)
            return down, up

    down, up = far_end.call(work)
    assert (down["state"], up["state"]) == ("down", "up")
    for name in ("ifname", "mtu", "address", "broadcast", "num_rx_queues", "carrier", "operstate", "group"):
        assert up.get(name) is not None, name
    assert {name for name in up.get("stats64") if name.startswith("rx_")} >= {
        "rx_packets",
        "rx_missed_errors",
    }


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"index": 4242, "mtu": 1500}, errno.ENODEV),
        ({"ifname": "va", "mtu": 10}, errno.EINVAL),
        ({"ifname": "va", "mtu": 1 << 17}, errno.EINVAL),
        ({"ifname": "nothing-here", "mtu": 1500}, errno.ENODEV),
        ({"ifname": "a-name-that-is-too-long", "mtu": 1500}, errno.ERANGE),
    ],
)
def test_iproute_is_refused_alike(far_end, asked, code):
    def work():
        with opened(far_end) as route, pytest.raises(NetlinkError) as refused:
            route.link("set", **asked)
        return refused.value.code

    assert far_end.call(work) == code


def test_channels_change_and_the_change_is_told(far_end):
    def work():
        card = far_end.card
        name = "rx_count" if card.channels().rx_max else "combined_count"
        with card.monitor() as told:
            card.set_channels(**{name: 3})
            changes = told.changes()
        with pytest.raises(control.Refused) as beyond:
            card.set_channels(**{name: 4000})
        with pytest.raises(control.Refused) as none:
            card.set_channels(**{name: 0})
        return card.channels(), changes, beyond.value, none.value

    channels, changes, beyond, none = far_end.call(work)
    assert channels.receiving == 3
    assert [(change.device, change.value) for change in changes] == [("va", channels)]
    assert (beyond.errno, beyond.answer) == (errno.EINVAL, "requested channel count exceeds maximum")
    assert (none.errno, "no RX or TX channel" in none.answer) == (errno.EINVAL, True)


def test_features_are_the_same_names_and_refused_alike(far_end):
    def work():
        card = far_end.card
        with pytest.raises(control.Refused) as fixed:
            card.set_features({"rx-fcs": True})
        with pytest.raises(control.Refused) as unknown:
            card.set_features({"no-such": True})
        return card.features(), fixed.value, unknown.value

    features, fixed, unknown = far_end.call(work)
    assert {"rx-gro", "rx-lro", "rx-hashing", "rx-ntuple-filter", "rx-checksum"} <= features.known
    assert fixed.errno == errno.EOPNOTSUPP
    assert (unknown.errno, unknown.answer) == (errno.EOPNOTSUPP, "bit name not found")
    assert unknown.attribute == "ETHTOOL_A_BITSET_BIT_NAME"


@pytest.mark.needs("namespaces")
@pytest.mark.parametrize("asked", ["link", "rings", "coalesce", "channels", "features", "rss", "rules"])
@pytest.mark.parametrize("device", ["gone", "a-name-longer-than-fifteen-characters", ""])
def test_an_unknown_interface_is_refused_alike(pair, asked, device):
    def refused(transport):
        with pytest.raises(control.Refused) as answer:
            getattr(control.Interface(device, transport), asked)()
        return answer.value.errno, answer.value.answer, answer.value.attribute

    assert refused(Endpoint(va=SCENARIO)) == pair.call(lambda: refused(Kernel()))


def attribute(number, value, nested=False):
    length = 4 + len(value)
    return struct.pack("=HH", length, number | (0x8000 if nested else 0)) + value + bytes(-length % 4)


def named(name=b"va\0", *more):
    return attribute(1, attribute(2, name) + b"".join(more), nested=True)


def u32(number, value):
    return attribute(number, struct.pack("=I", value))


LINK = bytes(16)
LINK_REQUESTS = {
    "no such index": (18, struct.pack("=BBHiII", 0, 0, 0, 4242, 0, 0)),
    "no such name": (18, LINK + attribute(3, b"nope\0")),
    "nothing named": (18, LINK),
    "a name too long": (18, LINK + attribute(3, b"a-name-that-is-too-long\0")),
    "short": (18, LINK[:8]),
    "values in the header": (18, struct.pack("=BBHiII", 0, 0, 0, 0, 1, 0) + attribute(3, b"va\0")),
    "an attribute beside": (18, LINK + attribute(3, b"va\0") + u32(13, 0)),
    "set: no such name": (19, LINK + attribute(3, b"nope\0")),
    "set: nothing named": (19, LINK),
    "set: mtu too small": (19, LINK + attribute(3, b"va\0") + u32(4, 3)),
    "new: no kind": (16, LINK + attribute(3, b"fresh\0")),
    "no such message": (250, LINK),
}
GENERIC_REQUESTS = {
    "no header": (15, b""),
    "empty header": (15, attribute(1, b"", nested=True)),
    "header is no nest": (15, attribute(1, attribute(2, b"va\0"))),
    "no such name": (15, named(b"nope\0")),
    "no such index": (15, attribute(1, u32(1, 4242), nested=True)),
    "a flag there is not": (15, named(b"va\0", u32(3, 0x80))),
    "an attribute too many": (15, named() + u32(6, 1)),
    "an unknown attribute": (18, named() + u32(99, 1)),
    "a wrong length": (18, named() + attribute(9, b"\1\2")),
    "bytes left over": (18, named() + b"\1\2"),
    "out of range": (16, named() + attribute(11, b"\x09")),
    "below the range": (16, named() + u32(10, 0)),
    "data split": (16, named() + attribute(11, b"\x02")),
    "cqe size": (16, named() + u32(12, 64)),
    "no features": (12, named()),
    "a bit without a name": (12, named() + attribute(3, attribute(3, attribute(1, b"", True), True), True)),
    "a bit too high": (12, named() + attribute(3, attribute(3, attribute(1, u32(1, 999), True), True), True)),
    "no bit": (12, named() + attribute(3, attribute(3, attribute(2, b"", True), True), True)),
    "a compact set without a size": (12, named() + attribute(3, attribute(4, bytes(8)), True)),
    "beyond the maximum": (18, named() + u32(9, 4000)),
    "other channels": (18, named() + u32(8, 1)),
    "no such command": (200, named()),
    "a hash function of none": (48, named() + u32(3, 0)),
    "a context of nought": (49, named() + u32(2, 0)),
    "a context with an empty table": (49, named() + attribute(4, b"")),
    "a context with an empty key": (49, named() + attribute(5, b"")),
    "a context with fields": (49, named() + attribute(8, u32(4, 0x30), True)),
    "a context's transformation": (49, named() + u32(6, 9)),
    "a context of nobody": (49, b""),
    "no context to delete": (50, named()),
    "nought to delete": (50, named() + u32(2, 0)),
    "nobody's context to delete": (50, u32(2, 1)),
    "hashed by what there is not": (48, named() + attribute(8, u32(4, 1 << 20), True)),
}


def answers(transport, protocol, kind, body, *, options=(10, 11, 12), flags=5):
    """Every datagram that answers, with the port and the family's number masked."""
    opened = transport.netlink(protocol)
    try:
        for option in options:
            opened.setsockopt(270, option, 1)
        opened.send(HEADER.pack(16 + len(body), kind, flags, 7, 0) + body)
        opened.settimeout(0.2)
        found = []
        while True:
            data = opened.recv(1 << 18)
            length, of_kind, of_flags, sequence, _ = HEADER.unpack_from(data)
            found.append(
                HEADER.pack(length, 0 if of_kind == kind else of_kind, of_flags, sequence, 0) + data[16:]
            )
            if of_kind in (2, 3):
                return [each.replace(struct.pack("=HHI", kind, flags, 7), b"FAMILY  ") for each in found]
    finally:
        opened.close()


def family(transport):
    with GenericConnection(transport.netlink(GENERIC), "ethtool") as generic:
        return generic.family


@pytest.mark.needs("namespaces")
@pytest.mark.parametrize("options", [(10, 11, 12), (11, 12), (12,)], ids=["capped", "whole", "plain"])
def test_links_are_refused_in_the_same_bytes(pair, options):
    endpoint = Endpoint(va=SCENARIO)
    for name, (kind, body) in LINK_REQUESTS.items():
        asked = {"options": options, "flags": 0x405 if name.startswith("new") else 5}
        ours = answers(endpoint, ROUTE, kind, body, **asked)
        kernels = pair.call(
            lambda kind=kind, body=body, asked=asked: answers(Kernel(), ROUTE, kind, body, **asked)
        )
        assert ours == kernels, name


@pytest.mark.needs("namespaces")
def test_ethtool_is_refused_in_the_same_bytes(pair):
    endpoint = Endpoint(lo=SCENARIO, va=SCENARIO)
    numbers = family(endpoint).number, pair.call(lambda: family(Kernel())).number
    different = {}
    for name, (command, attributes) in GENERIC_REQUESTS.items():
        body = struct.pack("=BBH", command, 1, 0) + attributes
        ours = answers(endpoint, GENERIC, numbers[0], body)
        kernels = pair.call(lambda body=body: answers(Kernel(), GENERIC, numbers[1], body))
        if ours != kernels:
            different[name] = (ours, kernels)
    assert different == {}
    both = []
    for far_end, number, call in (
        (endpoint, numbers[0], lambda work: work()),
        (Kernel(), numbers[1], pair.call),
    ):
        index = call(lambda far_end=far_end: control.Interface("va", far_end).link().index)
        header = attribute(1, u32(1, index) + attribute(2, b"lo\0"), nested=True)
        body = struct.pack("=BBH", 15, 1, 0) + header
        both.append(
            call(lambda far_end=far_end, number=number, body=body: answers(far_end, GENERIC, number, body))
        )
    assert both[0] == both[1]


def structure(data, at):
    """Numbers, nesting and lengths of attributes; what differs in value is left out."""
    found = []
    while at + 4 <= len(data):
        length, number = struct.unpack_from("=HH", data, at)
        inner = structure(data[: at + length], at + 4) if number & 0x8000 else ()
        found.append((number & 0x3FFF, bool(number & 0x8000), tuple(inner) or length))
        at += (length + 3) & -4
    return found


@pytest.mark.needs("namespaces")
def test_answers_have_the_structure_of_the_kernels(pair):
    endpoint = Endpoint(va=SCENARIO)
    numbers = family(endpoint).number, pair.call(lambda: family(Kernel())).number
    for command in (11, 17):
        for header in (named(), named(b"va\0", u32(3, 1))):
            body = struct.pack("=BBH", command, 1, 0) + header
            ours = structure(answers(endpoint, GENERIC, numbers[0], body)[0], 20)
            kernels = structure(
                pair.call(lambda body=body: answers(Kernel(), GENERIC, numbers[1], body))[0], 20
            )
            if command == 17:  # a veth's queues receive or send, a card's do both
                ours, kernels = ours[:1], kernels[:1]
            else:  # how many bits are set differs, how the sets are written does not
                ours, kernels = (
                    [(number, nested, [each[:2] for each in inner]) for number, nested, inner in found]
                    for found in (ours, kernels)
                )
            assert ours == kernels
    body = struct.pack("=BBH", 3, 1, 0) + attribute(2, b"ethtool\0")
    ours = structure(answers(endpoint, GENERIC, 16, body)[0], 20)
    kernels = structure(pair.call(lambda: answers(Kernel(), GENERIC, 16, body))[0], 20)
    assert [each[:2] for each in ours] == [each[:2] for each in kernels]
    body = LINK + attribute(3, b"va\0")
    ours = structure(answers(endpoint, ROUTE, 18, body)[0], 32)
    kernels = structure(pair.call(lambda: answers(Kernel(), ROUTE, 18, body))[0], 32)
    order = [number for number, _, _ in kernels]
    lengths = {number: length for number, _, length in kernels if number not in (56, 57)}
    places = [order.index(number) for number, _, _ in ours if number in order]
    assert places == sorted(places)
    assert {number: length for number, _, length in ours if number in lengths}.items() <= lengths.items()
    assert {number for number, _, _ in ours} - set(order) <= {56, 57}


STRING_REQUESTS = {
    "no header": b"",
    "features": named() + attribute(2, attribute(1, u32(1, 4), True), True),
    "counts of two": named()
    + attribute(2, attribute(1, u32(1, 5), True) + attribute(1, u32(1, 4), True), True)
    + attribute(3, b""),
    "hash functions of none in particular": attribute(1, b"", True)
    + attribute(2, attribute(1, u32(1, 5), True), True),
    "of a device, without one": attribute(1, b"", True) + attribute(2, attribute(1, u32(1, 1), True), True),
    "private flags": named() + attribute(2, attribute(1, u32(1, 2), True), True),
    "no such set": named() + attribute(2, attribute(1, u32(1, 99), True), True),
    "no number": named() + attribute(2, attribute(1, b"", True), True),
    "no nest": named() + attribute(2, attribute(1, u32(1, 4))),
    "something else": named() + attribute(2, attribute(2, b"", True), True),
}


def same(ours, kernels):
    """Equal but for the index of the interface."""

    def masked(found):
        return [each[:28] + b"INDX" + each[32:] for each in found]

    return masked(ours) == masked(kernels)


@pytest.mark.needs("namespaces")
def test_strings_are_told_in_the_same_bytes(pair):
    endpoint = Endpoint(va=SCENARIO)
    numbers = family(endpoint).number, pair.call(lambda: family(Kernel()).number)
    for name, attributes in STRING_REQUESTS.items():
        body = struct.pack("=BBH", 1, 1, 0) + attributes
        ours = answers(endpoint, GENERIC, numbers[0], body)
        kernels = pair.call(lambda body=body: answers(Kernel(), GENERIC, numbers[1], body))
        assert same(ours, kernels), name


def listed(transport, body):
    """Type, flags and payload of every message of a dump of the controller's, or of its refusal."""
    opened = transport.netlink(GENERIC)
    try:
        opened.setsockopt(270, 11, 1)
        opened.settimeout(1)
        opened.send(HEADER.pack(16 + len(body), 16, 0x305, 7, 0) + body)
        found = []
        while True:
            data = opened.recv(1 << 18)
            while data:
                length, kind, flags, _, port = HEADER.unpack_from(data)
                payload = data[16:length].replace(struct.pack("=II", 7, port), b"ECHOED  ")
                found.append(struct.pack("=HH", kind, flags) + payload)
                if kind in (2, 3):
                    return found
                data = data[(length + 3) & -4 :]
    finally:
        opened.close()


@pytest.mark.needs("namespaces")
@pytest.mark.parametrize("command", [11, 12, 15, 16, 17, 18, 19, 38, 48, 49, 50, 250])
def test_policies_are_told_in_the_same_bytes(pair, command):
    endpoint = Endpoint(va=SCENARIO)
    both = []
    for far_end, call in ((endpoint, lambda work: work()), (Kernel(), pair.call)):
        number = call(lambda far_end=far_end: family(far_end).number)
        body = struct.pack("=BBH", 10, 1, 0) + attribute(1, struct.pack("=H", number)) + u32(10, command)
        found = call(lambda far_end=far_end, body=body: listed(far_end, body))
        both.append([each.replace(attribute(1, struct.pack("=H", number)), b"NUMBER  ") for each in found])
    assert both[0] == both[1]


@pytest.mark.needs("namespaces")
def test_the_family_has_the_kernels_commands(pair):
    ours, kernels = family(Endpoint(va=SCENARIO)), pair.call(lambda: family(Kernel()))
    assert ours.commands <= kernels.commands | {48, 49, 50}
    assert (ours.version, set(ours.groups)) == (kernels.version, set(kernels.groups))
