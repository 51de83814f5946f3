"""The audit, and master keys that are waited for. Plain SQL that SQLite and PostgreSQL both read."""

from __future__ import annotations

import secrets

from peewee import Database

STATEMENTS = (
    """CREATE TABLE audit_book (
        id VARCHAR(32) PRIMARY KEY, number BIGINT NOT NULL, chain TEXT NOT NULL,
        base_number BIGINT NOT NULL, base_chain TEXT NOT NULL, base_mark TEXT NOT NULL, own BOOLEAN NOT NULL)""",
    """CREATE TABLE audit (
        book VARCHAR(32) NOT NULL, number BIGINT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL, origin TEXT NOT NULL,
        action TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, name TEXT NOT NULL, outcome TEXT NOT NULL,
        detail TEXT NOT NULL, chain TEXT NOT NULL, mark TEXT NOT NULL, PRIMARY KEY (book, number))""",
    "CREATE INDEX audit_at ON audit (at)",
    "CREATE INDEX audit_action ON audit (action, at)",
    "CREATE INDEX audit_subject ON audit (subject)",
    "ALTER TABLE master_key ADD COLUMN awaited BOOLEAN NOT NULL DEFAULT FALSE",
    "ALTER TABLE master_key ADD COLUMN replaced TEXT NOT NULL DEFAULT ''",
)


def run(database: Database) -> None:
    """Make the tables and this installation's own book."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
    book = secrets.token_hex(16)
    database.execute_sql(
        "INSERT INTO audit_book (id, number, chain, base_number, base_chain, base_mark, own) "  # noqa: S608  our own id
        f"VALUES ('{book}', 0, '', 0, '', '', TRUE)"
    )
