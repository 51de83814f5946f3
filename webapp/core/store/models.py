"""The tables, bound to one database. Private to the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar, cast

from peewee import (
    BooleanField,
    CharField,
    Database,
    FloatField,
    IntegerField,
    Model,
    TextField,
    __exception_wrapper__,  # pyright: ignore[reportAttributeAccessIssue]  what Peewee itself raises its own errors with
)

from webapp.core.store.envelope import Place

T = TypeVar("T", bound=Model)


def now() -> datetime:
    """Return the time now, aware, in UTC."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """Return a time as it is stored: ISO 8601 in UTC with microseconds, so that text order is time order."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def moment(stored: str) -> datetime:
    """Return a stored time."""
    return datetime.fromisoformat(stored).replace(tzinfo=UTC)


class CredentialRow(Model):
    """A credential: names, types, states and dates in the clear, everything else sealed."""

    id = CharField(primary_key=True)
    name = TextField()
    name_key = TextField(unique=True)
    provider = TextField()
    sealed = TextField()
    sealed_version = IntegerField()
    version = IntegerField()
    created = TextField()
    changed = TextField()
    changed_by = TextField()
    secret_dates = TextField(default="{}")
    state = TextField(default="")
    state_since = TextField(default="")
    previous_state = TextField(default="")
    checked = TextField(default="")
    seen = BooleanField(default=True)
    report = TextField(default="")

    class Meta:
        """The table's name."""

        table_name = "credential"


class MasterKeyRow(Model):
    """A master key by id, with a value sealed by it to tell the right key from a wrong one.

    One that is `awaited` came with restored records, or was given up as lost: without it those records wait, and the
    store is open all the same. `replaced` is when another key became the primary one.
    """

    id = CharField(primary_key=True)
    proof = TextField()
    created = TextField()
    awaited = BooleanField(default=False)
    replaced = TextField(default="")

    class Meta:
        """The table's name."""

        table_name = "master_key"


def place_of_proof(row: Mapping[str, Any]) -> Place:
    """Return where the proof of a master key stands."""
    return Place("master_key", row["id"], "proof", 0)


class AccountRow(Model):
    """A person who may log in."""

    id = CharField(primary_key=True)
    name = TextField()
    name_key = TextField(unique=True)
    password = TextField()
    created = TextField()

    class Meta:
        """The table's name."""

        table_name = "account"


class SessionRow(Model):
    """A log-in; the id is the SHA-256 of the token that the browser holds."""

    id = CharField(primary_key=True)
    account = TextField(index=True)
    started = TextField()
    seen = TextField()
    user_agent = TextField()
    address = TextField()

    class Meta:
        """The table's name."""

        table_name = "session"


class ApiTokenRow(Model):
    """A token of the JSON API; the id is the SHA-256 of what the program holds. An empty end is none."""

    id = CharField(primary_key=True)
    name = TextField()
    name_key = TextField(unique=True)
    scopes = TextField()
    created = TextField()
    created_by = TextField()
    expires = TextField()
    used = TextField()

    class Meta:
        """The table's name."""

        table_name = "api_token"


class AttemptRow(Model):
    """Failed log-ins of an account or from an address."""

    id = CharField(primary_key=True)
    failures = IntegerField()
    last = TextField()

    class Meta:
        """The table's name."""

        table_name = "attempt"


class LeaseRow(Model):
    """A lock that several processes share; it ends by itself."""

    id = CharField(primary_key=True)
    owner = TextField()
    until = FloatField()

    class Meta:
        """The table's name."""

        table_name = "lease"


class ValueRow(Model):
    """A small setting by key; sealed when it is a secret."""

    id = CharField(primary_key=True)
    value = TextField()
    sealed = BooleanField()

    class Meta:
        """The table's name."""

        table_name = "value"


class Tables:
    """The tables of one database; a second store in the same process has its own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.credential = bound(CredentialRow, database)
        self.master_key = bound(MasterKeyRow, database)
        self.account = bound(AccountRow, database)
        self.session = bound(SessionRow, database)
        self.api_token = bound(ApiTokenRow, database)
        self.attempt = bound(AttemptRow, database)
        self.lease = bound(LeaseRow, database)
        self.value = bound(ValueRow, database)


def bound(model: type[T], database: Database) -> type[T]:
    """Return a copy of a model that asks this database; a feature of the store binds its own tables with it."""
    meta: Any = type("Meta", (), {"database": database, "table_name": cast("Any", model)._meta.table_name})  # noqa: SLF001
    return cast("type[T]", type(model.__name__, (model,), {"Meta": meta}))


@lru_cache(maxsize=64)
def _insert_one(model: Any) -> str:
    """Return the statement that inserts a row: putting it together takes longer than running it."""
    fields = model._meta.sorted_fields  # noqa: SLF001  Peewee's documented place for it
    return model.insert_many([[None] * len(fields)], fields=fields).sql()[0]


def insert_all(model: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows with one statement; Peewee would write the text of a statement anew for each of them.

    Raises:
        IntegrityError: A row is not allowed beside those that are there.
    """
    if not rows:
        return
    fields = model._meta.sorted_fields  # noqa: SLF001  Peewee's documented place for it
    values = [[field.db_value(row.get(field.name, field.default)) for field in fields] for row in rows]
    statement = _insert_one(model)
    with __exception_wrapper__:
        cursor = model._meta.database.cursor()  # noqa: SLF001
        if len(values) == 1:
            cursor.execute(statement, values[0])  # psycopg logs a warning of its own when one of many is refused
        else:
            cursor.executemany(statement, values)
