"""The tables of SSH keypairs and connections. Private to the store."""

from __future__ import annotations

from peewee import BooleanField, CharField, IntegerField, Model, TextField


class EntryRow(Model):
    """A keypair or a connection: both in one table, so that one name is never given to two of them.

    Names, states and dates are in the clear, and which keypair a connection uses; everything else is sealed.
    """

    id = CharField(primary_key=True)
    kind = CharField()
    name = TextField()
    name_key = TextField(unique=True)
    keypair = CharField(default="")
    sealed = TextField()
    sealed_version = IntegerField()
    version = IntegerField()
    created = TextField()
    changed = TextField()
    changed_by = TextField()
    state = TextField(default="")
    state_since = TextField(default="")
    previous_state = TextField(default="")
    checked = TextField(default="")
    seen = BooleanField(default=True)
    host_key = TextField(default="")
    report = TextField(default="")

    class Meta:
        """The table's name."""

        table_name = "ssh_entry"


class HostKeyChangeRow(Model):
    """A changed host key that a person accepted, with the old and the new keys sealed."""

    id = CharField(primary_key=True)
    subject = CharField()
    made = TextField()
    made_by = TextField()
    sealed = TextField()

    class Meta:
        """The table's name."""

        table_name = "ssh_host_key_change"
