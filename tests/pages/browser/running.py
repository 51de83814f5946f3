"""The program as people meet it: one that runs, and a real browser that visits it."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, expect

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
NAME, PASSWORD = "admin", "correct horse battery"
STARTED, STEP = 60, 20_000
"""Seconds in which the program has started, and milliseconds for a step of a page. A machine with other work is slow."""
expect.set_options(timeout=STEP)


class Site:
    """The program, serving one data folder; `environment` stands over the test's own."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.environment = dict(environment or {})
        self.address = self.code = ""
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("BACKUP_CREDENTIALS_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "webapp", "serve", "--port", "0", "--data-dir", str(self.folder)],
            env=environment | {"BACKUP_CREDENTIALS_REVERIFY_HOURS": "0"} | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, args=(self._process, lines), daemon=True).start()
        until = time.monotonic() + STARTED
        while time.monotonic() < until:
            with contextlib.suppress(queue.Empty):
                line = lines.get(timeout=0.1)
                if " is at " in line:
                    self.address = line.rpartition(" ")[2].rstrip("/")
                if "one-time code" in line:
                    self.code = line.rpartition(" ")[2]
                if "Ctrl-C" in line:
                    return
        raise AssertionError("the program did not start")

    @staticmethod
    def _read(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
        assert process.stdout
        with contextlib.suppress(ValueError):  # closed by stop()
            for line in process.stdout:
                lines.put(line.strip())

    def kill(self) -> None:
        """End it as a power failure does, with no chance to tidy up."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        if self._process:
            self._process.send_signal(number)
            self._process.wait(20)
            assert self._process.stdout
            self._process.stdout.close()
            self._process = None


@contextlib.contextmanager
def opened(chromium: Browser, cookies: list[dict[str, object]], **options: object) -> Iterator[Page]:
    """Open a page that fails the test on any complaint of the browser."""
    context: BrowserContext = chromium.new_context(**options)  # pyright: ignore[reportArgumentType]  as above
    context.add_cookies(cookies)  # pyright: ignore[reportArgumentType]  as above
    context.set_default_timeout(STEP)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if is_complaint(message.text) else None)
    yield page
    context.close()
    assert not complaints


def is_complaint(text: str) -> bool:
    """Tell whether the browser found something wrong; answers with 4xx are part of some tests."""
    return "Content Security Policy" in text or "htmx" in text.lower() or "Uncaught" in text


def fill(page: Page, values: dict[str, str], name: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    for key, value in values.items():
        control = page.locator(f"#field-{key}")
        if control.evaluate("node => node.tagName") == "SELECT":
            with page.expect_response(re.compile("/fields")) if control.get_attribute("hx-post") else quiet():
                control.select_option(value)
        else:
            control.fill(value)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    yield


def add(page: Page, site: Site, provider: str, values: dict[str, str], name: str) -> None:
    page.goto(f"{site.address}/cloud-credentials/add?provider={provider}")
    fill(page, values, name)
    page.get_by_role("button", name="Verify Credential").click()
    expect(page.locator(".result.good")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name=name, exact=True).first).to_be_visible()


def findings(page: Page, axe: Path) -> None:
    """Fail on anything that axe finds on this page."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.add_script_tag(path=axe)
    found = page.evaluate("axe.run().then(done => done.violations.map(v => v.id + ': ' + v.nodes[0].html))")
    assert not found, page.url


def reach(page: Page, wanted: str) -> None:
    """Press Tab until something with this id or text has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted in page.evaluate(
            "[document.activeElement.id, document.activeElement.textContent.trim().replace(/\\s+/g, ' ')]"
        ):
            return
    raise AssertionError(f"{wanted} cannot be reached")
