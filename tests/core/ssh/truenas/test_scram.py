"""API keys that prove themselves and are never sent: TrueNAS 26 and newer."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode, b64encode

import pytest
from core.ssh.truenas.conftest import API_KEY, OURS, Start, by_key
from servers.authority import Authority
from servers.truenas import State

from webapp.core.errors import PermanentError
from webapp.core.ssh.truenas.login import LogIn
from webapp.core.ssh.truenas.pairing import PairingError, Wish, pair
from webapp.core.ssh.truenas.scram import Scram

NEW = ("v25.10.0", "v26.0.0")


def refusal(url: str, user: str = "truenas_admin", key: str = API_KEY) -> PairingError:
    with pytest.raises(PairingError) as caught:
        pair(Wish(url, LogIn(user, api_key=key)), OURS)
    assert key not in caught.value.message
    return caught.value


def test_the_key_is_proven_and_never_sent(start: Start, state: State, trusted: Authority) -> None:
    by_key(start(versions=NEW, authority=trusted, scram=True).url)
    assert state.users["root"].sshpubkey == OURS
    assert [name for name, _ in state.calls][:3] == ["auth.mechanism_choices", "auth.login_ex", "auth.login_ex"]
    steps = [params[0] for name, params in state.calls if name == "auth.login_ex"]
    assert [(step["mechanism"], step["scram_type"]) for step in steps] == [
        ("SCRAM", "CLIENT_FIRST_MESSAGE"),
        ("SCRAM", "CLIENT_FINAL_MESSAGE"),
    ]
    assert steps[0]["rfc_str"].startswith("n,,n=truenas_admin:7,r=")
    assert API_KEY.partition("-")[2] not in json.dumps(state.calls)


def test_a_remote_that_does_not_tell_its_ways_gets_the_key_as_before(
    start: Start, state: State, trusted: Authority
) -> None:
    by_key(start(versions=NEW, authority=trusted, scram=False).url)
    assert state.calls[0][0] == "auth.mechanism_choices"
    assert state.calls[1][1][0]["mechanism"] == "API_KEY_PLAIN"


@pytest.mark.parametrize(
    ("user", "key"),
    [
        ("truenas_admin", API_KEY[:-1] + "X"),
        ("truenas_admin", "8" + API_KEY[1:]),
        ("nobody", API_KEY),
    ],
    ids=["another key", "another number", "another user"],
)
def test_a_wrong_key_is_refused_on_its_field(
    start: Start, state: State, trusted: Authority, user: str, key: str
) -> None:
    refused = refusal(start(versions=NEW, authority=trusted, scram=True).url, user, key)
    assert (refused.field, "rejected this API key" in refused.message) == ("api_key", True)
    assert {name for name, _ in state.calls} == {"auth.mechanism_choices", "auth.login_ex"}


def test_what_is_no_key_is_never_used(start: Start, state: State, trusted: Authority) -> None:
    refused = refusal(start(versions=NEW, authority=trusted, scram=True).url, key="not a key at all")
    assert (refused.field, state.count("auth.login_ex")) == ("api_key", 0)


def test_a_remote_that_does_not_know_the_key_is_no_remote_of_ours(
    start: Start, state: State, trusted: Authority
) -> None:
    refused = refusal(start(versions=NEW, authority=trusted, scram=True, impostor=True).url)
    assert (refused.field, "did not prove" in refused.message) == ("url", True)
    assert state.count("user.query") == 0


@pytest.mark.parametrize("answer", ["EXPIRED", "DENIED"])
def test_an_account_that_may_not_is_named(start: Start, state: State, trusted: Authority, answer: str) -> None:
    state.accounts["truenas_admin"].answer = answer
    refused = refusal(start(versions=NEW, authority=trusted, scram=True).url)
    assert refused.field == {"EXPIRED": "api_key", "DENIED": "admin_username"}[answer]


def test_security_settings_that_forbid_what_is_sent_plainly_allow_it(
    start: Start, state: State, trusted: Authority
) -> None:
    """Where passwords are forbidden and keys are proven, the key still works."""
    by_key(start(versions=NEW, authority=trusted, scram=True, passwords=False).url)
    assert state.users["root"].sshpubkey == OURS


def server_first(scram: Scram, *, nonce: bytes = b"", rounds: object = 50_000, salt: str = "c2FsdA==") -> str:
    own = b64decode(scram.first().partition(",r=")[2])
    return f"r={b64encode((nonce or own) + bytes(32)).decode()},s={salt},i={rounds}"


def test_the_proof_is_that_of_the_rfc() -> None:
    """Computed once more, from the text of RFC 5802 section 3."""
    scram = Scram("a,b=c", "12-secretKey")
    first = server_first(scram)
    final = scram.final(first)
    bare = scram.first().removeprefix("n,,")
    assert bare.startswith("n=a=2Cb=3Dc:12,r=")
    salted = hashlib.pbkdf2_hmac("sha512", b"secretKey", b"salt", 50_000)
    client_key = hmac.digest(salted, b"Client Key", "sha512")
    message = f"{bare},{first},{final.partition(',p=')[0]}".encode()
    signature = hmac.digest(hashlib.sha512(client_key).digest(), message, "sha512")
    assert b64decode(final.partition(",p=")[2]) == bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
    assert final.startswith("c=biws,r=")
    good = b64encode(hmac.digest(hmac.digest(salted, b"Server Key", "sha512"), message, "sha512")).decode()
    scram.check(f"v={good}")
    for wrong in (f"v={good[:-4]}AA==", f"v={good[:-2]}", "e=other-error", "", f"x={good}"):
        with pytest.raises(PermanentError):
            scram.check(wrong)


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": bytes(32)},
        {"rounds": 49_999},
        {"rounds": 5_000_001},
        {"rounds": "many"},
        {"salt": ""},
        {"salt": "no base64!"},
    ],
    ids=str,
)
def test_an_answer_that_does_not_fit_is_refused(changed: dict[str, object]) -> None:
    scram = Scram("root", "1-key")
    with pytest.raises(PermanentError) as caught:
        scram.final(server_first(scram, **changed))  # pyright: ignore[reportArgumentType]
    assert caught.value.field == "url"


@pytest.mark.parametrize("text", ["", "r=", "m=ext,r=x", "s=c2FsdA==,i=50000"])
def test_a_message_of_something_else_is_refused(text: str) -> None:
    with pytest.raises(PermanentError):
        Scram("root", "1-key").final(text)


def test_nothing_of_the_key_stands_in_a_representation() -> None:
    scram = Scram("root", "1-CANARYkey")
    scram.final(server_first(scram))
    assert "CANARY" not in repr(scram)
