"""Writes what the chart has from the code: the definition, the operator's permissions, the schema of its values.

`python deploy/chart_files.py --write` writes them; a test compares them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).parent / "chart"
NOTE = "# Written from the code by deploy/chart_files.py.\n"
FREE = frozenset({"annotations", "labels", "podLabels", "podAnnotations", "nodeSelector", "affinity", "resources"})
"""Values whose members are Kubernetes' or the user's own."""
FREE_OBJECTS = frozenset({"podSecurityContext", "securityContext"})


def definition_file() -> str:
    """Return the definition of the custom resource."""
    from credential_operator.crd import definition  # noqa: PLC0415  the package is there when this runs

    return NOTE + yaml.safe_dump(definition(), sort_keys=False, width=120, allow_unicode=True)


def access_file() -> str:
    """Return the rules of the operator's roles: in the namespaces that it serves, and in its own."""
    from credential_operator.running.access import Where, rules  # noqa: PLC0415

    plain = json.loads(json.dumps({str(where): rules(where) for where in Where}))
    return NOTE + yaml.safe_dump(plain, sort_keys=False, width=120)


def schema_file() -> str:
    """Return the JSON schema of values.yaml: each value has the type of its default, and nothing unknown is taken."""
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Values", **node("", values)}
    schema["properties"] |= {"global": {"type": "object"}}
    for path, more in BOUNDS.items():
        at(schema, path).update(more)
    schema["allOf"] = MIXES
    return json.dumps(schema, indent=1) + "\n"


BOUNDS: Mapping[str, dict[str, Any]] = {
    "image.pullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]},
    "image.digest": {"pattern": "^(sha256:[0-9a-f]{64})?$"},
    "persistence.size": {"pattern": "^[0-9]+(\\.[0-9]+)?(Ki|Mi|Gi|Ti)?$"},
    "web.replicas": {"minimum": 0, "maximum": 20},
    "operator.replicas": {"minimum": 0, "maximum": 5},
    "operator.concurrency": {"minimum": 1, "maximum": 256},
    "operator.writeRate": {"minimum": 1, "maximum": 100000},
    "operator.verifications": {"minimum": 1, "maximum": 64},
    "web.service.type": {"enum": ["ClusterIP", "NodePort", "LoadBalancer"]},
    "web.service.port": {"minimum": 1, "maximum": 65535},
}
"""What is narrower than the type of the default, by path."""


def several(part: str) -> dict[str, Any]:
    """Return what holds for values with several pods of a part and no PostgreSQL."""
    replicas = {part: {"properties": {"replicas": {"minimum": 2}}}}
    database = {"database": {"properties": {"existingSecret": {"const": ""}}}}
    return {"properties": replicas | database}


def refused(when: dict[str, Any], sentence: str) -> dict[str, Any]:
    """Return a rule that refuses values: helm prints the name of a property that is missing, so that is the sentence."""
    return {"if": when, "then": {"required": [sentence]}}


MIXES: list[dict[str, Any]] = [
    refused(several(part), f"{part}.replicas: more than one needs PostgreSQL, name a Secret in database.existingSecret")
    for part in ("web", "operator")
]
"""What does not go together."""


def node(name: str, value: object) -> dict[str, Any]:
    """Return the schema of a value from its default."""
    if isinstance(value, dict):
        if name in FREE or name in FREE_OBJECTS:
            return {"type": "object"}
        members = {key: node(key, inner) for key, inner in value.items()}
        return {"type": "object", "additionalProperties": False, "properties": members}
    kinds: tuple[tuple[type, str], ...] = ((bool, "boolean"), (int, "integer"), (list, "array"), (str, "string"))
    return {"type": next(word for kind, word in kinds if isinstance(value, kind))}


def at(schema: dict[str, Any], path: str) -> dict[str, Any]:
    """Return the schema of one value by its path."""
    for key in path.split("."):
        schema = schema["properties"][key]
    return schema


FILES: Mapping[str, Callable[[], str]] = {
    "files/crd.yaml": definition_file,
    "files/access.yaml": access_file,
    "values.schema.json": schema_file,
}
"""What is written, by its path in the chart."""


def main(*, write: bool) -> int:
    """Write the files, or name those that are not current; return the exit code."""
    old = [name for name, make in FILES.items() if not current(name, make())]
    for name in old:
        if write:
            (CHART / name).write_text(FILES[name](), encoding="utf-8")
        sys.stdout.write(f"{'Written' if write else 'Not current'}: {name}\n")
    return 1 if old and not write else 0


def current(name: str, text: str) -> bool:
    """Tell whether a file holds what would be written."""
    path = CHART / name
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    raise SystemExit(main(write="--write" in sys.argv))
