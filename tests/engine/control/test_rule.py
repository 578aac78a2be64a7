"""Steering rules as bytes: held against what ethtool(8) 6.1 itself hands to the kernel for the same rule."""

import errno
import struct

import pytest

from engine.control import Rule, rule_table
from engine.control.rule import RXNFC

# `ethtool -N eth0 WORDS`: flow type, value, extension, mask, extension's mask, cookie, place, each less its
# trailing zeros.
RECORDED = {
    "flow-type tcp4 src-ip 10.0.0.0 m 0.255.255.255 dst-ip 192.0.2.7 dst-port 443 action 3": (
        Rule("tcp4", 3, source="10.0.0.0/8", destination="192.0.2.7", destination_port=443),
        ("01", "0a000000c0000207000001bb", "", "ff000000ffffffff0000ffff", "", "03", "ffffffff"),
    ),
    "flow-type udp4 src-port 5000 m 0xff00 dst-port 53 action -1 loc 9": (
        Rule("udp4", source_port=5000, source_port_mask=0xFF, destination_port=53, location=9),
        ("02", "000000000000000013880035", "", "000000000000000000ffffff", "", "ff" * 8, "09"),
    ),
    "flow-type tcp6 dst-ip 2001:db8::1 src-port 1 action 0": (
        Rule("tcp6", 0, destination="2001:db8::1", source_port=1),
        (
            "05",
            "00" * 16 + "20010db8" + "00" * 11 + "01" + "0001",
            "",
            "00" * 16 + "ff" * 18,
            "",
            "",
            "ffffffff",
        ),
    ),
    "flow-type ip4 src-ip 10.1.2.3 action 2": (
        Rule("ip4", 2, source="10.1.2.3"),
        ("0d", "0a01020300000000000000000001", "", "ffffffff", "", "02", "ffffffff"),
    ),
    "flow-type ip6 src-ip 2001:db8:: m 0:0:ffff:ffff:ffff:ffff:ffff:ffff action 2": (
        Rule("ip6", 2, source="2001:db8::/32"),
        ("0e", "20010db8", "", "ffffffff", "", "02", "ffffffff"),
    ),
    "flow-type udp6 dst-port 4433 vlan 5 m 0xf000 action 1": (
        Rule("udp6", 1, destination_port=4433, vlan=5),
        (
            "06000080",
            "00" * 34 + "1151",
            "00" * 11 + "05",
            "00" * 34 + "ffff",
            "00" * 10 + "0fff",
            "01",
            "ffffffff",
        ),
    ),
}


def recorded(parts):
    flow, value, extension, mask, extension_mask, cookie, place = (bytes.fromhex(part) for part in parts)
    return struct.pack("4s52s20s52s20s4x8s4s4x", flow, value, extension, mask, extension_mask, cookie, place)


@pytest.mark.parametrize("words", RECORDED)
def test_a_rule_is_written_as_ethtool_writes_it_and_read_back(words):
    rule, parts = RECORDED[words]
    assert rule.spec() == recorded(parts)
    back = Rule.of(rule.spec())
    assert (back.protocol, back.queue, back.source, back.destination) == (
        rule.protocol,
        rule.queue,
        rule.source,
        rule.destination,
    )
    ports = ("source_port", "destination_port", "source_port_mask", "destination_port_mask", "vlan")
    assert [getattr(back, name) for name in ports] == [getattr(rule, name) for name in ports]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"protocol": "sctp4"}, "protocol = sctp4: allowed is tcp4"),
        ({"protocol": "tcp4", "source": "2001:db8::1"}, "allowed is IPv4"),
        ({"protocol": "tcp4", "source": "10.0.0.300"}, "source = 10.0.0.300"),
        ({"protocol": "tcp4", "source_port": 65536}, "source_port = 65536: allowed is 0 to 65535"),
        ({"protocol": "ip4", "source_port": 5}, "not with ip4"),
        ({"protocol": "udp6", "vlan": 4095}, "vlan = 4095: allowed is 0 to 4094"),
        ({"protocol": "udp6", "queue": -1}, "queue = -1"),
        ({"protocol": "udp6", "location": -1}, "location = -1"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_by_its_field(given, said):
    with pytest.raises(ValueError, match=said):
        Rule(**given)


class Table:
    """A driver with places of its own, as drivers/net/ethernet/intel/ixgbe has."""

    def __init__(self, places):
        self.places, self.rules = places, {}

    def ethtool(self, device, request):
        command, _, _, spec, count = RXNFC.unpack_from(request)
        if command == rule_table.COUNT:
            request[:] = RXNFC.pack(command, 0, self.places, spec, len(self.rules))
        elif command == rule_table.INSERT:
            self.rules[Rule.of(spec).location] = spec
        elif command == rule_table.DELETE:
            if self.rules.pop(rule_table.PLACE.unpack(spec)[0], None) is None:
                raise OSError(errno.ENOENT, "")
        elif command == rule_table.ALL:
            struct.pack_into(f"=I{count}I", request, 184, count, *list(self.rules)[:count])
        elif command == rule_table.RULE:
            place = rule_table.PLACE.unpack(spec)[0]
            request[:] = RXNFC.pack(command, 0, 0, self.rules[place], 0)


def test_rules_get_the_first_free_place_and_a_full_table_says_so():
    table = Table(places=3)
    rules = [Rule("tcp4", queue, destination_port=80 + queue) for queue in range(4)]
    assert [rule_table.insert(table, "eth0", rule) for rule in rules[:3]] == [0, 1, 2]
    with pytest.raises(OSError) as full:
        rule_table.insert(table, "eth0", rules[3])
    assert full.value.errno == errno.ENOSPC
    rule_table.delete(table, "eth0", 1)
    assert rule_table.insert(table, "eth0", rules[3]) == 1
    assert [(rule.location, rule.queue) for rule in rule_table.rules(table, "eth0")] == [
        (0, 0),
        (1, 3),
        (2, 2),
    ]
