"""`audit`: who did what; checks, lists and exports it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from webapp.commands.group import Command, SubGroup
from webapp.commands.options import json_option, opened, with_settings
from webapp.commands.output import echo_json, table
from webapp.core.presentation import one_line
from webapp.settings import Scope, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.core.store.audit.entries import Entry
    from webapp.core.store.audit.reading import Filter

SHOWN = 50


@click.group(cls=SubGroup)
def audit() -> None:
    """Who did what, from where, when, and how it ended; never a value."""


def filter_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that choose entries."""
    for option in (
        click.option("--until", type=click.DateTime(), help="Only before this time, in UTC."),
        click.option("--since", type=click.DateTime(), help="Only from this time on, in UTC."),
        click.option("--outcome", default="", metavar="OUTCOME", help="Only with this outcome: ok, refused, failed."),
        click.option("--action", default="", metavar="ACTION", help="Only this, such as read or sign-in."),
        click.option("--search", "text", default="", metavar="TEXT", help="Only with this in name, person or origin."),
    ):
        command = option(command)
    return command


def chosen(text: str, action: str, outcome: str, since: datetime | None, until: datetime | None) -> Filter:
    """Return the filter that the options ask for."""
    from webapp.core.store.audit.reading import Filter  # noqa: PLC0415  the help text needs no store

    return Filter(text, action, outcome, in_utc(since), in_utc(until))


def in_utc(moment: datetime | None) -> datetime | None:
    """Return a typed time as one in UTC."""
    return moment.replace(tzinfo=UTC) if moment else None


@audit.command("list", cls=Command)
@filter_options
@click.option("--limit", default=SHOWN, show_default=True, type=click.IntRange(1, 10_000), help="So many at most.")
@json_option
@with_settings(Scope.EVERY)
def list_entries(settings: Settings, *, limit: int, as_json: bool, **wanted: Any) -> None:
    """List what happened, the newest first."""
    from webapp.core.store.audit.entries import as_data  # noqa: PLC0415  the help text needs no store

    with opened(settings) as runtime:
        found = runtime.store.audit_log.search(chosen(**wanted), size=limit)
    if as_json:
        echo_json([as_data(entry) for entry in found.items])
    elif found.items:
        click.echo(table([("WHEN (UTC)", "WHO", "FROM", "WHAT", "SUBJECT", "OUTCOME"), *map(row, found.items)]))
        if found.total > limit:
            click.echo(f"{found.total} in all; --limit shows more.", err=True)
    else:
        click.echo("Nothing fits.")


@audit.command(cls=Command)
@filter_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list instead of lines.")
@with_settings(Scope.EVERY)
def export(settings: Settings, *, as_json: bool, **wanted: Any) -> None:
    """Print entries as JSON, one a line, the oldest first."""
    from webapp.core.store.audit.entries import as_data  # noqa: PLC0415

    before, between, after = ("[\n", ",\n", "\n]\n") if as_json else ("", "\n", "\n")
    with opened(settings) as runtime:
        click.echo(before, nl=False)
        count = 0
        for count, entry in enumerate(runtime.store.audit_log.walk(chosen(**wanted)), 1):
            click.echo((between if count > 1 else "") + json.dumps(as_data(entry)), nl=False)
        click.echo(after if count or as_json else "", nl=False)


@audit.command(cls=Command)
@click.option("--head", default="", metavar="LINK", help="A last link that an earlier check printed.")
@json_option
@with_settings(Scope.EVERY)
def verify(settings: Settings, *, head: str, as_json: bool) -> None:
    """Check that no entry was changed, left out, put in or cut off.

    Keep the last link that is printed somewhere else: with it a later check also finds that the end was cut off.
    """
    with opened(settings) as runtime:
        report = runtime.store.audit_log.verify(head=head)
    if as_json:
        echo_json(
            {
                "ok": not report.findings,
                "entries": report.entries,
                "findings": report.findings,
                "heads": report.heads,
                "marks_checked": report.marks,
            }
        )
    else:
        for finding in report.findings:
            click.echo(one_line(finding))
        click.echo(f"{report.entries} entries, {'broken' if report.findings else 'unbroken'}.")
        if not report.marks:
            click.echo("The marks could not all be checked: that needs the secret seed.", err=True)
        for last in report.heads:
            click.echo(f"Last link: {last}")
    if report.findings:
        raise click.exceptions.Exit(1)


def row(entry: Entry) -> tuple[str, ...]:
    """Return the line of a list."""
    subject = f"{entry.kind} {entry.name}".strip()
    more = ", ".join(f"{key} {value}" for key, value in entry.detail.items())
    what = f"{entry.action} ({more})" if more else entry.action
    cells = (f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.who, entry.origin, what, subject, entry.outcome)
    return tuple(one_line(cell) for cell in cells)
