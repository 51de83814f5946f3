"""Kills processes around a renewal, many times, and looks each time whether the token was lost.

`python killed.py FOLDER CREDENTIAL ROUNDS` prints a line of JSON. One process is loaded once and forks: a child opens
the store and renews again and again; it is killed at a random moment; then what is stored must still renew.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import urllib.request
from pathlib import Path

from webapp.core.errors import CredentialError
from webapp.core.oauth import refresh
from webapp.core.oauth.accounts import account_name
from webapp.core.store import KeyRing, Store, open_store
from webapp.core.tokens import Token

refresh.LEASE, refresh.WAIT = 0.15, 20.0  # a lock of the dead ends soon, so that a round is short


def opened(folder: Path) -> Store:
    return open_store(f"sqlite:///{folder}/s.db", KeyRing.from_file(folder / "seed.json", create=True))


def renew_and_use(folder: Path, identifier: str) -> None:
    """Renew and use the new token, over and over, until the end comes from outside."""
    store = opened(folder)
    while True:
        refresh.TokenDoor(store, by="killed").renew_now(identifier)
        token = Token.from_json(str(store.credentials.get(identifier).attributes["token"]))
        account_name("BOX", token, {})


def generation(family: str) -> int:
    """Return how many pairs the vendor has handed out."""
    with urllib.request.urlopen("http://fake.test/generations", timeout=10) as said:
        return json.load(said).get(family, 0)


def round_of(folder: Path, identifier: str, family: str, longest: float) -> tuple[bool, bool]:
    """Kill one process and tell whether the token still lives, and whether the vendor was ahead of the store."""
    child = os.fork()
    if child == 0:
        try:
            renew_and_use(folder, identifier)
        except CredentialError:
            os._exit(3)
        finally:
            os._exit(4)
    time.sleep(random.uniform(0.0, longest))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    store = opened(folder)
    try:
        stored = Token.from_json(str(store.credentials.get(identifier).attributes["token"])).refresh_token
        ahead = generation(family) > int(stored.rpartition("-")[2])
        refresh.TokenDoor(store, by="survivor").renew_now(identifier)
        return not getattr(store.logins.find(identifier), "needs_login", True), ahead
    except CredentialError:
        return False, False
    finally:
        store.close()


def main() -> None:
    folder, identifier, family, rounds = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    started = time.monotonic()
    store = opened(folder)
    refresh.TokenDoor(store, by="first").renew_now(identifier)
    store.close()
    longest = 1.5 * (time.monotonic() - started)
    found = [round_of(folder, identifier, family, longest) for _ in range(rounds)]
    sys.stdout.write(json.dumps({"alive": sum(alive for alive, _ in found), "ahead": sum(ahead for _, ahead in found)}))


if __name__ == "__main__":
    main()
