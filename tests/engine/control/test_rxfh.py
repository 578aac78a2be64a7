"""RSS by ioctl: held against what ethtool(8) 6.1 hands to the kernel."""

import struct

from engine.control import rxfh
from engine.control.ethtool.rss import RssChanges

TABLE = [0, 1, 2, 3, 0, 1, 2, 3]


class Driver:
    """Answers what the recordings were made with: 8 entries, a key of 40 bytes, Toeplitz."""

    def __init__(self):
        self.told = []

    def ethtool(self, device, request):
        (command,) = struct.unpack_from("=I", request)
        if command == rxfh.GRSSH:
            entries = rxfh.RXFH.unpack_from(request)[2]
            request[: rxfh.RXFH.size] = rxfh.RXFH.pack(command, 0, 8, 40, 1, 0, 0)
            if entries:
                request[rxfh.RXFH.size :] = struct.pack("=8I", *TABLE) + b"\xab" * 40
        elif command == rxfh.GRXFH:
            struct.pack_into("=Q", request, 8, 0xF0)
        else:
            self.told.append(bytes(request).hex())


def written(**changes):
    driver = Driver()
    rxfh.write(driver, "eth0", RssChanges(**changes))
    (told,) = driver.told
    return told


def test_a_table_as_ethtool_x_equal_4_writes_it():
    # ethtool gives no hash function where none is named; the kernel reads 0 as "no change".
    recorded = "47000000000000000800000000000000" + "00000000" * 2 + struct.pack("=8I", *TABLE).hex()
    assert written(table=TABLE) == recorded


def test_a_key_as_ethtool_x_hkey_writes_it():
    assert written(key="ab" * 40) == "4700000000000000ffffffff28000000" + "00000000" * 2 + "ab" * 40


def test_a_function_as_ethtool_x_hfunc_writes_it():
    assert written(function="xor") == "4700000000000000ffffffff00000000" + "02000000" + "00000000"


def test_fields_as_ethtool_n_rx_flow_hash_writes_them():
    assert written(fields={"udp4": "4-tuple"})[:32] == "2a00000002000000f000000000000000"
    assert written(fields={"tcp4": "2-tuple"})[:32] == "2a000000010000003000000000000000"


def test_what_a_driver_says_is_read():
    state = rxfh.read(Driver(), "eth0")
    assert (list(state.table), state.key, state.function) == (TABLE, "ab" * 40, "toeplitz")
    assert set(state.fields.values()) == {"4-tuple"}
