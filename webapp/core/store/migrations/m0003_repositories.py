"""Secrets of repositories. Plain SQL that SQLite and PostgreSQL both read, so that it never changes with the models."""

from __future__ import annotations

from peewee import Database

STATEMENTS = (
    """CREATE TABLE repository (
        id VARCHAR(36) PRIMARY KEY, credential VARCHAR(36) NOT NULL, name TEXT NOT NULL, secret TEXT NOT NULL,
        sealed TEXT NOT NULL, generated BOOLEAN NOT NULL, created TEXT NOT NULL, created_by TEXT NOT NULL,
        UNIQUE (credential, name, secret))""",
)


def run(database: Database) -> None:
    """Make the table."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
