"""The first schema. Plain SQL that SQLite and PostgreSQL both read, so that it never changes with the models."""

from __future__ import annotations

from peewee import Database

STATEMENTS = (
    """CREATE TABLE credential (
        id VARCHAR(36) PRIMARY KEY, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE, provider TEXT NOT NULL,
        sealed TEXT NOT NULL, sealed_version INTEGER NOT NULL, version INTEGER NOT NULL,
        created TEXT NOT NULL, changed TEXT NOT NULL, changed_by TEXT NOT NULL, secret_dates TEXT NOT NULL,
        state TEXT NOT NULL, state_since TEXT NOT NULL, previous_state TEXT NOT NULL, checked TEXT NOT NULL,
        seen BOOLEAN NOT NULL, report TEXT NOT NULL)""",
    "CREATE INDEX credential_provider ON credential (provider)",
    "CREATE INDEX credential_state ON credential (state, name_key)",
    "CREATE INDEX credential_checked ON credential (checked)",
    "CREATE INDEX credential_changed ON credential (changed)",
    "CREATE TABLE master_key (id VARCHAR(64) PRIMARY KEY, proof TEXT NOT NULL, created TEXT NOT NULL)",
    """CREATE TABLE account (
        id VARCHAR(36) PRIMARY KEY, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE, password TEXT NOT NULL,
        created TEXT NOT NULL)""",
    """CREATE TABLE session (
        id VARCHAR(64) PRIMARY KEY, account TEXT NOT NULL, started TEXT NOT NULL, seen TEXT NOT NULL,
        user_agent TEXT NOT NULL, address TEXT NOT NULL)""",
    "CREATE INDEX session_account ON session (account)",
    "CREATE TABLE attempt (id VARCHAR(255) PRIMARY KEY, failures INTEGER NOT NULL, last TEXT NOT NULL)",
    "CREATE TABLE lease (id VARCHAR(255) PRIMARY KEY, owner TEXT NOT NULL, until DOUBLE PRECISION NOT NULL)",
    "CREATE TABLE value (id VARCHAR(255) PRIMARY KEY, value TEXT NOT NULL, sealed BOOLEAN NOT NULL)",
)


def run(database: Database) -> None:
    """Make all tables."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
