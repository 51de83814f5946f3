"""What is shown of a credential in a tool's shape holds its names and none of its secrets."""

from __future__ import annotations

import json

import pytest
from formats import samples
from formats.test_contract import PAIRS

from webapp.core.fields import as_text
from webapp.core.formats import FORMATS, Source, check_options, render
from webapp.core.formats.masking import MASKED, masked

PIECE = 8
"""Characters of a secret in a row that must not be seen."""


HIDDEN_PARTS = {"access_token", "refresh_token", "private_key"}
"""What is secret in a token and in a key file."""


def pieces(text: str) -> set[str]:
    """Return a secret cut into pieces."""
    try:
        parts = [part for name, part in json.loads(text).items() if name in HIDDEN_PARTS]
    except (ValueError, AttributeError):
        parts = [text]
    lines = [line for part in parts for line in part.splitlines() if not line.startswith("-----")]
    return {line[at : at + PIECE] for line in lines for at in range(0, len(line) - PIECE + 1, PIECE)}


@pytest.mark.parametrize(("key", "provider"), PAIRS)
def test_no_piece_of_a_secret_is_seen(key: str, provider: str) -> None:
    source, options = samples.source(provider, key), samples.options(key)
    shown = masked(FORMATS[key], source, check_options(FORMATS[key], options).attributes)
    assert shown.keys() == render(key, source, options).data.keys()
    hidden = {piece for value in source.provider.secret_values(source.attributes) for piece in pieces(as_text(value))}
    assert hidden
    assert {piece for piece in hidden for name, text in shown.items() if piece in text and piece not in name} == set()


@pytest.mark.parametrize(
    "template",
    ["{% if secret_access_key < 'm' %}less{% else %}more{% endif %}", "{{ secret_access_key|length }}"],
    ids=["comparison", "length"],
)
def test_a_template_of_ones_own_does_not_tell_a_secret_piece_by_piece(template: str) -> None:
    told = set[str]()
    for secret in ("a", "zzz"):
        given = samples.source("S3")
        asked = Source("x", given.provider, {**given.attributes, "secret_access_key": secret})
        options = check_options(FORMATS["template"], {"template": template}).attributes
        told |= set(masked(FORMATS["template"], asked, options).values())
    assert len(told) == 1


def test_names_stay_readable() -> None:
    options = check_options(FORMATS["restic"], samples.options("restic")).attributes
    shown = masked(FORMATS["restic"], samples.source("S3", "restic"), options)
    assert shown["AWS_SECRET_ACCESS_KEY"] == MASKED
    assert shown["RESTIC_REPOSITORY"].startswith("s3:https://")
    written = masked(FORMATS["rclone"], samples.source("S3", "rclone"), check_options(FORMATS["rclone"], {}).attributes)
    (text,) = written.values()
    assert f"secret_access_key = {MASKED}" in text
    assert "endpoint = https://s3.example.com:9000" in text
