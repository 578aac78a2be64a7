"""What the documentation shows works: its Python runs, its commands and links exist."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def name(page):
    return str(page.relative_to(REPOSITORY))


def python(page):
    return [body for language, body in FENCE.findall(page.read_text()) if language == "python"]


def test_there_are_pages_with_examples():
    assert {"README.md", "CONTRIBUTING.md", "docs/index.md"} <= {name(page) for page in PAGES}
    assert any(python(page) for page in PAGES)


@pytest.mark.parametrize("page", [page for page in PAGES if python(page)], ids=name)
def test_examples_run_in_the_order_of_their_page(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scope: dict[str, object] = {"__name__": "__main__"}
    for number, body in enumerate(python(page), 1):
        exec(compile(body, f"{name(page)}, example {number}", "exec"), scope)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page):
    text = FENCE.sub("", page.read_text())
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    inside = [target for target in targets if not target.startswith(("http://", "https://", "mailto:"))]
    assert [target for target in inside if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_targets_of_make_exist(page):
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), re.MULTILINE))
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_files_that_are_named_exist(page):
    tops = "engine|collectors|datasets|notebooks|tests|docs|locks"
    named = re.findall(rf"`((?:{tops})/[\w./-]+)`", FENCE.sub("", page.read_text()))
    assert [path for path in named if not (REPOSITORY / path).exists()] == []
