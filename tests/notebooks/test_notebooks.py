"""Notebooks are executed, their .ipynb twins are what their source generates, the report loads nothing."""

import json
import os
import shutil
from pathlib import Path

import pytest

from collectors.doctor import survey
from collectors.report import NotebookError, build
from collectors.report.execute import execute
from collectors.report.html import TIME_LINE, external_references, repeatable
from collectors.report.notebook import FOLDER, read, sources, stale, text
from collectors.workers import available_cpus

ROOT = Path(__file__).resolve().parents[2]
TINY = {
    "repeats": 2,
    "queues": [1, 8],
    "duration_64_ms": 0.3,
    "duration_imix_ms": 0.3,
    "duration_1518_ms": 0.5,
    "duration_capture_ms": 0.3,
    "jobs": 1,
    "duration_real_ms": 1.0,
    "rate_real_pps": 500_000,
    "kernel_frames_per_ms": 200,
}


def outputs(notebook):
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            yield from output.get("data", {}).items()


def test_every_ipynb_is_what_its_source_generates():
    wanted = {"00_tour", "03_rss_scaling", "04_steering", "05_lro", "10gbe_report"}
    assert {path.stem for path in sources()} >= wanted
    assert [path.name for path in stale()] == []


def test_a_stale_or_orphaned_ipynb_is_found(tmp_path):
    for source in sources():
        shutil.copy(source, tmp_path)
    assert len(stale(tmp_path)) == len(sources())
    for source in sources(tmp_path):
        source.with_suffix(".ipynb").write_text(text(source))
    assert stale(tmp_path) == []
    first = sources(tmp_path)[0]
    first.write_text(first.read_text() + "\n# %%\n1 + 1\n")
    (tmp_path / "orphan.ipynb").write_text("{}")
    assert [path.name for path in stale(tmp_path)] == [first.with_suffix(".ipynb").name, "orphan.ipynb"]


@pytest.mark.parametrize("source", sources(), ids=lambda path: path.stem)
def test_sources_hold_no_outputs_and_name_their_parameters(source):
    notebook = read(source)
    assert [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    assert all(not cell.get("outputs") for cell in notebook.cells)
    assert text(source) == text(source)


def test_the_tour(tmp_path):
    done = execute(read(FOLDER / "00_tour.py"), {"frame": 42, "duration_us": 200.0}, folder=FOLDER)
    shown = [content for kind, content in outputs(done) if kind == "text/html"]
    assert any("app" in table and "ring" in table for table in shown)
    assert any("14880952.38" in table for table in shown)


@pytest.mark.slow
def test_acks():
    parameters = {"merged": [1, 8], "sizes_kb": [15, 150, 1500], "rtts_us": [100, 2000], "repeats": 2}
    done = execute(read(FOLDER / "05_acks.py"), parameters, folder=FOLDER)
    said = [output.get("text", "") for cell in done["cells"] for output in cell.get("outputs", [])]
    assert any("Verdict" in text for text in said)


@pytest.mark.slow
def test_rss_scaling():
    parameters = {"spread_seeds": 12, "flow_counts": [1, 8, 64], "repeats": 2, "frame_sizes": [64], "jobs": 1}
    done = execute(read(FOLDER / "03_rss_scaling.py"), parameters, folder=FOLDER)
    shown = [content for kind, content in outputs(done) if kind == "text/html"]
    assert any("0x51ccc178" in table for table in shown)


AGREE = {"frames": 4000, "rate_pps": 10_000, "moves": 20}


def printed(notebook):
    return "".join(
        "".join(output.get("text", ""))
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if output["output_type"] == "stream"
    )


def test_collectors_agree_where_nothing_may_be_asked():
    done = execute(read(FOLDER / "17_collectors_agree.py"), AGREE | {"ask_for_nothing": True}, folder=FOLDER)
    assert "skipped for want of bcc" in printed(done)
    shown = [content for kind, content in outputs(done) if kind == "text/html"]
    assert any("Udp InDatagrams" in table for table in shown)
    assert not any("napi_poll" in table for table in shown)


@pytest.mark.needs("bcc", "tap", "namespaces", "cpus", "xdp")
def test_collectors_agree():
    done = execute(read(FOLDER / "17_collectors_agree.py"), AGREE, folder=FOLDER)
    assert "skipped" not in printed(done)
    assert "watching adds" in printed(done)
    shown = [content for kind, content in outputs(done) if kind == "text/html"]
    assert any("napi_poll" in table for table in shown)
    assert any("udp, engine" in table for table in shown)


@pytest.mark.slow
def test_steering():
    parameters = {"duration_us": 5_000.0, "steady_us": 10_000.0, "live": False, "jobs": 1}
    parameters |= {"capacity_over_flows": [0.05, 0.1, 0.2, 2.0], "migrations": [0, 1_000, 10_000]}
    done = execute(read(FOLDER / "04_steering.py"), parameters, folder=FOLDER)
    kinds = [kind for kind, _ in outputs(done)]
    assert kinds.count("image/svg+xml") == 6
    shown = [content for kind, content in outputs(done) if kind == "text/html"]
    assert any("break-even" in table for table in shown)


def test_calibration():
    parameters = {"repeats": 2, "frames": 20_000, "patience_s": 0.0}
    done = execute(read(FOLDER / "01_calibrate.py"), parameters, folder=FOLDER)
    shown = [content for kind, content in outputs(done) if kind == "text/html"]
    assert any("memory.llc" in table and "fitted" in table for table in shown)
    assert any("card_ns" in table and "host_ns" in table for table in shown)
    assert [kind for kind, _ in outputs(done)].count("image/svg+xml") == 1


@pytest.mark.slow
def test_virtual_against_real():
    parameters = {"repeats": 2, "frames": 10_000, "loads": [0.3], "kernel_rounds": 10, "patience_s": 0.0}
    done = execute(read(FOLDER / "02_virtual_against_real.py"), parameters, folder=FOLDER)
    shown = [content for kind, content in outputs(done) if kind == "text/html"]
    assert any("within_bar" in table for table in shown)
    assert any("no virtio device" in table for table in shown)
    assert [kind for kind, _ in outputs(done)].count("image/svg+xml") == 5


@pytest.mark.slow
def test_lro_and_gro():
    parameters = {"segments": [1, 4, 44], "flow_counts": [1, 8, 64, 128], "context_counts": [8, 64]}
    done = execute(read(FOLDER / "05_lro.py"), parameters, folder=FOLDER)
    (verdict,) = (output["text"] for output in done.cells[-1].outputs if output["output_type"] == "stream")
    assert "LRO and GRO" in verdict
    assert "With 64 contexts up to 64 flows" in verdict


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return build(tmp_path_factory.mktemp("report"), parameters=TINY)


def test_the_report_loads_nothing_from_anywhere(report):
    page = report.html.read_text()
    assert external_references(page) == []
    assert "<script" not in page or "src=" not in page.split("<script", 1)[1].split(">", 1)[0]
    assert len(page) < 10_000_000


def test_the_report_shows_what_it_must(report):
    notebook = json.loads(report.notebook.read_text())
    kinds = [kind for kind, _ in outputs(notebook)]
    # Seven figures and a waterfall for each of four mixes.
    assert kinds.count("image/svg+xml") == 4 * 8
    findings = ["".join(content) for kind, content in outputs(notebook) if kind == "text/markdown"]
    for mix in ("64 B at line rate", "IMIX at 80 %", "1,518 B at line rate", "capture at line rate"):
        (sentence,) = [text for text in findings if text.startswith(f"- **{mix}**")]
        assert "interval" in sentence
        assert "n = 2 and 2 runs" in sentence
        assert "clock virtual" in sentence
    page = report.html.read_text()
    assert "duration_64_ms" in page
    assert "import IPython" not in page


def test_figures_say_runs_clock_source_and_loop(report):
    # Glyphs are drawn as paths; the words are kept in comments of the SVG.
    notebook = json.loads(report.notebook.read_text())
    for kind, content in outputs(notebook):
        if kind == "image/svg+xml":
            note = "".join(content)
            assert "clock virtual" in note
            assert "open loop" in note
            assert "<dc:date>" not in note


def test_two_reports_differ_in_one_line_and_in_what_was_measured(report, tmp_path):
    other = build(tmp_path, parameters=TINY)
    first, second = (each.html.read_text() for each in (report, other))
    assert repeatable(first) == repeatable(second)
    assert first.count(TIME_LINE) == 1
    assert len(repeatable(first)) > 0.9 * len(first)
    unmeasured = [
        [cell for cell in notebook["cells"] if "measured" not in cell["metadata"].get("tags", [])]
        for notebook in (json.loads(each.notebook.read_text()) for each in (report, other))
    ]
    assert unmeasured[0] == unmeasured[1]


def measured(report):
    """What the cells tagged so show: kind and content."""
    cells = json.loads(report.notebook.read_text())["cells"]
    tagged = [cell for cell in cells if "measured" in cell["metadata"].get("tags", [])]
    assert [cell["cell_type"] for cell in tagged] == ["markdown", "code"] * 2
    assert report.html.read_text().count("<!-- measured -->") == len(tagged)
    return [(kind, "".join(content)) for kind, content in outputs({"cells": tagged})]


@pytest.mark.skipif(available_cpus() < 2, reason="real time takes two CPUs, and this machine gives one")
def test_both_clocks_are_shown_side_by_side(report):
    table = next(content for kind, content in measured(report) if kind == "text/html")
    for word in ("as fast as taken", "at 500,000 pps", "real", "virtual", "engine", "model", "disturbed"):
        assert word in table


def test_with_one_cpu_a_sentence_says_so(tmp_path):
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        lonely = build(tmp_path, parameters=TINY)
    finally:
        os.sched_setaffinity(0, allowed)
    shown = [content for kind, content in measured(lonely) if kind == "text/markdown"]
    assert shown[0] == (
        "Nothing was measured: real time takes two CPUs, one for the card and one for the host, and this "
        "process may use 1."
    )


def test_the_kernel_is_shown_or_what_it_needs(report):
    tables = [content for kind, content in measured(report) if kind == "text/html"]
    said = [content for kind, content in measured(report) if kind == "text/markdown"]
    able = {one.name: one.available for one in survey()}
    if able["tap"] and able["namespaces"]:
        assert "taken by the kernel" in tables[-1]
        assert "NET_RX" in tables[-1]
    else:
        assert any("Nothing was measured: " in sentence for sentence in said)


def test_a_cell_that_raises_is_told_in_one_line_and_nothing_is_written(tmp_path):
    source = tmp_path / "bad.py"
    source.write_text('# %% tags=["parameters"]\nx = 1\n\n# %%\nraise ValueError("no such queue")\n')
    with pytest.raises(NotebookError, match="ValueError: no such queue"):
        build(tmp_path / "out", source)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "page",
    [
        '<script src="https://x.example/a.js"></script>',
        "<link href='//x.example/a.css'>",
        "<style>@import 'a.css';</style>",
        "<style>a { background: url(https://x.example/a.png) }</style>",
        '<script type="module">import("https://x.example/a.js")</script>',
        '<a href="http://x.example/">x</a>',
    ],
)
def test_external_references_are_found(page):
    assert external_references(page)
