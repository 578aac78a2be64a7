"""The Linux host as it is: softirqs, interrupts, drops, scheduler, counters; each with its source said."""

from collectors.linux.access import access_latency
from collectors.linux.columns import TABLES
from collectors.linux.following import FollowRun, follow
from collectors.linux.observe import KINDS, Watch, observe
from collectors.linux.observer import ObserverCost, observer_cost
from collectors.linux.unavailable import Unavailable
from collectors.linux.valgrind import cachegrind

__all__ = [
    "KINDS",
    "TABLES",
    "FollowRun",
    "ObserverCost",
    "Unavailable",
    "Watch",
    "access_latency",
    "cachegrind",
    "follow",
    "observe",
    "observer_cost",
]
