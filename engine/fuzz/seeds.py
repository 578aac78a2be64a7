"""Write the seed corpora from the repository's captures.

Every frame of `variety`, one frame of each length and protocol of `first_light`.
Run in this folder: `python seeds.py`.
"""

import hashlib
from pathlib import Path

from scapy.utils import PcapNgReader, PcapReader

CAPTURES = Path("../../datasets/captures")
CORPUS = Path("corpus")
# Steps behind the arrivals, as (operation, argument): take, release, refill, arm, wait.
TAKE_REFILL_ARM = bytes([3, 90, 4, 255, 5, 0, 6, 0, 7, 200])


def save(target: str, data: bytes) -> None:
    """Name the seed by its content, as libFuzzer does."""
    (CORPUS / target / hashlib.sha1(data).hexdigest()).write_bytes(data)


def main() -> None:
    """Write all seeds."""
    variety = [bytes(packet) for packet in PcapNgReader(str(CAPTURES / "variety/variety.pcapng"))]
    light: dict[tuple[bytes, bytes, int], bytes] = {}
    for packet in PcapReader(str(CAPTURES / "first_light/first_light.pcap")):
        frame = bytes(packet)
        light.setdefault((frame[12:14], frame[23:24], len(frame) // 256), frame)
    frames = variety + list(light.values())
    for frame in frames:
        save("frame", b"\0" + frame[:1500])
    script = b""
    for number, frame in enumerate(frames):
        padded = frame[:1000] + bytes(-len(frame[:1000]) % 4)
        script += bytes([0, len(padded) // 4]) + padded
        if len(script) > 1500:
            save("pipeline", bytes([number % 256]) + script + TAKE_REFILL_ARM)
            script = b""
    # Eight flows in turn, full segments, the last with PSH; and one flow whose headers change byte by byte.
    for choice in range(0, 128, 16):
        save("lro", bytes([choice]) + b"".join(bytes([i % 8 + 64 * (i % 3), 240, 0, 0]) for i in range(64)))
        changed = (bytes([8 + 32 * (place % 5 == 0), 100, place, choice ^ place]) for place in range(54))
        save("lro", bytes([choice]) + b"".join(bytes([0, 100, 0, 0]) + change for change in changed))
    save("capture", (CAPTURES / "variety/variety.pcapng").read_bytes())
    head = (CAPTURES / "first_light/first_light.pcap").read_bytes()
    save("capture", head[:8000])
    save("capture", head[:24])


if __name__ == "__main__":
    main()
