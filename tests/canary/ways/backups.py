"""Backups, restores, the seed, rotation and the audit: passphrases, words, keys; every member of every file."""

from __future__ import annotations

import json
import re
import time

import httpx
from canary.house import SEED, House

OWN = "own_password"


def waited(house: House, answer: httpx.Response) -> httpx.Response:
    """Reload a page of progress until it is another one."""
    for _ in range(600):
        if 'id="job"' not in answer.text:
            return answer
        time.sleep(0.1)
        answer = house.open(answer.url.path)
    raise AssertionError("it never ends")


def made_on_the_page(house: House, values: dict[str, str]) -> bytes:
    """Press *Back up now* and return the file, at once or when it is ready."""
    answer = house.send("/settings/backup", {OWN: house.password, **values})
    if answer.headers["content-type"] != "application/zip":
        link = re.search(r'href="([^"]+/file)"', waited(house, answer).text)
        assert link
        answer = house.open(link.group(1))
    house.saw_backup("a backup from the page", answer.content)
    return answer.content


def backups(house: House) -> None:
    """Back up on the page and by command, with the seed and without, weak passphrases and a wrong one included."""
    mint, folder = house.canaries.mint, house.program.folder
    strong = mint("the passphrase of a backup")
    house.send("/settings/backup/strength", {"passphrase": mint("a passphrase being typed")})
    house.send("/settings/backup", {"seed": "1", "passphrase": strong, "again": mint("another passphrase")})
    made_on_the_page(house, {})
    file = made_on_the_page(house, {"seed": "1", "passphrase": strong, "again": strong})
    house.run("backup", str(folder / "by-command.zip"))
    typed = mint("a passphrase on standard input")
    assert house.run("backup", str(folder / "with-seed.zip"), "--seed", "--json", given=typed.encode()).code == 0
    restores(house, file, strong)
    restored = ("restore", str(folder / "with-seed.zip"), "--seed", "--preview")
    assert house.run(*restored, given=mint("a wrong passphrase of a backup").encode()).code == 1
    assert house.run(*restored, given=typed.encode()).code == 0


def restores(house: House, file: bytes, passphrase: str) -> None:
    """Look at a backup and restore it on the page."""
    wrong = {"restore_passphrase": house.canaries.mint("a wrong passphrase on the page")}
    for values in (wrong, {"restore_passphrase": passphrase}):
        upload = {"file": ("backup.zip", file)}
        page = waited(house, house.send("/settings/backup/restore", values, files=upload))
    draft = re.search(r'name="draft" value="([^"]+)"', page.text)
    assert draft
    values = {"draft": draft.group(1), "action": "restore", OWN: house.password}
    assert "restored" in waited(house, house.send("/settings/backup/restore/now", values)).text
    house.send("/settings/backup/restore", {}, files={"file": ("no.zip", file[:900])})


def seeds(house: House) -> None:
    """Export, import and rotate; the key that was made is planted as well."""
    mint = house.canaries.mint
    words = house.program("seed", "export", "--words").out
    for number, line in enumerate(words.splitlines()):
        mint(f"the words of key {number}", line)
    phrase = mint("the passphrase of a seed")
    exported = house.send("/settings/seed/export", {"passphrase": phrase, "again": phrase, OWN: house.password})
    assert exported.content.startswith(b"age-encryption.org")
    house.run("seed", "export", "--json", given=phrase.encode())
    house.send("/settings/seed/import", {"seed": words})  # it is here already
    house.send("/settings/seed/import", {"seed": f"{words} {mint('a word that is none')}"})
    files = {"file": ("seed.age", exported.content)}
    house.send("/settings/seed/import", {"passphrase": mint("a wrong passphrase of a seed")}, files=files)
    house.run("seed", "import", given=words.encode())
    house.run("seed", "give-up", "--yes")
    house.send("/settings/seed/rotate", {OWN: house.password})
    house.run("rotate-key", "--json")
    for key in json.loads((house.program.folder / SEED).read_text())["keys"]:
        house.run("rotate-key", "--retire", key)
    house.run("seed", "ids")


def audits(house: House) -> None:
    """Read the audit in every way there is."""
    for path in (
        "/settings/audit",
        "/settings/audit?outcome=refused",
        "/settings/audit/check",
        "/settings/audit.jsonl",
    ):
        assert house.open(path).status_code == 200
    for command in (("list", "--limit", "10000"), ("export",), ("export", "--json"), ("verify",)):
        assert house.run("audit", *command).code == 0


WAYS = (backups, seeds, audits)
