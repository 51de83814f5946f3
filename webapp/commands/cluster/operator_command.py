"""`operator`: makes the Secrets that `BackupCredential` resources ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from webapp.commands.group import Command
from webapp.commands.options import json_option, opened, with_settings
from webapp.commands.output import echo_json
from webapp.settings import Scope, Settings

if TYPE_CHECKING:
    from credential_operator.running.check import Finding
    from credential_operator.running.settings import OperatorSettings

LARGEST_PORT = 65535
NICENESS = 10
"""Priority of the checks: whoever waits for a Secret goes before them."""


class Options(TypedDict):
    """The options of the command that become the operator's settings."""

    namespaces: tuple[str, ...]
    listen: str
    concurrency: int
    write_rate: int
    verifications: int
    lease_namespace: str
    identity: str
    json_logs: bool
    no_mirror: bool


@click.command("operator", cls=Command)
@click.option("--namespace", "namespaces", multiple=True, help="Serve this namespace only; may be given several times.")
@click.option("--check", "only_check", is_flag=True, help="Say whether all is there that it needs, and end.")
@click.option("--listen", default="127.0.0.1:8080", show_default=True, help="Address of health and metrics.")
@click.option("--concurrency", type=click.IntRange(1, 256), default=16, show_default=True, help="Resources at a time.")
@click.option(
    "--write-rate", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="Writes a second at most."
)
@click.option(
    "--verifications", type=click.IntRange(1, 64), default=2, show_default=True, help="Verifications at a time."
)
@click.option("--lease-namespace", default="", help="Where the lease is; the pod's own namespace when not given.")
@click.option("--identity", default="", help="The holder's name in the lease; the pod's name when not given.")
@click.option("--json-logs", is_flag=True, help="Log lines of JSON.")
@click.option("--no-mirror", is_flag=True, help="Do not show the resources in the web app.")
@json_option
@with_settings(Scope.EVERY)
def operator_command(settings: Settings, *, only_check: bool, as_json: bool, **options: Unpack[Options]) -> None:
    """Make the Secrets that BackupCredential resources ask for, until Ctrl-C or SIGTERM.

    It signs in with the service account of its pod, or else with the kubeconfig. One instance works at a time; others
    wait for its lease.
    """
    chosen = settings_of(options)
    if only_check:
        from credential_operator.running.check import check  # noqa: PLC0415  help needs no operator

        tell(check(lambda: opened(settings), chosen), as_json=as_json)
    elif code := work(settings, chosen):
        raise click.exceptions.Exit(code)


def settings_of(options: Options) -> OperatorSettings:
    """Return the operator's settings as the options give them.

    Raises:
        UsageError: There is nothing to listen at.
    """
    from credential_operator.running.settings import OperatorSettings, own_identity  # noqa: PLC0415  as above

    host, _, port = options["listen"].rpartition(":")
    if not port.isascii() or not port.isdigit() or int(port) > LARGEST_PORT:
        raise click.UsageError("--listen takes an address and a port, such as 0.0.0.0:8080.")
    return OperatorSettings(
        namespaces=tuple(dict.fromkeys(options["namespaces"])),
        host=host.strip("[]"),
        port=int(port),
        concurrency=options["concurrency"],
        write_rate=options["write_rate"],
        write_burst=options["write_rate"],
        verifications=options["verifications"],
        lease_namespace=options["lease_namespace"],
        identity=options["identity"] or own_identity(),
        mirror=not options["no_mirror"],
        json_logs=options["json_logs"],
    )


def work(settings: Settings, chosen: OperatorSettings) -> int:
    """Run the operator until it is told to stop, and return the exit code."""
    from credential_operator.running.app import run  # noqa: PLC0415  as above
    from credential_operator.running.logs import set_up  # noqa: PLC0415

    set_up(as_json=chosen.json_logs)
    with opened(settings, pool_size=chosen.verifications, niceness=NICENESS) as runtime:
        return run(runtime, chosen)


def tell(findings: list[Finding], *, as_json: bool) -> None:
    """Print what was found, a line each; what is missing ends with exit code 1."""
    if as_json:
        echo_json([{"what": one.what, "ok": one.ok, "message": one.message} for one in findings])
    for one in () if as_json else findings:
        click.echo(f"{'ok     ' if one.ok else 'missing'} {one.what}{': ' if one.message else ''}{one.message}")
    if not all(one.ok for one in findings):
        raise click.exceptions.Exit(1)
