"""The tables of the audit. Private to the store."""

from __future__ import annotations

from peewee import BooleanField, CharField, CompositeKey, IntegerField, Model, TextField


class AuditBookRow(Model):
    """A chain of entries: this installation's own one, or one that came with a restored backup.

    `number` and `chain` are those of the last entry; `base_*` those of the last one that was cleared away for its age.
    """

    id = CharField(primary_key=True)
    number = IntegerField()
    chain = TextField()
    base_number = IntegerField()
    base_chain = TextField()
    base_mark = TextField()
    own = BooleanField()

    class Meta:
        """The table's name."""

        table_name = "audit_book"


class AuditRow(Model):
    """One entry; everything in the clear, so there is never a value in it."""

    book = CharField()
    number = IntegerField()
    at = TextField()
    who = TextField()
    origin = TextField()
    action = TextField()
    kind = TextField()
    subject = TextField()
    name = TextField()
    outcome = TextField()
    detail = TextField()
    chain = TextField()
    mark = TextField()

    class Meta:
        """The table's name and key."""

        table_name = "audit"
        primary_key = CompositeKey("book", "number")
