"""What the live kernel acknowledges of merged frames, as notebook 05 shows it."""

import pytest

from collectors.linux.acks import KERNEL_COLUMNS, MOST_SEGMENTS, kernel_acks

pytestmark = pytest.mark.needs("tap", "namespaces")


def test_an_acknowledgement_is_for_more_segments_where_frames_are_merged():
    table = kernel_acks([1, MOST_SEGMENTS], rounds=2, seconds=0.2).set_index("segments_per_frame")
    assert [table.index.name, *table.columns] == list(KERNEL_COLUMNS)
    assert (table["least"] <= table["acks_per_frame"]).all()
    assert (table["acks_per_frame"] <= table["most"]).all()
    # By rule at most one for a frame (__tcp_ack_snd_check), those of a window that opens aside.
    assert (table["acks_per_frame"] > 0).all()
    assert (table["acks_per_frame"] < 1.5).all()
    # 3 and some hundreds.
    assert table.loc[MOST_SEGMENTS, "segments_per_ack"] > 3 * table.loc[1, "segments_per_ack"]
    assert table["source"].str.startswith("kernel").all()


def test_a_frame_beyond_the_first_window_is_refused():
    with pytest.raises(ValueError, match=r"segments = \[45\]: must be 1 to 44"):
        kernel_acks([45])
