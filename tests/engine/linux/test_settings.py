"""Settings as a value, and the batches of the sender; needs no rights."""

import pytest

from collectors.target import Load
from engine.linux import send
from engine.linux.settings import Settings, files


def test_what_is_not_given_stays():
    assert Settings(name="a").given() == {}
    assert Settings(rps_cpus=(), threaded_napi=False, features={}).given() == {
        "rps_cpus": (),
        "threaded_napi": False,
    }
    assert str(Settings()) == "as it is"
    assert str(Settings(queues=2)) == "queues=2"


def test_plain_data_is_read_and_a_wrong_key_is_named():
    settings = Settings.of({"name": "x", "rps_cpus": [0, 1], "features": {"rx-gro": True}})
    assert (settings.rps_cpus, settings.features) == ((0, 1), {"rx-gro": True})
    with pytest.raises(ValueError, match="settings: queue: allowed is name, queues"):
        Settings.of({"queue": 2})


@pytest.mark.parametrize(
    ("cpus", "width", "mask"),
    [
        ((), 2, "00000000"),
        ((0, 1), 2, "00000003"),
        ((33,), 40, "00000002,00000000"),
        ((5,), 64, "00000000,00000020"),
    ],
)
def test_masks_are_words_of_32_bits(cpus, width, mask):
    assert files.cpu_mask(cpus, width) == mask


@pytest.mark.parametrize(
    ("size", "pps", "batch"),
    [(1400, 0, 46), (100, 0, 64), (1400, 1e6, 46), (1400, 5_000, 5), (1400, 10, 1), (65_000, 0, 1)],
)
def test_batches_fit_a_datagram_and_the_pace(size, pps, batch):
    assert send.batch_of(size, pps) == batch


BAD = [{"datagram_bytes": 0}, {"flows": 0}, {"readers": 65}, {"pps": -1}, {"protocol": "sctp"}]


@pytest.mark.parametrize("bad", [*BAD, {"flows": 65, "protocol": "tcp"}, {"readers": 2, "protocol": "tcp"}])
def test_a_load_that_cannot_be_is_refused(bad):
    with pytest.raises(ValueError, match=f"load: {next(iter(bad))} = "):
        Load(**bad)
