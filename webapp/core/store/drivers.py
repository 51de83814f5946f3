"""Loads PostgreSQL's driver for stores on PostgreSQL alone.

Peewee imports psycopg wherever that is installed, which is more than a third of what every command has to load before
it begins. So Peewee is imported without it here, before any other module of the store, and is given it when a store on
PostgreSQL is opened.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

POSTGRES = "psycopg"


def import_peewee() -> Any:
    """Import Peewee and return it; it sees psycopg only when somebody else has loaded that already."""
    if POSTGRES in sys.modules:
        return importlib.import_module("peewee")
    # None stands for "not there": https://docs.python.org/3/reference/import.html#the-module-cache
    sys.modules[POSTGRES] = None  # pyright: ignore[reportArgumentType]  annotated as if only modules could stand there
    try:
        return importlib.import_module("peewee")
    finally:
        del sys.modules[POSTGRES]


def give_postgres() -> None:
    """Do what Peewee does by itself when it finds psycopg while it is imported."""
    import psycopg  # noqa: PLC0415  see above
    from psycopg.pq import TransactionStatus  # noqa: PLC0415
    from psycopg.types.json import Json, Jsonb  # noqa: PLC0415

    names = {"psycopg": psycopg, "TransactionStatus": TransactionStatus, "Json_pg3": Json, "Jsonb_pg3": Jsonb}
    vars(PEEWEE).update(names)
    adapter: Any = PEEWEE.Psycopg3Adapter
    adapter.txn_idle, adapter.txn_inerror = TransactionStatus.IDLE, TransactionStatus.INERROR
    adapter.txn_unknown = TransactionStatus.UNKNOWN


PEEWEE = import_peewee()
