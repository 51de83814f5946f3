"""`verify`: ask the provider whether a credential works."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from webapp.commands.credentials.values import read_stdin
from webapp.commands.group import Command
from webapp.commands.options import CredentialName, json_option, opened, provider_option, refuse_locked, with_settings
from webapp.commands.output import echo_json
from webapp.core.presentation import one_line, outcome
from webapp.settings import Scope, Settings

if TYPE_CHECKING:
    from webapp.core.runtime import Runtime
    from webapp.core.verification.checks import Check
    from webapp.core.verification.states import Result

TICK = 0.3
"""Seconds between two looks at a running check; a shorter one shows no progress."""


@click.command(cls=Command)
@click.argument("name", required=False, type=CredentialName(), help="A stored credential; its result is kept.")
@provider_option(default=None, help="Verify values from standard input instead, and save nothing.")
@click.option("--all", "everything", is_flag=True, help="Verify every stored credential.")
@click.option("--write", is_flag=True, help="Also put a small object under a random name and delete it again.")
@json_option
@with_settings(Scope.EVERY)
def verify(
    settings: Settings, name: str | None, provider_type: str | None, *, everything: bool, write: bool, as_json: bool
) -> None:
    """Ask the provider whether a credential works.

    With --provider the values come from standard input as a JSON object, and nothing is saved. The exit code is 0 when
    the credential works and 1 when it does not.
    """
    if sum((name is not None, provider_type is not None, everything)) != 1:
        raise click.UsageError(
            "Say which: the NAME of a credential, --provider with values on standard input, or --all."
        )
    if everything:
        verify_all(settings, as_json=as_json)
        return
    values = read_stdin() if provider_type else {}
    with opened(settings) as runtime:
        started = start(runtime, name, provider_type, values, write=write)
        result = finished(started)
    tell(result, as_json=as_json)


def start(
    runtime: Runtime, name: str | None, provider_type: str | None, values: dict[str, object], *, write: bool
) -> Check:
    """Start the check that was asked for."""
    if provider_type:
        return runtime.service.start_check(provider_type, values, write=write)
    refuse_locked(runtime)
    credential = runtime.store.credentials.find(name or "")
    return runtime.service.start_stored_check(credential.id, write=write)


def finished(started: Check) -> Result:
    """Wait for a check, tell its progress to a person, and cancel it when the person does."""
    told = ""
    try:
        while (result := started.wait(TICK)) is None:
            if started.progress != told and sys.stderr.isatty():
                told = started.progress
                click.echo(one_line(told), err=True)
    except KeyboardInterrupt:
        started.cancel()
        raise
    return result


def tell(result: Result, *, as_json: bool) -> None:
    """Print the answer; one that does not work ends with exit code 1."""
    if as_json:
        echo_json(outcome(result))
    else:
        field = f"{result.field}: " if result.field and not result.good else ""
        click.echo(one_line(f"{result.state}: {field}{result.message}"))
        if result.detail:
            click.echo(f"  {one_line(result.detail)}")
    if not result.good:
        raise click.exceptions.Exit(1)


def verify_all(settings: Settings, *, as_json: bool) -> None:
    """Verify every stored credential, several at a time, and print each answer."""
    with opened(settings, pool_size=settings.pool_size) as runtime:
        refuse_locked(runtime)
        found = runtime.service.all()
        readable = [credential for credential in found if not credential.damaged]
        started = [(credential.name, runtime.service.start_stored_check(credential.id)) for credential in readable]
        answers = [told(name, finished(check), as_json=as_json) for name, check in started]
    unreadable = [credential for credential in found if credential.damaged]
    for credential in unreadable:
        click.echo(one_line(f"{credential.name}: not verified. {credential.damaged}"), err=True)
    if as_json:
        echo_json([{"name": name, **outcome(result)} for name, result in answers])
    if unreadable or not all(result.good for _, result in answers):
        raise click.exceptions.Exit(1)


def told(name: str, result: Result, *, as_json: bool) -> tuple[str, Result]:
    """Print the answer for one of many as soon as it is there."""
    if not as_json:
        click.echo(one_line(f"{name}: {result.state}: {result.message}"))
    return name, result
