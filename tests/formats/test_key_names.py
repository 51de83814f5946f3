"""What cannot be run here is held against the names that each tool reads, as written in its own source or manual."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from formats import samples
from formats.proving import proves

from webapp.core.formats import FORMATS, render
from webapp.core.providers import PROVIDERS

NAMES: dict[str, Any] = tomllib.loads((Path(__file__).parent / "key_names.toml").read_text(encoding="utf-8"))
PAIRS = [(key, provider) for key in NAMES for provider in FORMATS[key].providers]


def names_of(key: str, provider: str) -> dict[str, Any]:
    """Return what the tool reads for a provider, or for all of them."""
    listed = NAMES[key]
    return listed if "source" in listed else listed[provider]


@proves(
    NAMES, PROVIDERS, "its keys and its type are those that the tool's own source or manual names; the tool is not run"
)
@pytest.mark.parametrize(("key", "provider"), PAIRS)
def test_keys_and_type_are_what_the_source_of_the_tool_names(key: str, provider: str) -> None:
    known = names_of(key, provider)
    made = render(key, samples.source(provider, key), samples.options(key))
    assert made.secret_type == known.get("type", "Opaque")
    assert set(known["needed"]) <= set(made.data)
    patterns = [*map(re.escape, known["needed"]), *known["read"]]
    unread = [name for name in made.data if not any(re.fullmatch(pattern, name) for pattern in patterns)]
    assert unread == [], known["source"]


def test_every_tool_that_is_not_run_has_its_names_written_down() -> None:
    run = {"rclone", "rclone-env", "restic", "restic-rclone", "velero", "aws-credentials", "azure-connection-string",
           "objstore", "openstack-clouds", "google-json", "pgbackrest", "env", "template"}  # fmt: skip
    assert set(FORMATS) - run == set(NAMES)
