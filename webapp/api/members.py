"""Members of bodies and queries that several areas have, and what belongs to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response

from webapp.api import schemas
from webapp.api.operations import Member, given, needed_version, read_body
from webapp.core.errors import PermanentError
from webapp.core.store import Page

LARGEST_PAGE = 500

RENAMED = Member("name", "string", "Another name; the present one stays when this is left out.")
ALL = "All of its values by field key, as they came from here"
STAYS = "Left out altogether, all values stay."
REPLACED = Member("attributes", "object", f"{ALL}; a secret that is left out stays as it is. {STAYS}")


def name_of(others: str) -> Member:
    """Return the name of what is added."""
    return Member("name", "string", f"A name of 1 to 100 characters that no other {others} has.", required=True)


def attributes_of(declared: str, text: str, *, required: bool = True) -> Member:
    """Return the values of a set of fields, by its name among the components."""
    return Member("attributes", "object", text, required=required, shape=schemas.ref(schemas.attributes(declared)))


def paging(*sorts: str) -> tuple[Member, ...]:
    """Return what each list can be asked for: the order, by name when none is named, and the page."""
    return (
        Member("sort", "string", "By what.", values=sorts, default="name"),
        Member("descending", "boolean", "The other way round.", default=False),
        Member("page", "integer", "Which page, from 1.", default=1, least=1, most=1_000_000),
        Member("size", "integer", "How many on a page.", default=50, least=1, most=LARGEST_PAGE),
    )


def sought(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return a query as the store's search takes it."""
    return {"text" if key == "search" else key: value for key, value in asked.items() if value is not None}


def listed(found: Page[Any], items: Sequence[object]) -> Response:
    """Return a page of a list as an answer."""
    return given({"items": items, "total": found.total, "page": found.page, "pages": found.pages})


def read_change(members: tuple[Member, ...]) -> tuple[str | None, dict[str, Any] | None, int]:
    """Return the name and the values of a change, and the version that it changes.

    Raises:
        PermanentError: There is neither a name nor a value.
        PreconditionRequired: No version is named.
    """
    asked, version = read_body(members), needed_version()
    if asked["name"] is None and asked["attributes"] is None:
        raise PermanentError("Send a name, attributes, or both.")
    return asked["name"], asked["attributes"], version
