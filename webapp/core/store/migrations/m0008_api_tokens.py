"""Tokens of the JSON API. Plain SQL that SQLite and PostgreSQL both read."""

from __future__ import annotations

from peewee import Database

STATEMENTS = (
    """CREATE TABLE api_token (
        id VARCHAR(64) PRIMARY KEY, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL,
        created TEXT NOT NULL, created_by TEXT NOT NULL, expires TEXT NOT NULL, used TEXT NOT NULL)""",
)


def run(database: Database) -> None:
    """Make the table."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
