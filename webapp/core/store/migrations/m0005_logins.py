"""Log-ins at providers. Plain SQL that SQLite and PostgreSQL both read, so that it never changes with the models."""

from __future__ import annotations

from peewee import Database

STATEMENTS = (
    """CREATE TABLE oauth_app (
        id VARCHAR(40) PRIMARY KEY, client_id TEXT NOT NULL, sealed TEXT NOT NULL, changed TEXT NOT NULL,
        changed_by TEXT NOT NULL)""",
    """CREATE TABLE oauth_flow (
        id VARCHAR(64) PRIMARY KEY, session VARCHAR(64) NOT NULL, provider VARCHAR(40) NOT NULL, sealed TEXT NOT NULL,
        created TEXT NOT NULL)""",
    "CREATE INDEX oauth_flow_session ON oauth_flow (session, provider)",
    """CREATE TABLE login (
        id VARCHAR(36) PRIMARY KEY, sealed TEXT NOT NULL, needs_login BOOLEAN NOT NULL, error TEXT NOT NULL,
        tries INTEGER NOT NULL, refreshed TEXT NOT NULL, due TEXT NOT NULL, ends TEXT NOT NULL,
        chain_from INTEGER NOT NULL, chain_to INTEGER NOT NULL)""",
    "CREATE INDEX login_due ON login (needs_login, due)",
)


def run(database: Database) -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
