"""Saving a credential beside one plain transaction of SQLite with the same durability."""

from __future__ import annotations

import sqlite3
import uuid
from pathlib import Path

import pytest
from benchmarks.table import ROWS, Row, in_turns, percentile

from webapp.core.service import CredentialService
from webapp.core.store import KeyRing, open_store

pytestmark = pytest.mark.benchmark
VALUES = {
    "provider": "AWS",
    "access_key_id": "AKIDMADEUP",
    "secret_access_key": "made-up-for-this",
    "region": "eu-central-1",
}


def test_saving_a_credential(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/ours.db", KeyRing.from_file(tmp_path / "seed", create=True))
    service = CredentialService(store, lambda: pytest.fail("nothing is verified"))
    plain = sqlite3.connect(tmp_path / "plain.db", isolation_level=None, check_same_thread=False)
    plain.executescript(
        "PRAGMA journal_mode=wal; PRAGMA synchronous=full; CREATE TABLE t (id TEXT PRIMARY KEY, v TEXT)"
    )

    def one() -> None:
        plain.execute("BEGIN IMMEDIATE")
        plain.execute("INSERT INTO t VALUES (?, ?)", (str(uuid.uuid4()), "x" * 600))
        plain.execute("COMMIT")

    ours, bare = in_turns(lambda: service.add(f"Credential {uuid.uuid4()}", "S3", VALUES, by="admin"), one, 200)
    ROWS.append(
        Row("save a credential beside a bare transaction, p50", percentile(ours, 50), percentile(bare, 50), "≤ 3 times")
    )
    assert store.credentials.count() == 202
    plain.close()
    store.close()
