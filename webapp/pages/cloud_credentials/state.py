"""What the pages of credentials keep in memory: drafts, and checks of many credentials."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, cast

from flask import current_app

from webapp.core.service import Batch
from webapp.pages.cloud_credentials.drafts import Drafts

EXTENSION = "backup_credentials_pages"
BATCHES = 20
"""Checks of many credentials that are remembered, so that their page can be looked at again."""


@dataclass
class Batches:
    """Checks of many credentials at once, by id; one runs at a time."""

    known: OrderedDict[str, Batch] = field(default_factory=OrderedDict[str, Batch])
    lock: threading.Lock = field(default_factory=threading.Lock)

    def running(self) -> str:
        """Return the id of the one that runs, or an empty text."""
        return next((identifier for identifier, batch in self.known.items() if not batch.finished), "")

    def add(self, batch: Batch) -> str:
        """Remember one and return its id."""
        identifier = secrets.token_urlsafe(12)
        self.known[identifier] = batch
        while len(self.known) > BATCHES:
            self.known.popitem(last=False)
        return identifier


@dataclass
class State:
    """All of it."""

    drafts: Drafts = field(default_factory=Drafts)
    batches: Batches = field(default_factory=Batches)


def install(setup: Any) -> None:
    """Give an app its own; called by Flask when the blueprint is registered."""
    setup.app.extensions[EXTENSION] = State()


def state() -> State:
    """Return the state of this app."""
    return cast("State", current_app.extensions[EXTENSION])
