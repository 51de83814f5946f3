"""Passphrases and seeds of a command: typed unseen on a terminal, else read from standard input, never an argument."""

from __future__ import annotations

import getpass
import sys

import click

from webapp.core.errors import PermanentError

LONGEST = 4096


def passphrase(question: str) -> str:
    """Return a passphrase that exists already.

    Raises:
        PermanentError: There is none.
    """
    words = getpass.getpass(question) if sys.stdin.isatty() else sys.stdin.readline(LONGEST).rstrip("\r\n")
    if not words:
        raise PermanentError("Give the passphrase on standard input.", field="passphrase")
    return words


def new_passphrase() -> str:
    """Return a new passphrase: asked twice on a terminal, with its strength.

    Raises:
        SeedError: It protects nothing, or the second one differs.
    """
    from webapp.core.store.backup.protection import check_passphrase, strength  # noqa: PLC0415

    words = passphrase("New passphrase: ")
    again = getpass.getpass("The same again: ") if sys.stdin.isatty() else None
    check_passphrase(words, again)
    found = strength(words)
    click.echo(f"This passphrase is {found.label}; guessing it takes {found.time}. {found.advice}".rstrip(), err=True)
    return words
