"""JupyterLab itself in a browser: run all of 2-explore, and turn a drop-down."""

import os
import re
import secrets
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import nbformat
import psutil
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Locator, Page, expect, sync_playwright

from kpi_lib.run.lab import COMMAND
from kpi_lib.workspace import Workspace

ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")

pytestmark = [pytest.mark.browser, pytest.mark.notebook]

if not CHROMIUM.exists():
    if os.environ.get("CI"):
        pytest.fail("no Chromium: apt-get install chromium", pytrace=False)
    pytest.skip("no Chromium: apt-get install chromium", allow_module_level=True)

SECONDS = 120
"""Until a cell ran: ten times what an idle machine takes for all of them."""

MOST = 25
"""Seconds that the kernel may take for all cells."""

NOTEBOOK = "lab/tree/notebooks/2-explore.ipynb"

OWN = (
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "JUPYTERLAB_SETTINGS_DIR",
    "JUPYTERLAB_WORKSPACES_DIR",
    "IPYTHONDIR",
)


class Lab(NamedTuple):
    """A JupyterLab at work: in which workspace, as which process, at which address."""

    place: Workspace
    process: subprocess.Popen[bytes]
    address: str


@pytest.fixture(scope="module")
def server(
    sample_place: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lab]:
    """A JupyterLab of its own on loopback."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(sample_place.root, folder / "team")
    place = Workspace(folder / "team")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [
                *COMMAND,
                *("--no-browser", "--ServerApp.ip=127.0.0.1"),
                *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
                f"--IdentityProvider.token={token}",
            ],
            cwd=place.root,
            env=os.environ
            | {"PYTHONPATH": str(ROOT)}
            | {name: str(folder / name) for name in OWN},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/api?token={token}", server)
            yield Lab(place, server, f"http://127.0.0.1:{port}/%s?reset&token={token}")
        finally:
            server.terminate()
            server.wait(timeout=30)


@pytest.fixture(scope="module")
def lab(server: Lab) -> str:
    """The form of an address in it."""
    return server.address


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    """Wait for the server's first answer."""
    for _ in range(SECONDS * 4):
        assert server.poll() is None, "JupyterLab ended"
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(0.25)
        else:
            return
    pytest.fail("JupyterLab does not answer")


@pytest.fixture(scope="module")
def page(lab: str) -> Iterator[Page]:
    """The notebook, opened and run to its end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.set_default_timeout(SECONDS * 1000)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(lab % NOTEBOOK)
        page.locator(".jp-Notebook .jp-Cell").first.click()
        # Cells that are run before there is a kernel are not run at all.
        kernel = page.locator(".jp-NotebookPanel .jp-Notebook-ExecutionIndicator")
        expect(kernel).to_have_attribute("data-status", "idle", timeout=SECONDS * 1000)
        run_all(page)
        # Run All ends at the last cell, which is drawn then: prose, after all code.
        last = cell(page, "to_csv(")
        expect(last.locator(".jp-InputPrompt")).to_have_text(
            re.compile(r"\[\d+\]:"), timeout=5 * SECONDS * 1000
        )
        yield page
        outside = [one for one in asked if one.startswith("http")]
        assert [one for one in outside if "//127.0.0.1" not in one] == []
        browser.close()


def run_all(page: Page) -> None:
    """Run all cells; again where nothing began: "idle" may come before the kernel."""
    first = page.locator(".jp-CodeCell .jp-InputPrompt").first
    for _ in range(10):
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        try:
            expect(first).not_to_have_text("[ ]:", timeout=SECONDS * 100)
        except AssertionError:
            continue
        return
    pytest.fail("Run All begins nothing")


def cell(page: Page, code: str) -> Locator:
    """Return the code cell that holds a piece of code, scrolled to."""
    return page.locator(".jp-CodeCell").filter(has_text=code)


def test_run_all_ends_without_an_error(page: Page) -> None:
    count = page.locator(".jp-CodeCell").count()
    prompts = page.locator(".jp-CodeCell > .jp-Cell-inputWrapper .jp-InputPrompt")

    assert prompts.all_text_contents() == [f"[{at}]:" for at in range(1, count + 1)]
    for kind in ("stderr", "error"):
        told = page.locator(f'[data-mime-type="application/vnd.jupyter.{kind}"]')
        assert told.all_text_contents() == []
    # Nothing to answer before one can work.
    assert page.locator(".Toastify__toast").count() == 0


def test_it_takes_less_than_half_a_minute(page: Page, server: Lab) -> None:
    """Of the kernel's processor: whoever else works counts not."""
    kernels = [
        process.cpu_times()
        for process in psutil.Process(server.process.pid).children(recursive=True)
        if "ipykernel_launcher" in " ".join(process.cmdline())
    ]

    assert len(kernels) == 1
    assert 1 < kernels[0].user + kernels[0].system < MOST


def test_a_chart_is_seen_and_follows_the_drop_down(page: Page) -> None:
    one = cell(page, "ask(questions.compare")
    one.scroll_into_view_if_needed()
    chart = one.locator("svg.chart")

    expect(chart).to_be_visible()
    expect(chart).to_contain_text("抖音")
    one.locator("select").nth(1).select_option(label="运营")
    expect(chart).to_contain_text("示例运营甲")
    expect(chart).not_to_contain_text("抖音")


def test_exported_offline_it_has_every_chart(page: Page, server: Lab) -> None:
    save(page)
    path = server.place.notebooks / "2-explore.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [output for cell in cells for output in cell.outputs]
    shown = [output["data"].get("text/html", "") for output in outputs]
    exported, _ = HTMLExporter().from_notebook_node(notebook)
    charts = sum(html.count("<svg") for html in shown)

    assert all(cell.execution_count for cell in cells)
    assert {one.output_type for one in outputs} <= {"execute_result", "display_data"}
    assert charts >= 20
    assert exported.count("<svg") == charts


def test_saved_and_opened_again_it_shows_what_was_chosen(page: Page, lab: str) -> None:
    charts = walked(page).count()
    save(page)
    # Tomorrow: no kernel knows of the notebook any more.
    for session in page.request.get(lab % "api/sessions").json():
        assert page.request.delete(lab % f"api/sessions/{session['id']}").ok
    page.goto(lab % NOTEBOOK)
    page.locator(".jp-Notebook svg.chart").first.wait_for()

    assert charts >= 20
    expect(walked(page)).to_have_count(charts)
    assert page.get_by_text("Error displaying widget").count() == 0
    compared = cell(page, "ask(questions.compare").locator("svg.chart")
    expect(compared).to_contain_text("示例运营甲")


def save(page: Page) -> None:
    page.keyboard.press("Control+s")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)


def walked(page: Page) -> Locator:
    """Return the notebook's charts, once every cell was scrolled to: others wait."""
    cells = page.locator(".jp-CodeCell")
    for at in range(cells.count()):
        cells.nth(at).scroll_into_view_if_needed()
        expect(cells.nth(at).locator(".jp-Cell-inputWrapper")).to_be_visible()
    return page.locator(".jp-Notebook svg.chart")
