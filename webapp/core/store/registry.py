"""Every table of the store, once: what is backed up, restored, rotated and shown when a seed is lost walks this list.

A table that is missing here fails the tests, and a sealed value that stands in a column which no table declares stops
the retirement of its key.
"""

from __future__ import annotations

from typing import Any

from peewee import Database, SqliteDatabase

from webapp.core.store.audit import AUDIT_KEY
from webapp.core.store.audit.models import AuditBookRow, AuditRow
from webapp.core.store.cluster.generated import place_of_generated
from webapp.core.store.cluster.mirrored import place_of_attributes, place_of_sentences
from webapp.core.store.cluster.models import ClusterChangeRow, ClusterCredentialRow, ClusterSecretRow, PublicationRow
from webapp.core.store.credentials import place_of_report, place_of_values
from webapp.core.store.declared import Role, SealedColumn, StoredTable
from webapp.core.store.envelope import FORMAT
from webapp.core.store.keyvalues import place_of_value
from webapp.core.store.logins.apps import place_of_app
from webapp.core.store.logins.flows import place_of_flow
from webapp.core.store.logins.models import AppRow, FlowRow, LoginRow
from webapp.core.store.logins.records import place_of_login
from webapp.core.store.models import (
    AccountRow,
    ApiTokenRow,
    AttemptRow,
    CredentialRow,
    LeaseRow,
    MasterKeyRow,
    SessionRow,
    ValueRow,
    place_of_proof,
)
from webapp.core.store.repositories import place_of_secret
from webapp.core.store.repositories.models import RepositoryRow
from webapp.core.store.sealing import place_of_identity
from webapp.core.store.sealing.models import SealingKeyRow
from webapp.core.store.ssh.connections import place_of_change
from webapp.core.store.ssh.entries import place_of_entry, place_of_test
from webapp.core.store.ssh.models import EntryRow, HostKeyChangeRow


def _kept_value(row: Any) -> bool:
    """Tell whether a small setting goes into a backup: what marks the audit does, what a running app makes does not."""
    return str(row["id"]).startswith(AUDIT_KEY)


TEXTS = ("text", "varchar", "char")
"""What the types of columns that can hold a sealed value have in their names."""

TABLES: tuple[StoredTable, ...] = (
    StoredTable(
        CredentialRow,
        Role.CONTENT,
        sealed=(
            SealedColumn("sealed", place_of_values, ("id", "sealed_version")),
            SealedColumn("report", place_of_report, what="the report of the last check"),
        ),
        label="credential",
        unique=("name_key",),
    ),
    StoredTable(
        RepositoryRow,
        Role.CONTENT,
        sealed=(SealedColumn("sealed", place_of_secret, what="the repository's secret"),),
        label="repository",
        unique=("credential", "name", "secret"),
        parent=("credential", "credential"),
    ),
    StoredTable(
        AppRow,
        Role.CONTENT,
        sealed=(SealedColumn("sealed", place_of_app, what="the client's id and secret"),),
        label="OAuth app",
        title="id",
    ),
    StoredTable(
        EntryRow,
        Role.CONTENT,
        sealed=(
            SealedColumn("sealed", place_of_entry, ("id", "sealed_version"), what="the keys or the connection"),
            SealedColumn("report", place_of_test, what="the report of the last test"),
        ),
        label="SSH",
        kinds="kind",
        unique=("name_key",),
    ),
    StoredTable(
        HostKeyChangeRow,
        Role.HISTORY,
        sealed=(SealedColumn("sealed", place_of_change, what="the host keys"),),
        label="changed host key",
    ),
    StoredTable(
        PublicationRow,
        Role.CONTENT,
        label="publication",
        title="pattern",
        unique=("credential", "pattern"),
        parent=("credential", "credential"),
    ),
    StoredTable(
        ClusterSecretRow,
        Role.CONTENT,
        sealed=(SealedColumn("sealed", place_of_generated, what="the repository's secret"),),
        label="generated secret of a resource",
        title="repository",
        unique=("namespace", "name", "repository", "option"),
    ),
    StoredTable(
        SealingKeyRow,
        Role.CONTENT,
        sealed=(SealedColumn("sealed", place_of_identity, what="the private half of the key"),),
        label="sealing key",
        title="id",
    ),
    StoredTable(AccountRow, Role.CONTENT, label="account", unique=("name_key",), secret=("password",)),
    StoredTable(
        ValueRow, Role.HISTORY, sealed=(SealedColumn("value", place_of_value),), label="setting", kept=_kept_value
    ),
    StoredTable(AuditBookRow, Role.HISTORY, label="audit"),
    StoredTable(AuditRow, Role.HISTORY, label="audit entry", key=("book", "number")),
    StoredTable(MasterKeyRow, Role.HERE, sealed=(SealedColumn("proof", place_of_proof),), label="key", pinned=True),
    StoredTable(FlowRow, Role.HERE, sealed=(SealedColumn("sealed", place_of_flow, ("id", "session", "provider")),)),
    StoredTable(LoginRow, Role.HERE, sealed=(SealedColumn("sealed", place_of_login, what="the account's name"),)),
    StoredTable(
        ClusterCredentialRow,
        Role.HERE,
        sealed=(
            SealedColumn("sealed", place_of_attributes),
            SealedColumn("report", place_of_sentences, what="what the operator said"),
        ),
    ),
    StoredTable(ClusterChangeRow, Role.HERE),
    StoredTable(SessionRow, Role.HERE),
    StoredTable(ApiTokenRow, Role.HERE),
    StoredTable(AttemptRow, Role.HERE),
    StoredTable(LeaseRow, Role.HERE),
)
"""In an order in which rows can be restored: a parent before its children."""

NOT_OURS = frozenset({"migration"})
"""The runner of the migrations keeps its own record."""


def sealed_in(database: Database, start: str = f"{FORMAT}.") -> dict[tuple[str, str], int]:
    """Count the sealed values in every column of every table, declared or not.

    Args:
        database: Where to look.
        start: What the values begin with; the id of a key in it counts that key's values.
    """
    found: dict[tuple[str, str], int] = {}
    for table in database.get_tables():
        for column in database.get_columns(table):
            if not any(text in column.data_type.lower() for text in TEXTS):
                continue
            query = f'SELECT COUNT(*) FROM "{table}" WHERE "{column.name}" LIKE {{}}'  # noqa: S608  names of the schema
            mark = "?" if isinstance(database, SqliteDatabase) else "%s"
            (count,) = database.execute_sql(query.format(mark), (start + "%",)).fetchone()
            found |= {(table, column.name): count} if count else {}
    return found


def declared_columns() -> frozenset[tuple[str, str]]:
    """Return table and column of everything that is declared as sealed."""
    return frozenset((table.name, column.name) for table in TABLES for column in table.sealed)
