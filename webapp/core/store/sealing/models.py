"""The table of sealing keys. Private to the store."""

from __future__ import annotations

from peewee import CharField, Model, TextField


class SealingKeyRow(Model):
    """One key: the public half in the clear and as its id, the private half sealed."""

    id = CharField(primary_key=True)
    sealed = TextField()
    created = TextField()
    created_by = TextField()

    class Meta:
        """The table's name."""

        table_name = "sealing_key"
