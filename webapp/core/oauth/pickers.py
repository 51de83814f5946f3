"""Lists what a log-in can reach, so that nobody has to know an identifier: drives, sites, shared drives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote, urlsplit

from webapp.core.errors import CredentialError, PermanentError
from webapp.core.fields import Attributes
from webapp.core.oauth.accounts import bearer
from webapp.core.oauth.endpoints import place
from webapp.core.oauth.web import Answer, ask, text
from webapp.core.tokens import Token

PAGES = 20
"""Pages of a list that are read at most."""

TYPES = {"personal": "PERSONAL", "business": "BUSINESS", "documentLibrary": "DOCUMENT_LIBRARY"}
"""Microsoft's names and the field's."""

LABEL = "The provider"


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose: what it fills in, its name, and a line about it."""

    values: Mapping[str, str]
    label: str
    about: str = ""

    @property
    def key(self) -> str:
        """Name it in a form."""
        return next(iter(self.values.values()), "")


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, and sentences on what could not be asked."""

    choices: tuple[Choice, ...]
    notes: tuple[str, ...] = ()


def onedrive_drives(token: Token, attributes: Attributes) -> Found:
    """Return an account's drives: two calls together, since either may leave some out or be refused.

    `/me/drives` may omit the person's own drive (rclone issue 4068) and answers 403 for some personal accounts.
    """
    found: dict[str, Choice] = {}
    notes: list[str] = []
    for address in ("{graph}/v1.0/me/drive", "{graph}/v1.0/me/drives"):
        try:
            for drive in _pages("ONEDRIVE", token, place(address, attributes)):
                choice = _drive(drive)
                found.setdefault(choice.key, choice)
        except CredentialError as error:
            notes.append(error.message)
    if not found:
        notes.append("No drive was found. Enter the drive ID and its type by hand.")
    return Found(tuple(found.values()), tuple(notes) if not found else ())


def sharepoint_drives(token: Token, attributes: Attributes, wanted: str) -> Found:
    """Return the libraries of the SharePoint sites that a text or an address names; an empty one means the root site.

    Raises:
        CredentialError: Microsoft refuses; a site that may not be read is left out with a note.
    """
    found: list[Choice] = []
    notes: list[str] = []
    for site in _sites(token, attributes, wanted.strip()):
        name = text(site, "displayName") or text(site, "name") or text(site, "webUrl")
        address = place("{graph}/v1.0/sites/", attributes) + quote(text(site, "id", limit=400), safe=",") + "/drives"
        try:
            drives = list(_pages("ONEDRIVE", token, address))
        except CredentialError as error:
            notes.append(f"{name}: {error.message}")
            continue
        found += [_drive(drive, f"{name}: ") for drive in drives]
    return Found(tuple(found), tuple(notes) or (() if found else ("No library was found under this name.",)))


def _sites(token: Token, attributes: Attributes, wanted: str) -> Iterator[Mapping[str, Any]]:
    base = place("{graph}/v1.0/sites", attributes)
    if not wanted:
        return _pages("ONEDRIVE", token, f"{base}/root")
    path = urlsplit(wanted).path if "://" in wanted else wanted
    if path.startswith(("/sites/", "/teams/")):
        return _pages("ONEDRIVE", token, f"{base}/root:{quote('/'.join(path.split('/')[:3]))}")
    return _pages("ONEDRIVE", token, f"{base}?search={quote(wanted, safe='')}")


def _drive(drive: Mapping[str, Any], before: str = "") -> Choice:
    kind = text(drive, "driveType")
    values = {"drive_id": text(drive, "id", limit=400), "drive_type": TYPES.get(kind, "BUSINESS")}
    owner = text(drive, "owner", "user", "displayName")
    about = ", ".join(part for part in (kind, owner, text(drive, "webUrl")) if part)
    return Choice(values, before + (text(drive, "name") or "OneDrive"), about)


def shared_drives(token: Token) -> Found:
    """Return an account's shared drives at Google; My Drive is the choice that leaves the field empty.

    Raises:
        CredentialError: Google refuses.
    """
    address = "https://www.googleapis.com/drive/v3/drives?pageSize=100"
    found = [Choice({"team_drive": ""}, "My Drive", "the account's own files")]
    page = ""
    for _ in range(PAGES):
        answer = _asked("GOOGLE_DRIVE", token, f"{address}&pageToken={quote(page)}" if page else address)
        found += [
            Choice({"team_drive": text(drive, "id")}, text(drive, "name") or text(drive, "id"), "shared drive")
            for drive in _list(answer.values.get("drives"))
        ]
        page = text(answer.values, "nextPageToken", limit=2000)
        if not page:
            break
    return Found(tuple(found))


def drive_type(token: Token, attributes: Attributes, drive_id: str) -> str:
    """Return a drive's type as Microsoft names it for the drive's own root, which is the word that counts."""
    address = place("{graph}/v1.0/drives/", attributes) + quote(drive_id, safe="!") + "/root"
    answer = _asked("ONEDRIVE", token, address)
    return TYPES.get(text(answer.values, "parentReference", "driveType"), "")


def _pages(provider_type: str, token: Token, address: str) -> Iterator[Mapping[str, Any]]:
    """Give what a list holds, page after page of the same host; an answer without a list is one thing."""
    host = urlsplit(address).netloc
    for _ in range(PAGES):
        answer = _asked(provider_type, token, address)
        if "value" not in answer.values:
            yield answer.values
            return
        yield from _list(answer.values["value"])
        address = text(answer.values, "@odata.nextLink", limit=4000)
        if not address or urlsplit(address).netloc != host or not address.startswith("https://"):
            return


def _asked(provider_type: str, token: Token, address: str) -> Answer:
    answer = ask("GET", address, authorization=bearer(provider_type, token), label=LABEL)
    if answer.ok:
        return answer
    code = text(answer.values, "error", "code")
    said = f" (it says {code})" if code.isalnum() and not code.isdigit() else f" (status {answer.status})"
    raise PermanentError(f"The provider does not let this log-in list them{said}. They can be entered by hand.")


def _list(found: object) -> list[Mapping[str, Any]]:
    if not isinstance(found, list):
        return []
    return [cast("Mapping[str, Any]", one) for one in cast("list[object]", found) if isinstance(one, dict)]
