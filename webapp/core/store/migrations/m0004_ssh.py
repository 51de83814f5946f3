"""SSH keypairs and connections. Plain SQL that SQLite and PostgreSQL both read, so that it never changes with the models."""

from __future__ import annotations

from peewee import Database

STATEMENTS = (
    """CREATE TABLE ssh_entry (
        id VARCHAR(36) PRIMARY KEY, kind VARCHAR(16) NOT NULL, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE,
        keypair VARCHAR(36) NOT NULL, sealed TEXT NOT NULL, sealed_version INTEGER NOT NULL, version INTEGER NOT NULL,
        created TEXT NOT NULL, changed TEXT NOT NULL, changed_by TEXT NOT NULL,
        state TEXT NOT NULL, state_since TEXT NOT NULL, previous_state TEXT NOT NULL, checked TEXT NOT NULL,
        seen BOOLEAN NOT NULL, host_key TEXT NOT NULL, report TEXT NOT NULL)""",
    "CREATE INDEX ssh_entry_kind ON ssh_entry (kind, name_key)",
    "CREATE INDEX ssh_entry_keypair ON ssh_entry (keypair)",
    "CREATE INDEX ssh_entry_checked ON ssh_entry (kind, checked)",
    """CREATE TABLE ssh_host_key_change (
        id VARCHAR(36) PRIMARY KEY, subject VARCHAR(36) NOT NULL, made TEXT NOT NULL, made_by TEXT NOT NULL,
        sealed TEXT NOT NULL)""",
    "CREATE INDEX ssh_host_key_change_subject ON ssh_host_key_change (subject, made)",
)


def run(database: Database) -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
