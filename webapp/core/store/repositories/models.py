"""The table of repositories' secrets. Private to the store."""

from __future__ import annotations

from peewee import BooleanField, CharField, Model, TextField


class RepositoryRow(Model):
    """One secret of a repository that a credential leads to; names and dates in the clear, the secret sealed."""

    id = CharField(primary_key=True)
    credential = CharField()
    name = TextField()
    secret = TextField()
    sealed = TextField()
    generated = BooleanField()
    created = TextField()
    created_by = TextField()

    class Meta:
        """The table's name."""

        table_name = "repository"
