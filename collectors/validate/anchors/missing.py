"""Tables the engine has no stage for yet. A number made up without the stage would prove nothing."""

MISSING: tuple[tuple[str, str, str], ...] = (
    (
        "C4",
        "RFS",
        "500 requests and answers in a closed loop decide the rate: no traffic here answers requests",
    ),
    ("C11", "route cache removed", "no routes: IP input and its route look-up are one cost row"),
    ("C12", "forwarding by core", "no forwarding stage: frames end in a socket of this host or are dropped"),
    (
        "C13",
        "ring size and DDIO under XDP_REDIRECT",
        "no XDP stage: a frame costs ten times a redirected one, so that a ring's misses hardly show",
    ),
    ("C14", "attack dropped in XDP", "no XDP stage: there is no drop before an skb is allocated"),
    (
        "C16",
        "page pool",
        "no page recycling stage: releasing a page is one cost row, whichever way it goes",
    ),
    ("C17", "page recycling in virtio", "no page recycling stage"),
    ("C18", "TCP zero-copy receive", "no mapping of pages to the application: payload is always copied"),
    ("C20", "NVMe over TCP with direct placement", "no storage protocol, and no card that places its data"),
)
"""Anchor, table, what is missing."""
