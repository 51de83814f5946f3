from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from webapp.core.errors import PermanentError
from webapp.core.oauth.vendors import VENDORS
from webapp.core.providers import PROVIDERS
from webapp.core.tokens import Token, unpack_token
from webapp.core.validation import check

PLAIN = {
    "access_token": "at-1",
    "token_type": "bearer",
    "refresh_token": "rt-1",
    "expiry": "2026-01-31T12:00:00.123456789Z",
}
TEXT = json.dumps(PLAIN)
AUTHORIZE = f"Paste the following into your remote machine --->\n{TEXT}\n<---End paste"
PACKED = base64.b64encode(json.dumps({"token": TEXT, "drive_id": "D1"}).encode()).decode()

FORMS = [
    json.dumps(PLAIN, indent=2),
    AUTHORIZE,
    f"'{TEXT}'",
    TEXT.replace('"', '\\"'),
    json.dumps({"accessToken": "at-1", "refreshToken": "rt-1", "expiry": PLAIN["expiry"]}),
    f"[box]\ntype = box\ntoken = {TEXT}\n",
    PACKED,
    f"Paste the following into your remote machine --->\n{PACKED}\n<---End paste",
]


@pytest.mark.parametrize("text", FORMS)
def test_every_pasted_form_becomes_one_line(text: str) -> None:
    token = Token.from_json(unpack_token(text, "BOX")["token"])
    assert (token.access_token, token.refresh_token) == ("at-1", "rt-1")
    assert token.expiry == datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)
    assert "\n" not in unpack_token(text, "BOX")["token"]


def test_what_stands_beside_the_token_comes_along() -> None:
    assert unpack_token(PACKED, "ONEDRIVE")["drive_id"] == "D1"


@pytest.mark.parametrize("provider", ["BOX", "DROPBOX", "PCLOUD"])
def test_a_bare_token_is_wrapped(provider: str) -> None:
    assert json.loads(unpack_token("T9cE5asGnuyYCCqIZFoWjFHvNbvVqHjl", provider)["token"])["access_token"].startswith(
        "T9c"
    )


@pytest.mark.parametrize(
    ("text", "provider", "word"),
    [
        ("ya29.token", "GOOGLE_DRIVE", "authorize"),
        ('{"installed": {"client_id": "x"}}', "GOOGLE_DRIVE", "OAuth client"),
        ('{"type": "service_account"}', "GOOGLE_DRIVE", "service account"),
        ('{"foo": 1}', "BOX", "access_token"),
        ("[box]\ntype = box\n", "BOX", "no token"),
        ('{"a":' * 20_000 + "1" + "}" * 20_000, "BOX", "authorize"),
        ('{"access_token": "abcdefgh", "expiry": "9999-12-31T23:59:59-23:00"}', "BOX", "no time"),
    ],
    ids=range(7),
)
def test_other_things_are_explained(text: str, provider: str, word: str) -> None:
    with pytest.raises(PermanentError, match=word):
        unpack_token(text, provider)


def test_repr_shows_nothing() -> None:
    assert "at-1" not in repr(Token.from_json(TEXT))


@pytest.mark.parametrize(
    ("seconds", "years"), [(10**30, 100), ("9" * 40, 100), ("²", None), (-5, None), (True, None)], ids=str
)
def test_a_life_that_no_clock_can_hold(seconds: object, years: int | None) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    expiry = Token.from_mapping({"access_token": "a", "expires_in": seconds}, now=now).expiry
    assert expiry == (now + timedelta(days=365 * years) if years else None)


def findings(provider: str, token: str) -> str:
    """Return what is found about the field `token` of a form."""
    drive = {"drive_id": "d"} if provider == "ONEDRIVE" else {}
    return " ".join(check(PROVIDERS[provider], {"token": token, **drive}).errors.get("token", []))


@pytest.mark.parametrize("mine", VENDORS)
@pytest.mark.parametrize("other", [*VENDORS, "SFTP"])
def test_a_section_of_another_provider_is_refused_by_name(mine: str, other: str) -> None:
    section = f"[remote]\ntype = {PROVIDERS[other].rclone_type}\ntoken = {TEXT}\n"
    said = findings(mine, section)
    named = {PROVIDERS[other].label, PROVIDERS[mine].label}
    assert all(label in said for label in named) is (mine != other)
    assert "at-1" not in said


@pytest.mark.parametrize(
    ("access", "label", "own"),
    [
        ("ya29.A0Af_made-up", "Google", {"GOOGLE_DRIVE", "GOOGLE_PHOTOS"}),
        ("sl.B_made-up", "Dropbox", {"DROPBOX"}),
        ("y0_AgAAmade-up", "Yandex", {"YANDEX"}),
    ],
)
@pytest.mark.parametrize("mine", VENDORS)
def test_a_token_that_shows_whose_it_is(mine: str, access: str, label: str, own: set[str]) -> None:
    said = findings(mine, json.dumps({**PLAIN, "access_token": access}))
    assert (f"was made by {label}" in said) is (mine not in own)
    assert access not in said
