"""The ways in and out, one module per area of the program.

A way is a function `way(house)`: it plants values with `house.canaries.mint`, sends them in through `house`, and uses
whatever may show them. What goes through `house.open`, `send` and `run` is searched. What is handed out on purpose
(`--reveal`, `exec`, a download) is used through `house.program` or `house.client`, so that it is not.
"""

from __future__ import annotations

from collections.abc import Callable

from canary.house import House
from canary.ways import accounts, backups, credentials, formats, imports, logins, programs, ssh

Way = Callable[[House], None]

WAYS: tuple[Way, ...] = (
    *credentials.WAYS,
    *formats.WAYS,
    *imports.WAYS,
    *ssh.WAYS,
    *logins.WAYS,
    *backups.WAYS,
    *programs.WAYS,
    *accounts.WAYS,
)
"""Every way there is; they are gone in this order, on one house."""
