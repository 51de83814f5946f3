"""The tables of log-ins. Private to the store."""

from __future__ import annotations

from peewee import BooleanField, CharField, IntegerField, Model, TextField


class AppRow(Model):
    """An OAuth app of the person's own; the id is the provider. Its secret is sealed."""

    id = CharField(primary_key=True)
    client_id = TextField()
    sealed = TextField()
    changed = TextField()
    changed_by = TextField()

    class Meta:
        """The table's name."""

        table_name = "oauth_app"


class FlowRow(Model):
    """A log-in under way; the id is the SHA-256 of its state, everything of it sealed."""

    id = CharField(primary_key=True)
    session = CharField()
    provider = CharField()
    sealed = TextField()
    created = TextField()

    class Meta:
        """The table's name."""

        table_name = "oauth_flow"


class LoginRow(Model):
    """What is known of a credential's log-in; the id is the credential's. Account and old token are sealed."""

    id = CharField(primary_key=True)
    sealed = TextField()
    needs_login = BooleanField()
    error = TextField()
    tries = IntegerField()
    refreshed = TextField()
    due = TextField()
    ends = TextField()
    chain_from = IntegerField()
    chain_to = IntegerField()

    class Meta:
        """The table's name."""

        table_name = "login"
