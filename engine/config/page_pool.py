"""Where released pages go."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PagePool:
    """A pool for each queue: its cache, its ptr_ring, the page allocator."""

    enabled: bool = False
    """Off: every page is recycled at once, at no cost of its own."""
    ring_pages: int = 0
    """Pages the ptr_ring holds; 0: as many as the queue's ring."""
