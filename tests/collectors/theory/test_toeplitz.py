"""The definition gives Microsoft's published results."""

import pytest

from collectors.theory.toeplitz import hash_input, toeplitz
from engine.config.rss import MICROSOFT_KEY

KEY = bytes.fromhex(MICROSOFT_KEY)
VECTORS = [
    ("66.9.149.187", 2794, "161.142.100.80", 1766, 0x323E8FC2, 0x51CCC178),
    ("199.92.111.2", 14230, "65.69.140.83", 4739, 0xD718262A, 0xC626B0EA),
    ("24.19.198.95", 12898, "12.22.207.184", 38024, 0xD2D0A5DE, 0x5C2B394A),
    ("38.27.205.30", 48228, "209.142.163.6", 2217, 0x82989176, 0xAFC7327F),
    ("153.39.163.191", 44251, "202.188.127.2", 1303, 0x5D1809C5, 0x10E828A2),
    ("3ffe:2501:200:1fff::7", 2794, "3ffe:2501:200:3::1", 1766, 0x2CC18CD5, 0x40207D3D),
    ("3ffe:501:8::260:97ff:fe40:efab", 14230, "ff02::1", 4739, 0x0F0C461C, 0xDDE51BBF),
    ("3ffe:1900:4545:3:200:f8ff:fe21:67cf", 44251, "fe80::200:f8ff:fe21:67cf", 38024, 0x4B61E985, 0x02D1FEEF),
]


@pytest.mark.parametrize(("source", "sport", "destination", "dport", "addresses", "ports"), VECTORS)
def test_published_vectors(source, sport, destination, dport, addresses, ports):
    assert toeplitz(KEY, hash_input(source, destination)) == addresses
    assert toeplitz(KEY, hash_input(source, destination, (sport, dport))) == ports


def test_a_key_too_short():
    with pytest.raises(ValueError, match="must be at least 16"):
        toeplitz(KEY[:12], bytes(12))
