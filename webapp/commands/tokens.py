"""`token`: what programs use the JSON API with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from webapp.commands.group import Command, SubGroup
from webapp.commands.options import json_option, opened, this_user, with_settings
from webapp.commands.output import age, echo_json, table
from webapp.core.presentation import moment
from webapp.settings import Scope, Settings

if TYPE_CHECKING:
    from webapp.core.store.access.api_tokens import ApiToken


@click.group(cls=SubGroup)
def token() -> None:
    """Tokens of the JSON API: made for programs, each with its scopes."""


@token.command("add", cls=Command)
@click.argument("name", help="The program that will use it; no other token has this name.")
@click.option(
    "--scope", "scopes", multiple=True, metavar="SCOPE", help="read, verify, write or reveal; may be repeated."
)
@click.option("--days", type=click.IntRange(1, 3660), default=90, show_default=True, help="Days until it ends.")
@click.option("--no-end", is_flag=True, help="It never ends.")
@json_option
@with_settings(Scope.EVERY)
def add_token(
    settings: Settings, name: str, scopes: tuple[str, ...], *, days: int, no_end: bool, as_json: bool
) -> None:
    """Make a token and print it; it is not shown again.

    Without --scope it may only read, and no secrets.
    """
    with opened(settings) as runtime:
        wanted, lifetime = scopes or ("read",), None if no_end else days
        made, text = runtime.store.api_tokens.make(name, wanted, days=lifetime, by=this_user())
    if as_json:
        echo_json({**described(made), "token": text})
    else:
        click.echo("Copy it now: it is not shown again.", err=True)
        click.echo(text)


@token.command("list", cls=Command)
@json_option
@with_settings(Scope.EVERY)
def list_tokens(settings: Settings, *, as_json: bool) -> None:
    """List the tokens: what they may do, when they end, when they were last used."""
    with opened(settings) as runtime:
        found = runtime.store.api_tokens.list()
    if as_json:
        echo_json([described(one) for one in found])
    elif found:
        click.echo(table([("NAME", "MAY", "ENDS", "USED", "MADE BY"), *map(row, found)]))
    else:
        click.echo("There is no token yet.")


@token.command("revoke", cls=Command)
@click.argument("name", help="The token's name.")
@json_option
@with_settings(Scope.EVERY)
def revoke_token(settings: Settings, name: str, *, as_json: bool) -> None:
    """End a token at once."""
    with opened(settings) as runtime:
        tokens = runtime.store.api_tokens
        revoked = tokens.revoke(tokens.named(name).id)
    if as_json:
        echo_json({"revoked": described(revoked)})
    else:
        click.echo(f"Revoked “{revoked.name}”.")


def described(one: ApiToken) -> dict[str, Any]:
    """Return a token for JSON, without its text."""
    return {
        "name": one.name,
        "scopes": sorted(one.scopes),
        "created": moment(one.created),
        "created_by": one.created_by,
        "expires": moment(one.expires),
        "ended": one.ended,
        "used": moment(one.used),
    }


def row(one: ApiToken) -> tuple[str, ...]:
    """Return one line of the list."""
    ends = "ended" if one.ended else f"{one.expires:%Y-%m-%d}" if one.expires else "never"
    return (one.name, " ".join(sorted(one.scopes)), ends, age(one.used) or "never", one.created_by)
