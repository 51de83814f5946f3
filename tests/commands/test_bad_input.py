"""Whatever comes in, a person reads one line, nothing changes, and no value is repeated."""

from __future__ import annotations

import json
from typing import Any

import pytest

FINE = {"host": "h.example.com", "user": "u", "pass": "canary-value", "encryption": "EXPLICIT"}


def text(**changed: object) -> bytes:
    return json.dumps({**FINE, **changed}).encode()


NO_JSON = {
    "nothing": b"",
    "blanks": b" \n",
    "broken": b'{"host": "canary-value"',
    "a list": b'["canary-value"]',
    "a text": b'"canary-value"',
    "null": b"null",
    "not UTF-8": b'{"host": "canary-value\xff"}',
    "UTF-16": '{"host": "canary-value"}'.encode("utf-16"),
    "NaN": b'{"port": NaN, "host": "canary-value"}',
    "twice": b'{"pass": "canary-value", "pass": "canary-value2"}',
    "twice inside": b'{"host": {"a": 1, "a": "canary-value"}}',
    "deep": b"[" * 100_000,
    "digits": b'{"port": ' + b"9" * 10_000 + b"}",
    "2 MB": text(host="a" * 2_000_000),
    "a second object": b'{"host": "canary-value"} {}',
}


@pytest.mark.parametrize("given", NO_JSON.values(), ids=NO_JSON)
@pytest.mark.parametrize("command", [("add", "X"), ("verify",)], ids=["add", "verify"])
def test_what_is_no_object_of_values_is_wrong_usage(program: Any, command: tuple[str, ...], given: bytes) -> None:
    ended = program(*command, "--provider", "FTP", given=given)
    assert ended.code == 2
    assert ended.line.startswith("Error: ")
    assert "canary" not in ended.err + ended.out
    assert not program.folder.exists()


WRONG = {
    "host": {
        "a number": 5,
        "a list": ["h"],
        "an object": {"a": 1},
        "NUL": "h\0canary-value",
        "lone surrogate": "h\ud800canary-value",
        "two lines": "canary-value\nh",
        "a path": "/canary-value",
        "an address with log-in": "ftp://canary-value:canary@h",
        "long": "a" * 5000,
        "blanks inside": "canary value",
        "quotes": "'''canary-value'''",
        "back-ticks": "`canary-value`",
        "format": "%(canary)s",
        "missing": None,
    },
    "port": {"a text": "many", "zero": 0, "large": 65536, "a fraction": 1.5, "yes": True},
    "pass": {"the mask": "********", "NUL": "a\0b", "two lines": "a\nb", "surrogate": "\udfff"},
    "encryption": {"unknown": "canary-value", "a number": 1},
    "shell": {"unknown field": "canary-value"},
}
CASES = [pytest.param(field, value, id=f"{field}: {name}") for field, of in WRONG.items() for name, value in of.items()]


@pytest.mark.parametrize(("field", "value"), CASES)
def test_a_wrong_value_is_told_at_its_field(program: Any, field: str, value: object) -> None:
    ended = program("add", "X", "--provider", "FTP", given=text(**{field: value}))
    assert ended.code == 1
    assert ended.line.startswith(f"Error: {field}: ")
    assert "canary" not in ended.err + ended.out
    assert program("list", "--json").data == []


@pytest.mark.parametrize("value", ["%(x)s", "`id`", "'''", '"""', "$(id)", "a;b", "ü€😀", " kept "])
def test_odd_characters_in_a_password_are_kept(program: Any, value: str) -> None:
    assert program("add", "X", "--provider", "FTP", given=text(**{"pass": value})).code == 0
    assert program("show", "X", "--reveal", "--json").data["attributes"]["pass"] == value


@pytest.mark.parametrize("name", ["", "  ", "a\x07b", "a\nb", "x" * 101, b"a\xff"])
def test_a_wrong_name_is_told(program: Any, name: str | bytes) -> None:
    ended = program("add", name, "--provider", "FTP", given=text())
    assert ended.code == 1
    assert ended.line.startswith("Error: name: ")
    assert program("list", "--json").data == []


@pytest.mark.parametrize("name", ["é", "备份", "x" * 100, "-- --", "%(x)s", "'; DROP TABLE credential; --"])
def test_any_script_is_a_name(program: Any, name: str) -> None:
    assert program("add", "--provider", "FTP", "--", name, given=text()).code == 0
    assert [found["name"] for found in program("list", "--json").data] == [name]


@pytest.mark.parametrize("provider", ["NOPE", "", "S3\x00"[:2] + "/", "../S3"])
def test_an_unknown_provider_is_wrong_usage(program: Any, provider: str) -> None:
    ended = program("add", "X", "--provider", provider, given=text())
    assert ended.code == 2
    assert "Known are S3, " in ended.line


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "X", "--provider", "FTP", "pass=canary-value"),
        ("add", "X", "--provider", "FTP", "--pass", "canary-value"),
        ("add", "X", "--provider", "FTP", "--pass=canary-value"),
        ("add", "X", "--provider", "FTP", "--json=canary-value"),
        ("verify", "--provider", "FTP", "X", "canary-value"),
        ("show", "X", "canary-value"),
    ],
    ids=" ".join,
)
def test_values_as_arguments_are_refused_and_not_repeated(program: Any, arguments: tuple[str, ...]) -> None:
    ended = program(*arguments, given=text())
    assert ended.code == 2
    assert "canary" not in ended.line


def test_a_provider_that_is_gone_cannot_be_added(program: Any) -> None:
    ended = program("add", "X", "--provider", "HUBIC", given={"token": "{}"})
    assert ended.code == 1
    assert ended.line.startswith("Error: provider: ")
