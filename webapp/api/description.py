"""The API's own description, OpenAPI 3.1, made from the declared operations."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from re import findall
from typing import Any

from flask import Blueprint, Response, request

from webapp import __version__
from webapp.api.operations import Member, Operation, Operations, given
from webapp.api.problems import BASE, MEDIA_TYPE
from webapp.api.schemas import attributes, components, of, ref
from webapp.core.providers import PROVIDERS
from webapp.core.store.access.api_tokens import SCOPES

ALWAYS = (400, 401, 403, 503)
"""Statuses with which any operation can end: no request, no token, not allowed, locked."""

WITH_BODY = (413, 415)


def describe(blueprint: Blueprint, operations: Operations) -> None:
    """Serve the description; it holds nothing of this installation, so nobody needs a token for it."""

    @blueprint.get("/openapi.json")
    def description() -> Response:  # pyright: ignore[reportUnusedFunction]  Flask calls it
        return given(document(operations) | {"servers": [{"url": request.host_url.rstrip("/") + BASE}]})


@cache
def document(operations: Operations) -> dict[str, Any]:
    """Return the description without the address of the server."""
    paths: dict[str, dict[str, Any]] = {}
    for one in operations.all:
        paths.setdefault(one.path, {})[one.method.lower()] = operation(one, linked(one, operations))
    scopes = "\n".join(f"- `{scope}`: {meaning}" for scope, meaning in SCOPES.items())
    about = f"Credentials that backups run on. A token is made in Settings → API tokens; its scopes:\n\n{scopes}"
    return {
        "openapi": "3.1.0",
        "info": {"title": "Backup Credentials", "version": __version__, "description": about},
        "paths": paths,
        "components": {
            "schemas": components(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def linked(one: Operation, operations: Operations) -> dict[str, Any]:
    """Return what can be asked at once about what an operation has just made."""
    if one.status != HTTPStatus.CREATED:
        return {}
    return {
        other.name: {"operationId": other.name, "parameters": {in_path(other)[0]: "$response.body#/id"}}
        for other in operations.all
        if other.path.startswith(f"{one.path}/{{") and other.method in {"GET", "DELETE"} and len(in_path(other)) == 1
    }


def in_path(one: Operation) -> list[str]:
    """Return the names of what varies in the address of an operation."""
    return findall(r"{(\w+)}", one.path)


def operation(one: Operation, links: dict[str, Any]) -> dict[str, Any]:
    """Return the description of one operation."""
    body = {"requestBody": request_body(one)} if one.body is not None else {}
    return {
        "operationId": one.name,
        "summary": one.summary,
        "description": f"Needs the scope “{one.scope}”.",
        "parameters": parameters(one),
        **body,
        "responses": responses(one, links),
    }


def parameters(one: Operation) -> list[dict[str, Any]]:
    """Return what stands in the address, the query and the header of an operation."""
    parts = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in in_path(one)]
    in_query = [{"name": one.key, "in": "query", "required": one.required, "schema": one.schema} for one in one.query]
    header = {"name": "If-Match", "in": "header", "required": False, "schema": {"type": "string"}}
    return [*parts, *in_query, *([header] if one.versioned else [])]


def request_body(one: Operation) -> dict[str, Any]:
    """Return the description of a body."""
    members = {member.key: member for member in one.body or ()}
    required = [member.key for member in members.values() if member.required]
    schema = one_of_providers(members, required) if "provider" in required else body_schema(members, required)
    schema = one_of_members(members, required, one.either) if one.either else schema
    return {"required": bool(required), "content": {"application/json": {"schema": schema}}}


def body_schema(members: Mapping[str, Member], required: list[str], **instead: Any) -> dict[str, Any]:
    """Return the schema of a body, with other schemas for some of its members."""
    schema = of({key: instead.get(key, member.schema) for key, member in members.items()}, additionalProperties=False)
    return schema | {"required": required}


def one_of_providers(members: Mapping[str, Member], required: list[str]) -> dict[str, Any]:
    """Return the schema of a body whose attributes are those of its provider."""
    bodies = [
        body_schema(members, required, provider={"const": key}, attributes=ref(attributes(key))) for key in PROVIDERS
    ]
    return {"oneOf": bodies}


def one_of_members(members: Mapping[str, Member], required: list[str], either: tuple[str, ...]) -> dict[str, Any]:
    """Return the schema of a body that has exactly one of some members."""
    bodies = [
        body_schema(
            {key: member for key, member in members.items() if key not in {*either} - {chosen}}, [*required, chosen]
        )
        for chosen in either
    ]
    return {"oneOf": bodies}


def responses(one: Operation, links: dict[str, Any]) -> dict[str, Any]:
    """Return the description of every answer."""
    fine: dict[str, Any] = {"description": HTTPStatus(one.status).phrase}
    if one.answer is not None:
        fine["content"] = {one.media: {"schema": one.answer}}
    if links:
        fine["links"] = links
    ends = sorted({*ALWAYS, *one.refused, *(WITH_BODY if one.body is not None else ()), *((422,) if one.body else ())})
    content = {MEDIA_TYPE: {"schema": ref("Problem")}}
    refused = {str(status): {"description": HTTPStatus(status).phrase, "content": content} for status in ends}
    return {str(one.status): fine, **refused}
