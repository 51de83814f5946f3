"""Roles of the operator in a test: what it ships with, or less."""

from __future__ import annotations

import copy
from typing import Any

from cluster.operators import Space

from credential_operator.running.access import PERMISSIONS, Where, rules

RBAC = "rbac.authorization.k8s.io"
USER = "operator"
"""Whom the role is given to: a user of the control plane that may do nothing else."""

VERBS = tuple((permission.resource, verb) for permission in PERMISSIONS for verb in permission.verbs)
"""Everything that the shipped role allows, verb by verb."""


def shipped() -> list[dict[str, Any]]:
    """Return the rules that the operator ships with, those of its own namespace too."""
    return copy.deepcopy([*rules(Where.SERVED), *rules(Where.OWN)])


def without(resource: str, verb: str) -> list[dict[str, Any]]:
    """Return the same without one verb."""
    made = shipped()
    for rule in made:
        if resource in rule["resources"]:
            rule["verbs"].remove(verb)
    return [rule for rule in made if rule["verbs"]]


def allow(space: Space, wanted: list[dict[str, Any]], subject: dict[str, str] | None = None) -> None:
    """Give the user, or somebody else, a role in a namespace, or other rules than it had."""
    path, name = f"/apis/{RBAC}/v1/namespaces/{space.name}", "operator"
    made = {"metadata": {"name": name}, "rules": wanted}
    if space.http.post(f"{path}/roles", json=made).status_code == 409:
        space.http.put(f"{path}/roles/{name}", json=made).raise_for_status()
        return
    role = {"apiGroup": RBAC, "kind": "Role", "name": name}
    subject = subject or {"apiGroup": RBAC, "kind": "User", "name": USER}
    body = {"metadata": {"name": name}, "roleRef": role, "subjects": [subject]}
    space.http.post(f"{path}/rolebindings", json=body).raise_for_status()
