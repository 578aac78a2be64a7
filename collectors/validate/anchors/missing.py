"""Tables the engine has no stage for yet. A number made up without the stage would prove nothing."""

MISSING: tuple[tuple[str, str, str], ...] = (
    (
        "C4",
        "RFS",
        "requests in a closed loop are there now; the e1000e with its one queue is not set up beside them",
    ),
    ("C11", "route cache removed", "no routes: IP input and its route look-up are one cost row"),
    (
        "C12",
        "forwarding by core through a full table, and in XDP",
        "no routes but one, and no XDP program asks for it",
    ),
    (
        "C17",
        "page recycling in virtio",
        "no virtio device: its buffers of 17 pages each, refilled page by page, are what was slow",
    ),
    ("C20", "NVMe over TCP with direct placement", "no storage protocol, and no card that places its data"),
)
"""Anchor, table, what is missing."""
