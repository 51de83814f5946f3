"""No secret comes out: canaries are planted wherever a secret goes in, and everything that comes out is searched.

How it is built, for whoever adds a way in or out:

- `canaries.py` makes the values and searches for each in every form: as it is, in URLs, HTML, JSON, hexadecimal, inside
  base64 at any place, line by line of a private key.
- `planting.py` gives values for every secret field of every provider. A new secret field fails this test until it has
  a canary.
- `house.py` is the program as people meet it: a server in a process of its own, a log-in, the command line beside it.
  It notes every answer (headers too), all that commands print, the server's log, every file of the data folder.
- `processes.py` reads the arguments of all processes and the environment of rclone while all that goes on.
- `ways/` has one module per area. Add yours: a function that takes the house, plants with `house.canaries.mint`, and
  goes through `house.open`, `house.send` and `house.run`; name it in `WAYS` of your module and your module in
  `ways/__init__.py`.

Verifications go to a server that says back all that it was sent, and to the fake internet.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from html import escape
from urllib.parse import quote, quote_plus

import pytest
from canary.canaries import Canaries
from canary.echo import echoing
from canary.house import opened
from canary.processes import Watch
from canary.ways import WAYS
from servers.fake_internet.starting import Internet


@pytest.fixture(scope="module")
def canaries(internet: Internet, tmp_path_factory: pytest.TempPathFactory) -> Canaries:
    """All ways gone, once."""
    made = Canaries()
    folder = tmp_path_factory.mktemp("canary") / "data"
    quiet = {"BACKUP_CREDENTIALS_REVERIFY_HOURS": "0", **internet.environment}
    with Watch() as watch, echoing() as echo, opened(folder, echo, made, quiet) as house:
        for way in WAYS:
            way(house)
    for where, content in watch.seen:
        made.saw(where, content)
    assert len(watch.rclones) > 20
    return made


def test_nothing_came_out(canaries: Canaries) -> None:
    found = canaries.found()
    assert not found, f"{len(found)} times:\n" + "\n".join(sorted(set(found))[:40])


def test_enough_was_planted_and_seen(canaries: Canaries) -> None:
    assert len(canaries.planted) > 100
    kinds = {sight.where.split(" ")[1] for sight in canaries.sights}
    assert {"answer", "log", "file", "backup", "arguments", "environment", "`show", "`audit"} <= kinds, kinds


ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "URL": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "HTML": escape,
    "JSON": lambda text: json.dumps({"a": text}),
    "hexadecimal": lambda text: text.encode().hex(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("before", ["", "u", "u:", "user:", "{'a': '"])
def test_a_canary_that_comes_out_is_found_in_any_form(before: str, encoding: str) -> None:
    made = Canaries()
    for value in (made.mint("made up"), made.mint("given", "another/value+of=mine&more")):
        made.sights.clear()
        made.saw("here", "before " + ENCODINGS[encoding](f"{before}{value} and more"))
        assert made.found()
