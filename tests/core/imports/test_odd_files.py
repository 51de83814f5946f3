"""Imports of files with odd content: what a tool itself reads in them, and nothing less secure."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from webapp.core.errors import PermanentError
from webapp.core.imports import plan, read
from webapp.core.imports.resticenv import variables
from webapp.core.rclone.conffile import read_conf
from webapp.core.rclone.metadata import binary

ODD = '''\ufeff[DEFAULT]\r
shared = from default\r
other = default wins\r
[values]\r
type: s3\r
colon:first = x\r
equals = a=b:c\r
separators = a\u2028b\x85c\x0cd\r
quoted = """ a"""b """\r
ticked = ` a`b `\r
short = `\r
shorter = """"\r
plain = "in quotes" ; and # no comment\r
letters = B\u00fccher \u2603\r
percent = 100%(ok %()s\r
[interpolated]\r
other = own loses\r
key = one\r
keys = two\r
known = 1%(key)s2\r
unknown = a%(nothing)sb\r
twice = %(known)s\r
default = %(shared)s, %(other)s\r
trimmed = %(keys)s\r
[values]\r
colon = merged, and the last one wins\r
'''
"""What unknwon/goconfig reads in a way of its own; CRLF and a byte order mark as Windows writes them."""


def test_an_odd_rclone_conf_is_read_as_rclone_itself_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "rclone.conf"
    file.write_bytes(ODD.encode())
    dump = (str(binary()), "config", "dump", "--config", str(file))
    seen = json.loads(subprocess.run(dump, capture_output=True, check=True, env={}).stdout)
    assert read_conf(ODD) == seen


def test_a_value_that_refers_to_itself_ends() -> None:
    assert set(read_conf("[a]\nx = b%(x)s%(x)s\n")["a"]["x"]) <= set("b%(x)s")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=abc#def", "abc#def"),
        ("A=abc #def", "abc"),
        ("export A='x # y'  # don't", "x # y"),
        (r'A="a\"b#"c\ d', 'a"b#c d'),
        ("A=a\u2028b", "a\u2028b"),
    ],
)
def test_a_value_in_an_environment_file_is_what_a_shell_makes_of_it(line: str, value: str) -> None:
    said = subprocess.run(("sh", "-c", f'{line}\nprintf %s "$A"'), capture_output=True, check=True, text=True).stdout
    assert variables(f"# don't\n{line}\r\n") == {"A": value} == {"A": said}


def test_an_address_that_is_none_is_a_sentence() -> None:
    with pytest.raises(PermanentError, match="RESTIC_REPOSITORY cannot be read"):
        read(b"RESTIC_REPOSITORY=s3:http://[bad/x\n")


@pytest.mark.parametrize(
    ("hosts", "skipped", "note"),
    [
        ("", "", "the host key is not checked until it is discovered"),
        ("known_hosts_file = ~/.ssh/known_hosts", "Its host keys stand in a file", ""),
    ],
)
def test_the_check_of_a_host_key_is_never_given_up_in_silence(hosts: str, skipped: str, note: str) -> None:
    kind, found = read(f"[a]\ntype = sftp\nhost = nas\nuser = anna\nkey_pem = k\n{hosts}\n".encode())
    (item,) = plan(kind, found, frozenset()).items
    assert item.found.note == note
    assert item.found.skipped.startswith(skipped)
    assert bool(item.found.raw.get("skip_host_key_check")) is not bool(skipped)
