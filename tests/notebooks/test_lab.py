"""`rxbench lab` in a browser: a notebook opens, runs, is changed, runs again; nothing leaves this machine."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest

from collectors.doctor.programs import BROWSERS
from collectors.report.notebook import FOLDER
from tests.notebooks.test_notebooks import TINY

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
CAPTURE = ROOT / "datasets/captures/first_light/first_light.pcap"
CHANGED = TINY | {"cpus": 8, "flows": 256, "capture": str(CAPTURE)}
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
)


def settings(folder):
    """A user's set-up of this test alone. CI is root, which Jupyter refuses unless it is told."""
    (folder / "jupyter_server_config.json").write_text(json.dumps({"ServerApp": {"allow_root": True}}))
    (folder / "jupyter_lab_config.json").write_text(json.dumps({"LabApp": {"expose_app_in_browser": True}}))
    news = folder / "lab/user-settings/@jupyterlab/apputils-extension"
    news.mkdir(parents=True)
    silent = {"fetchNews": "false", "checkForUpdates": False}
    (news / "notification.jupyterlab-settings").write_text(json.dumps(silent))


@pytest.fixture
def lab(tmp_path):
    """The address of a server that `rxbench lab` started on a copy of the notebooks."""
    notebooks = tmp_path / "notebooks"
    shutil.copytree(FOLDER, notebooks, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    private = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
        "MPLCONFIGDIR": "matplotlib",
    }
    for name in private.values():
        (tmp_path / name).mkdir()
    settings(tmp_path / "config")
    environment = os.environ | {name: str(tmp_path / folder) for name, folder in private.items()}
    environment["PYTHONPATH"] = str(ROOT)
    program = "from collectors.cli.app import app; app()"
    # The kernels' sockets lie there, and a socket's path is short.
    runtime = Path(tempfile.mkdtemp(prefix="lab-"))
    environment["JUPYTER_RUNTIME_DIR"] = str(runtime)
    log = tmp_path / "log"
    with log.open("w") as said:
        server = subprocess.Popen(
            [sys.executable, "-c", program, "lab", str(notebooks), "--port", "0", "--no-browser"],
            env=environment,
            stdout=said,
            stderr=said,
        )
    try:
        yield reachable(server, runtime, log)
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(runtime)


def reachable(server, runtime, log):
    deadline = time.monotonic() + 120
    while True:
        for path in runtime.glob("jpserver-*.json"):
            try:
                running = json.loads(path.read_text())
                urllib.request.urlopen(f"{running['url']}api", timeout=5)
            except (OSError, ValueError):
                continue  # half-written, or not listening yet
            return running
        assert server.poll() is None, log.read_text()[-2000:]
        assert time.monotonic() < deadline, log.read_text()[-2000:]
        time.sleep(0.2)


@pytest.fixture
def page():
    """A page of a browser that notes its errors and every request to somewhere else."""
    from playwright.sync_api import sync_playwright

    executable = next(found for name in BROWSERS if (found := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(QUIET))
        page = browser.new_page(viewport={"width": 1300, "height": 1000})
        page.set_default_timeout(120_000)
        page.faults, page.elsewhere = [], []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("request", lambda one: page.elsewhere.append(one.url) if leaves(one.url) else None)
        yield page
        browser.close()


def leaves(url):
    return url.startswith(("http:", "https:", "ws:", "wss:")) and "//127.0.0.1:" not in url


def opened(page, server, path):
    """The notebook's panel, its kernel ready."""
    page.goto(f"{server['url']}lab?reset&token={server['token']}")
    page.wait_for_function("() => window.jupyterapp?.started !== undefined")
    page.evaluate("window.jupyterapp.started")
    page.evaluate(
        "path => window.jupyterapp.commands.execute('docmanager:open',"
        " {path, factory: 'Notebook', kernel: {name: 'python3'}})",
        path,
    )
    panel = page.locator(".jp-NotebookPanel:visible")
    ready(panel)
    return panel


def ready(panel):
    panel.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(state="attached")


def run_all(page, panel):
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    ready(panel)
    errors = panel.locator('[data-mime-type*="error"], [data-mime-type*="stderr"]')
    assert errors.all_text_contents() == []


def rewrite(page, panel, holding, text):
    """Type another content into the cell that holds a text."""
    panel.locator(".jp-CodeCell .cm-content", has_text=holding).first.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def pictures(panel):
    """Widths in pixels of what is drawn; 0 where a picture is broken."""
    images = panel.locator(".jp-OutputArea-output img")
    return [image.evaluate("one => one.naturalWidth") for image in images.all()]


def test_a_notebook_runs_is_changed_and_runs_again(page, lab):
    panel = opened(page, lab, "00_tour.ipynb")
    run_all(page, panel)
    setting = panel.locator(".jp-OutputArea-output tr", has_text="nic.queues").first
    assert (setting.text_content() or "").split()[-1].endswith("4")
    assert pictures(panel)
    rewrite(page, panel, "duration_us =", "frame = 7\nduration_us = 300.0\nqueues = 2\nseed = 3")
    run_all(page, panel)
    assert (setting.text_content() or "").split()[-1].endswith("2")
    assert min(pictures(panel)) > 200
    assert page.faults == []
    assert page.elsewhere == []


def test_the_report_runs_with_other_parameters(page, lab):
    panel = opened(page, lab, "10gbe_report.ipynb")
    rewrite(page, panel, "repeats =", "\n".join(f"{name} = {value!r}" for name, value in CHANGED.items()))
    run_all(page, panel)
    assert len(pictures(panel)) >= 4
    assert min(pictures(panel)) > 200
    assert page.faults == []
    assert page.elsewhere == []
