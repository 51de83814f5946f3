"""Cluster credentials, publications, sealing keys. Plain SQL that SQLite and PostgreSQL both read."""

from __future__ import annotations

from peewee import Database

STATEMENTS = (
    """CREATE TABLE cluster_credential (
        id VARCHAR(320) PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL, provider TEXT NOT NULL,
        stored TEXT NOT NULL, ready TEXT NOT NULL, reason TEXT NOT NULL, verified TEXT NOT NULL, checked TEXT NOT NULL,
        outputs TEXT NOT NULL, sealed TEXT NOT NULL, report TEXT NOT NULL, facts_digest TEXT NOT NULL,
        values_digest TEXT NOT NULL, first_seen TEXT NOT NULL, changed TEXT NOT NULL, change BIGINT NOT NULL)""",
    "CREATE INDEX cluster_credential_name ON cluster_credential (name, namespace)",
    "CREATE INDEX cluster_credential_stored ON cluster_credential (stored)",
    "CREATE TABLE cluster_change (id VARCHAR(64) PRIMARY KEY, number BIGINT NOT NULL)",
    """CREATE TABLE publication (
        id VARCHAR(36) PRIMARY KEY, credential VARCHAR(36) NOT NULL, pattern TEXT NOT NULL, created TEXT NOT NULL,
        created_by TEXT NOT NULL, UNIQUE (credential, pattern))""",
    """CREATE TABLE cluster_secret (
        id VARCHAR(36) PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL, repository TEXT NOT NULL,
        option TEXT NOT NULL, sealed TEXT NOT NULL, created TEXT NOT NULL, UNIQUE (namespace, name, repository, option))""",
    """CREATE TABLE sealing_key (
        id VARCHAR(100) PRIMARY KEY, sealed TEXT NOT NULL, created TEXT NOT NULL,
        created_by TEXT NOT NULL)""",
)


def run(database: Database) -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
