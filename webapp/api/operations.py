"""How an operation of the API is declared: its address, what it takes and gives, and the scope that it needs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, PreconditionRequired, UnsupportedMediaType

from webapp.api.door import admit
from webapp.api.problems import problem
from webapp.core.errors import PermanentError
from webapp.core.fields import Declared, Problem
from webapp.core.jsonvalues import JsonError, read_object
from webapp.core.schema import field_schema
from webapp.core.store import StaleError
from webapp.core.store.access.api_tokens import Scope
from webapp.core.validation import Findings, InvalidValuesError

Schema = Mapping[str, Any]
"""A JSON Schema, or a reference to one of the description's components."""

JSON = "application/json"

KINDS: Mapping[str, type] = {"string": str, "object": dict, "boolean": bool, "integer": int}


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a body, or a parameter of the query.

    Attributes:
        kind: Its JSON type.
        help: What it means.
        required: Whether it must be there.
        values: The only values it may have; any when empty.
        default: What stands for one that is not given.
        least: The smallest number.
        most: The largest number.
        shape: Its schema, in the place of what the others say.
    """

    key: str
    kind: str
    help: str
    required: bool = False
    values: tuple[str, ...] = ()
    default: Any = None
    least: int | None = None
    most: int | None = None
    shape: Schema | None = None

    @property
    def schema(self) -> dict[str, Any]:
        """Its JSON Schema."""
        if self.shape:
            return {**self.shape, "description": self.help}
        parts: dict[str, Any] = {"minimum": self.least, "maximum": self.most, "default": self.default}
        schema: dict[str, Any] = {"type": self.kind, "description": self.help}
        schema |= {key: value for key, value in parts.items() if value is not None}
        return schema | ({"enum": list(self.values)} if self.values else {})

    def problem(self, value: object) -> str:
        """Return what is wrong with a value; empty when it fits. The value is never repeated."""
        if not isinstance(value, KINDS[self.kind]) or (self.kind == "integer" and isinstance(value, bool)):
            return f"This must be a JSON {self.kind}."
        if self.values and value not in self.values:
            return f"This must be one of {', '.join(self.values)}."
        if isinstance(value, int) and not (self.least or value) <= value <= (self.most or value):
            return f"This must be a number from {self.least} to {self.most}."
        return ""


def of_fields(declared: Declared) -> tuple[Member, ...]:
    """Return a body whose members are declared fields; what they may be is checked with the others of the core."""
    schemas = {field.key: field_schema(field) for field in declared.fields}
    return tuple(
        Member(field.key, schemas[field.key]["type"], field.help, required=field.required, shape=schemas[field.key])
        for field in declared.fields
    )


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    Attributes:
        method: The HTTP method.
        path: Its address below `/api/v1`, with `{…}` for what varies.
        summary: One sentence.
        scope: What a token must be allowed to do.
        answer: The schema of what it gives; none for an answer without a body.
        view: What answers.
        status: The status when it worked.
        query: What the query may say.
        body: What the body is made of; none for an operation without one.
        either: Members of the body of which exactly one must be there.
        versioned: Whether the version in `If-Match` is asked for.
        refused: Statuses of its own with which it can end otherwise.
        media: The media type of its answer.
    """

    method: str
    path: str
    summary: str
    scope: Scope
    answer: Schema | None
    view: Callable[..., Response]
    status: int = 200
    query: tuple[Member, ...] = ()
    body: tuple[Member, ...] | None = None
    either: tuple[str, ...] = ()
    versioned: bool = False
    refused: tuple[int, ...] = ()
    media: str = JSON

    @property
    def name(self) -> str:
        """Its name in the description and the endpoint of its route."""
        return self.view.__name__

    @property
    def rule(self) -> str:
        """Its route as Flask writes it."""
        return self.path.replace("{", "<").replace("}", ">")


class Operations:
    """The operations of a module, in the order of its views."""

    def __init__(self, made: Iterable[Operation] = ()) -> None:
        self.all = list(made)

    @classmethod
    def joined(cls, *parts: Operations) -> Operations:
        """Return those of several modules."""
        return cls(one for part in parts for one in part.all)

    def at(self, method: str, path: str, scope: Scope, answer: Schema | None, **more: Any) -> Callable[..., Any]:
        """Declare the decorated view; the first line of its docstring is the summary."""

        def keep(view: Callable[..., Response]) -> Callable[..., Response]:
            summary = (view.__doc__ or "").strip().splitlines()[0]
            self.all.append(Operation(method, path, summary, scope, answer, view, **more))
            return view

        return keep

    def add_to(self, blueprint: Blueprint) -> None:
        """Give a blueprint a route for each."""
        for one in self.all:
            blueprint.add_url_rule(one.rule, one.name, guarded(one), methods=[one.method])


def guarded(one: Operation) -> Callable[..., Response]:
    """Return a view that looks at the token first, and that writes over no version but the one that was named."""

    @wraps(one.view)
    def answer(**parts: str) -> Response:
        try:
            return admit(one.scope) or one.view(**parts)
        except StaleError as error:
            return problem(412, error.message)

    return answer


def read_body(members: tuple[Member, ...]) -> dict[str, Any]:
    """Return the body's members, checked one by one; what was not given has its default.

    Raises:
        UnsupportedMediaType: It is not sent as JSON.
        BadRequest: It is no JSON object; the sentence says where.
        InvalidValuesError: A member is missing, unknown or of another kind.
    """
    if request.get_data() and not request.is_json:
        raise UnsupportedMediaType("Send the body as application/json.")
    given = sent_object(request.get_data())
    known = {member.key: member for member in members}
    found = [(key, f"There is no such member. Known are {', '.join(known)}.") for key in given if key not in known]
    found += [(key, one.problem(given[key])) for key, one in known.items() if key in given]
    found += [(key, "This is missing.") for key, one in known.items() if one.required and key not in given]
    refuse(found)
    return {key: given.get(key, one.default) for key, one in known.items()}


def sent_object(data: bytes) -> dict[str, object]:
    """Return the JSON object of a body; an empty body is an empty object.

    Raises:
        BadRequest: It is something else.
    """
    if not data.strip():
        return {}
    try:
        return read_object(data.decode(), "The values of this request")
    except UnicodeDecodeError:
        raise BadRequest("The body is not UTF-8 text.") from None
    except JsonError as error:
        raise BadRequest(error.message) from None


def read_query(members: tuple[Member, ...]) -> dict[str, Any]:
    """Return what the query says; what it leaves out has its default.

    Raises:
        InvalidValuesError: A parameter is unknown, twice there or not allowed.
    """
    known = {member.key: member for member in members}
    given = {key: as_kind(known[key], text) for key, text in request.args.items() if key in known}
    found = [
        (key, f"There is no such parameter. Known are {', '.join(known)}.") for key in request.args if key not in known
    ]
    found += [(key, "This stands twice.") for key in given if len(request.args.getlist(key)) > 1]
    refuse([*found, *((key, known[key].problem(value)) for key, value in given.items())])
    return {key: given.get(key, one.default) for key, one in known.items()}


def as_kind(member: Member, text: str) -> object:
    """Return a parameter's text as its kind; one that cannot be stays a text, which is refused later."""
    if member.kind == "boolean" and text in {"true", "false"}:
        return text == "true"
    if member.kind == "integer" and text.isdecimal() and text.isascii() and len(text) <= 9:  # noqa: PLR2004  nobody has a billion
        return int(text)
    return text


def refuse(found: Iterable[tuple[str, str]]) -> None:
    """Refuse what was found.

    Raises:
        InvalidValuesError: Something was; an entry with an empty sentence is no finding.
    """
    problems = tuple(Problem(key[:80], message) for key, message in found if message)
    if problems:
        raise InvalidValuesError(Findings({}, problems))


def given(data: object, status: int = 200, **headers: str) -> Response:
    """Return data as an answer; an underscore in a header's name stands for its hyphen."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return Response(json.dumps(data, ensure_ascii=False), status, named, mimetype=JSON)


def etag(version: int) -> str:
    """Return a version as an entity tag (RFC 9110, section 8.8.3)."""
    return f'"{version}"'


def asked_version() -> int | None:
    """Return the version that `If-Match` names; nothing without the header or for `*`.

    Raises:
        PermanentError: It names no version that one of our answers had.
    """
    text = request.headers.get("If-Match", "").strip()
    if text in {"", "*"}:
        return None
    number = text.strip('"')
    if text != f'"{number}"' or not (number.isdecimal() and number.isascii()):
        raise PermanentError('If-Match must be the ETag of an earlier answer, such as "3".', field="If-Match")
    return int(number)


def needed_version() -> int:
    """Return the version that `If-Match` names.

    Raises:
        PreconditionRequired: It names none.
        PermanentError: It names no version that one of our answers had.
    """
    version = asked_version()
    if version is None:
        raise PreconditionRequired("Say with If-Match which version you change: the ETag of what you read.")
    return version
