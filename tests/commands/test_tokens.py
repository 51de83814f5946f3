from __future__ import annotations

import pytest
from commands.conftest import Program


def test_a_token_is_made_listed_and_revoked(program: Program) -> None:
    made = program("token", "add", "Report", "--scope", "read", "--scope", "verify", "--json").data
    assert (made["scopes"], made["token"][:4]) == (["read", "verify"], "bct_")
    plain = program("token", "add", "Forever", "--no-end")
    assert plain.out.startswith("bct_")
    assert "not shown again" in plain.line
    listed = {one["name"]: one for one in program("token", "list", "--json").data}
    assert listed["Forever"]["expires"] is None
    assert listed["Forever"]["scopes"] == ["read"]
    assert "token" not in listed["Report"]
    assert made["token"] not in program("token", "list").out
    assert program("token", "revoke", "report").out == "Revoked “Report”.\n"
    assert [one["name"] for one in program("token", "list", "--json").data] == ["Forever"]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("add", "A", "--scope", "everything"), 1, "Known are read, verify, write, reveal."),
        (("add", "A", "--days", "0"), 2, "--days"),
        (("add", ""), 1, "Enter a name."),
        (("revoke", "A"), 1, "There is no token of this name."),
    ],
    ids=["scope", "days", "name", "unknown"],
)
def test_wrong_input_is_one_line(program: Program, arguments: tuple[str, ...], code: int, sentence: str) -> None:
    ended = program("token", *arguments)
    assert (ended.code, sentence in ended.line) == (code, True), ended.err
    assert program("token", "list", "--json").data == []
