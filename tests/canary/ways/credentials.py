"""Cloud credentials: the form, its fragments and errors, the list, the command line."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from canary.house import House
from canary.planting import planted

from webapp.core.providers import PROVIDERS
from webapp.core.providers.base import Support
from webapp.core.store import KeyRing, open_store

BASE = "/cloud-credentials"


def fields_of(values: Mapping[str, str]) -> dict[str, str]:
    """Return values as the form sends them."""
    return {f"value.{key}": value for key, value in values.items()}


def through_the_form(house: House) -> None:
    """Change the provider, verify, be refused, be asked, save, verify again: each with what a browser sends."""
    for number, given in enumerate(planted(house.canaries, "form", house.echo)):
        form = house.drafted(f"{BASE}/add?provider={given.provider.type}") | fields_of(given.values)
        form |= {"provider": given.provider.type, "name": f"Form {number}"}
        house.send(f"{BASE}/fields", form, fragment=True)
        followed(house, house.send(f"{BASE}/verify", form, fragment=True).text)
        if number % 8 == 0:
            house.send(f"{BASE}/verify", form)
        house.send(f"{BASE}/add", {**form, "name": "", "action": "save"})
        house.send(f"{BASE}/add", {**form, "action": "save"})
        house.send(f"{BASE}/add", {**form, "action": "save", "confirm": "yes"})


def followed(house: House, text: str) -> None:
    """Ask for the progress of a check as the page does, until it has ended."""
    while again := re.search(rf'hx-get="({BASE}/[^"]+)"', text):
        text = house.open(html.unescape(again.group(1)), HX_Request="true", HX_Request_Type="partial").text


def every_page_of_each(house: House) -> None:
    """Open all pages of every stored credential, and verify it."""
    for number, stored in enumerate(house.stored):
        own = f"{BASE}/{stored['id']}"
        for page in ("", "/use", "/rename", "/delete"):
            house.open(own + page)
        if number % 6 == 0:
            followed(house, house.send(f"{own}/verify", {}, fragment=True).text)
    house.open(f"{BASE}/?text=Form")


def an_edit_that_is_late(house: House) -> None:
    """Change a secret in two windows: the second is shown what differs."""
    for stored in house.stored[:4]:
        own = f"{BASE}/{stored['id']}"
        first, second = house.drafted(own), house.drafted(own)
        secret = house.canaries.mint(f"{stored['name']}, changed in another window")
        house.send(own, {**first, "name": stored["name"], "action": "save", "value.pass": secret})
        house.send(own, {**first, "name": f"{stored['name']} too", "action": "save", "confirm": "yes"})
        house.send(own, {**second, "name": "Late", "action": "save", "value.pass": secret, "confirm": "yes"})


def bad_input(house: House) -> None:
    """Send secrets where and as they do not belong."""
    mint = house.canaries.mint
    form = house.drafted(f"{BASE}/add?provider=WEBDAV") | {"provider": "WEBDAV", "name": "Bad", "action": "save"}
    for trouble in ("\0", "\n", "\ud800", "x" * 70_000):
        secret = mint(f"a password with {trouble[:1]!r}") + trouble
        house.send(f"{BASE}/add", {**form, "value.pass": secret.encode(errors="surrogatepass").decode("latin-1")})
    house.send(f"{BASE}/add", {**form, "value.url": f"https://user:{mint('in an address').replace('/', '')}@h/"})
    house.send(f"{BASE}/add", {**form, "value.unknown": mint("an unknown field")})
    house.send(f"{BASE}/add", {**form, "provider": "NOPE", "value.pass": mint("an unknown provider")})
    house.send(f"{BASE}/verify", {**form, "csrf_token": "none", "value.pass": mint("a form without its token")})
    house.send(f"{BASE}/no-such-id", {**form, "value.pass": mint("a credential that is not there")})
    house.send(f"{BASE}/add", {**form, "value.pass": mint("two megabytes") + "x" * 2_000_000})
    house.send("/nowhere", {"value.pass": mint("a page that is not there")})


def the_command_line(house: House) -> None:
    """Add, show, list and verify; send what is no object and what no field takes."""
    for number, given in enumerate(planted(house.canaries, "command", house.echo)):
        if number % 6:
            continue  # the form has had them all
        house.run("add", f"Command {number}", "--provider", given.provider.type, given=given.values)
        house.run("show", f"Command {number}", *(("--json",) if number % 2 else ()))
    house.run("verify", "--provider", given.provider.type, "--json", given=given.values)
    house.run("verify", f"Command {number - number % 6}")
    house.run("change", "Command 0", "--json", given={"nope": house.canaries.mint("an unknown field, changed")})
    secret = next(field.key for field in next(iter(PROVIDERS.values())).fields if field.secret)
    house.run("change", "Command 0", "--json", given={secret: house.canaries.mint("a changed secret, command")})
    wrong = house.canaries.mint("a secret in broken JSON")
    house.run("add", "X", "--provider", "FTP", given=f'{{"pass": "{wrong}"'.encode())
    house.run("add", "X", "--provider", "FTP", given={"pass": [house.canaries.mint("a secret in a list")]})
    house.run("list", "--json")
    house.run("list")


def every_secret_field_was_planted(house: House) -> None:
    """Fail when a provider has a secret field that this test knows nothing of."""
    seed = KeyRing.from_file(house.program.folder / "secret-seed.json", create=False)
    store = open_store(f"sqlite:///{house.program.folder}/backup-credentials.db", seed)
    stored = store.credentials.search(size=1000).items
    store.close()
    seen = {(one.provider, key) for one in stored for key in one.attributes}
    creatable = [provider for provider in PROVIDERS.values() if provider.support is not Support.UNSUPPORTED]
    secret = {(provider.type, field.key) for provider in creatable for field in provider.fields if field.secret}
    assert secret <= seen, f"not stored anywhere: {secret - seen}"


WAYS = (through_the_form, every_page_of_each, an_edit_that_is_late, bad_input, the_command_line,
        every_secret_field_was_planted)  # fmt: skip
