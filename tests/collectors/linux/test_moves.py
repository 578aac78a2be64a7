"""Events become one row per move; wrong settings are one line."""

import numpy as np
import pytest

from collectors import linux, plots
from collectors.linux.bpf.program import EVENT, MIGRATED
from collectors.linux.columns import TABLES
from collectors.linux.following import FollowRun
from collectors.linux.following.moves import FIRST_PACKET, FIRST_READ, TOLD, moves
from collectors.linux.frame import frame


def events(*rows):
    return np.array(list(rows), dtype=EVENT)


def test_the_first_packet_and_read_belong_to_the_move_before_them():
    rows = moves(
        events(
            (1000, MIGRATED, 7, 0, 1),
            (1450, TOLD, 7, 1, 1),
            (1500, FIRST_PACKET, 7, 3, 1),
            (1600, FIRST_READ, 7, 1, 1),
            (2000, MIGRATED, 7, 1, 0),
            (2100, FIRST_READ, 7, 0, 0),
        )
    )
    assert rows[0] == (1000, 7, 0, 1, 500.0, 600.0, 3.0, 450.0)
    assert rows[1][:4] == (2000, 7, 1, 0)
    assert np.isnan(rows[1][4])
    assert rows[1][5] == 100.0
    assert np.isnan(rows[1][7])


def test_tasks_are_kept_apart_and_the_order_of_arrival_does_not_matter():
    rows = moves(
        events(
            (1300, FIRST_PACKET, 8, 0, 0),
            (1000, MIGRATED, 7, 0, 1),
            (1100, MIGRATED, 8, 1, 0),
            (1250, FIRST_PACKET, 7, 0, 1),
        )
    )
    assert [(row[1], row[4]) for row in rows] == [(7, 250.0), (8, 200.0)]


def test_what_came_before_any_move_is_left_out():
    assert moves(events((900, FIRST_PACKET, 7, 0, 0), (950, FIRST_READ, 7, 0, 0))) == []


@pytest.fixture
def run():
    table = frame(
        TABLES["follow"],
        [
            (1000 * n, 7, n % 2, (n + 1) % 2, 100.0 * n if n < 10 else float("nan"), 1.0, 0.0, float("nan"))
            for n in range(1, 11)
        ],
        "bcc",
    )
    counted = [("sent", "", 100), ("received", "", 97), ("dropped", "a", 2), ("dropped", "b", 1)]
    packets = frame(TABLES["follow_packets"], counted, "socket")
    return FollowRun("udp", "xdp", table, packets, 1e4, 0)


def test_a_run_says_its_percentiles_and_its_law(run):
    assert run.percentile(50) == 500.0
    assert run.followed == 0.9
    assert run.unaccounted == 0
    assert "90% of 10 moves" in run.sentence()
    assert "clock real, source bcc" in run.sentence()


def test_the_figure_ends_where_packets_did_not_come(run):
    drawing = plots.follow_ecdf({"udp": run})
    assert max(drawing.axes[0].lines[0].get_ydata()) == 0.9
    assert "clock real" in drawing.svg()


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"protocol": "sctp"}, "'sctp'.*udp, tcp"),
        ({"steering": "rps"}, "'rps'.*xdp, engine, rfs, none"),
        ({"cpus": [0]}, r"\[0\]: at least two"),
        ({"cpus": [0, 100_000]}, "100000 is not usable"),
        ({"moves": 0}, "moves = 0: must be between 1 and"),
        ({"message_bytes": 4}, "message_bytes = 4"),
    ],
)
def test_wrong_settings_are_named(named, message):
    with pytest.raises(ValueError, match=message):
        linux.follow(**named)
