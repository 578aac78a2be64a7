"""What outlives its owner is found and removed; what lives is left alone. Needs no rights."""

import os
import subprocess

import pytest

from collectors.doctor.leftovers import none_left
from engine.linux import leftovers, owners


@pytest.fixture(autouse=True)
def notes(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "rxbench"


def owner_that_is_gone():
    child = subprocess.Popen(["sleep", "60"])
    pid = child.pid
    start = owners.started(pid)
    child.kill()
    child.wait()
    return f"{pid}-{start}"


@pytest.fixture
def sleeper():
    started = []

    def start(mark):
        started.append(subprocess.Popen(["sleep", "60"], env={**os.environ, leftovers.MARK: mark}))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.wait()


def test_a_program_whose_owner_is_gone_is_named_and_killed(sleeper):
    gone = owner_that_is_gone()
    orphan, child = sleeper(gone), sleeper(leftovers.owner())
    # A process that was forked and has not reached its program yet shows its parent's environment.
    while not (found := leftovers.find()):
        pass
    assert [(one.owner, one.kind, one.name) for one in found] == [(gone, "process", f"{orphan.pid} sleep")]
    assert none_left() == (
        False,
        f"process {orphan.pid} sleep of process {gone.partition('-')[0]}, which is gone",
    )
    assert leftovers.clean() == found
    assert orphan.wait(5) == -9
    assert child.poll() is None
    assert leftovers.find() == []
    assert none_left().available


def test_the_note_of_an_owner_that_is_gone_is_read_and_forgotten(notes):
    gone = owner_that_is_gone()
    leftovers.note()
    (notes / f"{gone}.json").write_text('{"interfaces": ["lo", "rxb-none", "../../etc", 7]}')
    (notes / "1-0.json").write_text("torn")
    (own,) = notes.glob(f"{os.getpid()}-*.json")
    # "lo" is there, so that it would be removed: only found here.
    assert [(one.kind, one.name) for one in leftovers.find()] == [("interface", "lo")]
    (notes / f"{gone}.json").write_text('{"interfaces": ["rxb-none"]}')
    assert leftovers.clean() == []
    assert list(notes.iterdir()) == [own]
    leftovers.settle(own)
    assert list(notes.iterdir()) == []


def test_what_was_half_written_when_its_writer_was_killed_is_removed(notes):
    gone, settings = owner_that_is_gone(), notes / "settings"
    settings.mkdir(parents=True)
    for folder in (notes, settings):
        (folder / f".{gone}.x1").touch()
        (folder / f".{leftovers.owner()}.x2").touch()
    assert leftovers.clean() == []
    assert [each.name for each in settings.iterdir()] == [f".{leftovers.owner()}.x2"]
    assert {each.name for each in notes.iterdir()} == {"settings", f".{leftovers.owner()}.x2"}


def test_a_note_names_what_was_made(notes):
    leftovers.note("rxb-a")
    leftovers.note("rxb-b")
    leftovers.note()
    (own,) = notes.iterdir()
    assert own.name == f"{leftovers.owner()}.json"
    assert leftovers._interfaces(own) == ["rxb-a", "rxb-b"]
    leftovers.settle(own)


def test_folders_of_other_users_stay_unseen(notes):
    settings = notes / "settings"
    settings.mkdir(parents=True)
    settings.chmod(0)  # which root may read all the same
    assert leftovers.clean() == []
    notes.chmod(0)
    assert leftovers.clean() == []
    notes.chmod(0o700)
