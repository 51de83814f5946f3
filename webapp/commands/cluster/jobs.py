"""Jobs that the chart runs inside a cluster."""

from __future__ import annotations

import click

from webapp.commands.group import Command
from webapp.commands.output import echo_json


@click.command("make-seed-secret", cls=Command, hidden=True)
@click.argument("name")
@click.option("--namespace", default="", help="Its namespace; the pod's own when not given.")
@click.option("--key", default="seed", show_default=True, help="The key that holds the seed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def make_seed_secret_command(name: str, namespace: str, key: str, *, as_json: bool) -> None:
    """Make a Secret with a new secret seed, unless it is there already."""
    from credential_operator.jobs.seed_secret import make_seed_secret  # noqa: PLC0415  help needs no client

    made = make_seed_secret(namespace or own_namespace(), name, key)
    if as_json:
        echo_json({"secret": name, "made": made})
    else:
        click.echo(f"The Secret {name} was made." if made else f"The Secret {name} is there already; it stays.")


@click.command("try-operator", cls=Command)
@click.option("--namespace", default="default", show_default=True, help="Where it is tried.")
@click.option("--patience", type=click.FloatRange(1, 600), default=60.0, show_default=True, help="Seconds to wait.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def try_operator_command(namespace: str, patience: float, *, as_json: bool) -> None:
    """Try an installed operator: apply a resource, wait for its Secret, remove both."""
    from credential_operator.jobs.trying import try_operator  # noqa: PLC0415  help needs no client

    seconds = try_operator(namespace, patience)
    if as_json:
        echo_json({"ok": True, "seconds": round(seconds, 3)})
    else:
        click.echo(f"The operator made the Secret in {seconds:.1f} seconds.")


def own_namespace() -> str:
    """Return the namespace of this pod; `default` outside of one."""
    from credential_operator.kube.signin import SERVICE_ACCOUNT  # noqa: PLC0415

    place = SERVICE_ACCOUNT / "namespace"
    return place.read_text(encoding="utf-8").strip() if place.is_file() else "default"
