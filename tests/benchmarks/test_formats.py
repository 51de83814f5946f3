"""How long a credential takes to be put into each format, and an import of 1,000 remotes beside bare parsing."""

from __future__ import annotations

import configparser
import sqlite3
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from benchmarks.table import ROWS, Row
from formats import samples

from webapp.core.formats import FORMATS, render
from webapp.core.imports import carry_out, plan, read
from webapp.core.service import CredentialService
from webapp.core.store import KeyRing, open_store

REMOTES = 1000
pytestmark = pytest.mark.benchmark


def median(call: Callable[[], object], times: int = 60) -> float:
    found: list[float] = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        found.append(time.perf_counter() - began)
    return statistics.median(found)


def test_every_format_is_rendered_within_a_millisecond() -> None:
    slow: dict[str, float] = {}
    for key, listed in FORMATS.items():
        for provider in listed.providers:
            source, options = samples.source(provider, key), samples.options(key)
            slow[key] = max(slow.get(key, 0), median(lambda: render(key, source, options)))  # noqa: B023  called at once
    print("\n" + "\n".join(f"{key}: {seconds * 1e6:.0f} µs" for key, seconds in slow.items()))  # noqa: T201
    slowest = max(slow, key=lambda key: slow[key])
    ROWS.append(
        Row(f"render the slowest format ({slowest}), median; beside a millisecond", slow[slowest], 0.001, "≤ 1 times")
    )


def test_an_import_of_a_thousand_remotes_beside_bare_parsing(tmp_path: Path) -> None:
    section = (
        "[s{n}]\ntype = s3\nprovider = Other\naccess_key_id = k{n}\nsecret_access_key = s\nendpoint = https://h/\n"
    )
    text = "".join(section.format(n=number) for number in range(REMOTES))
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}", KeyRing.from_file(tmp_path / "seed", create=True))
    steps: list[tuple[int, int]] = []
    began = time.perf_counter()
    kind, found = read(text.encode())
    planned = plan(kind, found, frozenset())
    service = CredentialService(store, lambda: pytest.fail("nothing is verified"))
    count = carry_out(planned, service, by="test", progress=lambda done, total: steps.append((done, total)))
    ours = time.perf_counter() - began
    bare = bare_import(text, tmp_path / "bare.db")
    ROWS.append(Row(f"import {REMOTES:,} remotes beside configparser and one transaction", ours, bare, "told"))
    assert count == store.credentials.count() == REMOTES
    assert steps[-1] == (REMOTES, REMOTES)
    store.close()


def bare_import(text: str, path: Path) -> float:
    """Parse with configparser and write plain rows in one transaction; return the seconds."""
    began = time.perf_counter()
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    database = sqlite3.connect(path)
    with database:
        database.execute("CREATE TABLE remote (name TEXT, options TEXT)")
        rows = [(name, str(dict(parser.items(name)))) for name in parser.sections()]
        database.executemany("INSERT INTO remote VALUES (?, ?)", rows)
    database.close()
    return time.perf_counter() - began
