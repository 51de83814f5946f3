"""The reference of the operator for people: reasons, permissions and metrics, written from the code."""

from __future__ import annotations

from credential_operator.reasons import reasons_table
from credential_operator.running.access import PERMISSIONS


def page() -> str:
    """Return the page without its last line."""
    return (
        "# Reference of the operator\n\n"
        "## Reasons\n\nThe `reason` of a resource's conditions. `kubectl get bc` shows that of `Ready`, "
        "`kubectl describe bc` all of them with their sentences.\n\n"
        f"{reasons_table()}\n"
        "## Permissions\n\n`backup-credentials operator --check` asks for each of them. Optional ones are needed for "
        "one feature only.\n\n"
        f"{permissions_table()}\n"
        "## Metrics\n\nAt `/metrics` of the address that `--listen` names. `/livez` and `/readyz` are beside it: the "
        "first fails when the process had better be started anew, the second says what is missing.\n\n"
        f"{metrics_table()}"
    )


def permissions_table() -> str:
    """Return the permissions as a table."""
    rows = (
        f"| `{one.resource}` | {f'`{one.group}`' if one.group else 'core'} | {', '.join(one.verbs)} | {one.where} "
        f"namespace | {one.why}{' Optional.' if one.optional else ''} |\n"
        for one in PERMISSIONS
    )
    return "| Resource | API group | Verbs | Where | What for |\n| --- | --- | --- | --- | --- |\n" + "".join(rows)


def metrics_table() -> str:
    """Return the metrics as a table."""
    from credential_operator.running.metrics import GAUGES, Metrics  # noqa: PLC0415  only for the page

    counted = [(f"{one.name}{'_total' if one.type == 'counter' else ''}", one.type, one.documentation)
               for one in Metrics().registry.collect()]  # fmt: skip
    rows = [*counted, *((name, "gauge", text) for name, text in GAUGES.items())]
    return "| Metric | Type | Meaning |\n| --- | --- | --- |\n" + "".join(
        f"| `{name}` | {kind} | {text} |\n" for name, kind, text in rows
    )
