"""What shall hold of an interface, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class Settings:
    """What shall hold of an interface while it is measured; what is None or empty stays as it is.

    >>> Settings(name="rps", rps_cpus=(0, 1)).given()
    {'rps_cpus': (0, 1)}
    """

    name: str = ""
    """What the user calls them."""
    queues: int | None = None
    """Combined channels, or receive channels where the interface has no combined ones (ethtool -L)."""
    ring_size: int | None = None
    """Descriptors per receive queue (ethtool -G rx)."""
    rx_usecs: int | None = None
    """µs from a frame's arrival to the interrupt, at most (ethtool -C)."""
    rx_max_coalesced_frames: int | None = None
    use_adaptive_rx: bool | None = None
    features: Mapping[str, bool] = field(default_factory=dict)
    """By the kernel's names: `{"rx-gro": True}` (ethtool -K)."""
    rss_table: tuple[int, ...] = ()
    """Queue of each entry; a shorter one is repeated (ethtool -X)."""
    rss_key: str | None = None
    irq_cpus: tuple[int, ...] = ()
    """CPU of each queue's interrupt, in turn (/proc/irq/N/smp_affinity_list)."""
    rps_cpus: tuple[int, ...] | None = None
    """CPUs that packets are spread over after the interrupt, of every queue; empty: off."""
    rps_flow_entries: int | None = None
    """Flows whose reader RFS remembers, of every queue (rps_flow_cnt)."""
    rps_sock_flow_entries: int | None = None
    """The same of the machine: RFS needs both."""
    threaded_napi: bool | None = None
    gro_flush_timeout_ns: int | None = None
    defer_hard_irqs: int | None = None
    """Empty polls before interrupts are enabled again (napi_defer_hard_irqs)."""

    def given(self) -> dict[str, Any]:
        """What is to be set, by name."""
        values = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "name"}
        return {
            name: value
            for name, value in values.items()
            if value is not None and (value or name not in ("features", "rss_table", "irq_cpus"))
        }

    def __hash__(self) -> int:
        return hash((self.name, repr(sorted(self.given().items()))))

    def __str__(self) -> str:
        return self.name or " ".join(f"{name}={value}" for name, value in self.given().items()) or "as it is"

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Settings:
        """From plain data, as TOML has it. Raises ValueError naming a key there is not."""
        names = [each.name for each in fields(cls)]
        for key in given:
            if key not in names:
                raise ValueError(f"settings: {key}: allowed is {', '.join(names)}")
        plain: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in given.items()
        }
        return cls(**plain)
