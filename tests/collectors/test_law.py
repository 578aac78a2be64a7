"""The law is asserted, and a broken one is found."""

import pandas as pd
import pytest

from collectors.law import assert_conserved
from engine import ConservationError

TERMS = ["rx_frames", "delivered", "dropped", "pending", "consumed"]


def tables(rx=10, delivered=6, dropped=3, pending=1, consumed=0):
    queues = pd.DataFrame([(0, rx, delivered, dropped, pending, consumed)], columns=["queue", *TERMS])
    drops = pd.DataFrame([(0, "nic", "rx_missed", dropped)], columns=["queue", "layer", "reason", "frames"])
    stats = {
        "rx": rx,
        "delivered": delivered,
        "dropped": {"rx_missed": dropped},
        "pending": pending,
        "consumed": consumed,
    }
    return stats, queues.astype("uint64").astype({"queue": "int64"}), drops


def test_what_holds_passes():
    assert_conserved(*tables())


@pytest.mark.parametrize("term", ["rx", "delivered", "dropped", "pending", "consumed"])
def test_a_frame_too_many_anywhere_is_found(term):
    with pytest.raises(ConservationError):
        assert_conserved(*tables(**{term: 11 if term == "rx" else 7}))


def test_tables_that_disagree_with_the_totals_are_found():
    stats, queues, drops = tables()
    queues["delivered"] -= 1
    queues["pending"] += 1
    with pytest.raises(ConservationError, match="delivered"):
        assert_conserved(stats, queues, drops)
    stats, queues, drops = tables()
    with pytest.raises(ConservationError, match="dropped"):
        assert_conserved(stats, queues, drops.assign(reason="rx_no_buffer"))
