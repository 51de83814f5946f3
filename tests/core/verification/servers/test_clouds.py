"""Verification of the providers that only the fake internet has: accepted, refused, ended, slow, faulty."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from typing import ClassVar

import pytest
from core.oauth.clicking import logged_in
from core.verification.proving import NOTHING, Proves
from servers.fake_internet import clouds, entra, mega
from servers.fake_internet.starting import Internet
from servers.fake_internet.tokens import CLIENT, CLIENT_SECRET, LIMITED_ACCOUNT, SERVICE_ACCOUNT

from webapp.core.fields import as_text
from webapp.core.oauth.refresh import TokenDoor
from webapp.core.oauth.service import LoginService
from webapp.core.providers import PROVIDERS
from webapp.core.store import KeyRing, Store, open_store
from webapp.core.validation import check
from webapp.core.verification.daemons import DaemonPool
from webapp.core.verification.proofs import FAKE, Case
from webapp.core.verification.states import Result, State
from webapp.core.verification.verifier import Verifier

pytestmark = pytest.mark.server
OAUTH = ("BOX", "DROPBOX", "GOOGLE_DRIVE", "GOOGLE_PHOTOS", "ONEDRIVE", "PCLOUD", "YANDEX")
FAR, PAST = "2099-01-01T00:00:00Z", "2020-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("store")
    made = open_store(f"sqlite:///{folder}/s.db", KeyRing.from_file(folder / "seed.json", create=True))
    yield made
    made.close()


@pytest.fixture(scope="module")
def verifier(internet: Internet, store: Store) -> Iterator[Verifier]:
    """A verifier whose daemons and token renewals reach the fake internet only."""
    pool = DaemonPool(2, environment=internet.environment)
    pool.start()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in internet.environment.items():
            patch.setenv(name, value)
        yield Verifier(pool, tokens=TokenDoor(store, by="tests"))
    pool.stop()


def token(access: str = "good-a", refresh: str = "", expiry: str = FAR) -> str:
    return json.dumps(
        {"access_token": access, "token_type": "Bearer", "refresh_token": refresh or "keep-x-0", "expiry": expiry}
    )


def values(provider: str, given: str) -> dict[str, object]:
    """Return what a person types into the form."""
    more = {"ONEDRIVE": {"drive_id": "canary-drive", "drive_type": "PERSONAL"}}.get(provider, {})
    return {"client_id": CLIENT, "client_secret": CLIENT_SECRET, "token": given, **more}


def verify(verifier: Verifier, provider: str, typed: Mapping[str, object]) -> Result:
    checked = check(PROVIDERS[provider], typed)
    assert checked.ok, checked.errors
    result = verifier.verify(checked.provider, checked.attributes)
    hidden = {as_text(value) for value in checked.provider.secret_values(checked.attributes)}
    assert not [secret for secret in hidden if secret in f"{result.message} {result.detail}"]
    return result


@pytest.mark.parametrize("provider", OAUTH)
class TestOAuth:
    def test_accepted(self, verifier: Verifier, proves: Proves, provider: str) -> None:
        result = verify(verifier, provider, values(provider, token()))
        proves(Case.ACCEPTED, provider, result, State.VALID, against=FAKE)

    def test_an_unknown_token_is_invalid_at_its_field(self, verifier: Verifier, proves: Proves, provider: str) -> None:
        result = verify(verifier, provider, values(provider, token("bad-CANARY-token")))
        proves(Case.REJECTED, provider, result, State.INVALID, "token", against=FAKE, said="rejected the token")
        assert "bad-CANARY-token" not in result.detail

    def test_denied(self, verifier: Verifier, proves: Proves, provider: str) -> None:
        result = verify(verifier, provider, values(provider, token("denied-a")))
        proves(Case.DENIED, provider, result, State.INVALID, "token", against=FAKE, said="may not do this")

    def test_too_many_requests_is_no_verdict(self, verifier: Verifier, provider: str) -> None:
        result = verify(verifier, provider, values(provider, token("slow-a")))
        assert result.state is State.UNREACHABLE

    def test_a_fault_of_the_service_is_no_verdict(self, verifier: Verifier, provider: str) -> None:
        result = verify(verifier, provider, values(provider, token("fault-a")))
        assert result.state is State.UNREACHABLE

    def test_an_ended_token_is_renewed_and_handed_back(self, verifier: Verifier, proves: Proves, provider: str) -> None:
        family = f"renew{provider}"
        result = verify(verifier, provider, values(provider, token("bad-old", f"once-{family}-0", PAST)))
        if provider == "PCLOUD":  # makes no such tokens; one all the same would be renewed
            assert result.state is State.VALID
        else:
            proves(Case.RENEWED, provider, result, State.VALID, against=FAKE)
        assert json.loads(result.replaced["token"])["refresh_token"] == f"once-{family}-1"

    def test_one_that_was_revoked_says_to_log_in_again(self, verifier: Verifier, proves: Proves, provider: str) -> None:
        result = verify(verifier, provider, values(provider, token("bad-old", "gone-x-0", PAST)))
        if provider == "PCLOUD":
            assert (result.state, result.field) == (State.INVALID, "token")
        else:
            proves(Case.ENDED, provider, result, State.INVALID, "token", against=FAKE, said="no longer be renewed")
        assert "Log in at the provider again" in result.message

    def test_one_that_ended_and_has_no_refresh_token(self, verifier: Verifier, proves: Proves, provider: str) -> None:
        ended = json.dumps({"access_token": "good-a", "expiry": PAST})
        result = verify(verifier, provider, values(provider, ended))
        if provider != "PCLOUD":
            proves(Case.ENDED, provider, result, State.INVALID, "token", against=FAKE, said="has no refresh_token")

    def test_a_log_in_that_is_busy_is_no_verdict(self, verifier: Verifier, provider: str) -> None:
        result = verify(verifier, provider, values(provider, token("bad-old", "busy-x-0", PAST)))
        assert result.state is State.UNREACHABLE

    def test_a_reply_that_rclone_dies_of_hits_nobody_else(self, verifier: Verifier, provider: str) -> None:
        hit = verify(verifier, provider, values(provider, token("crash-a")))
        assert hit.state in {State.UNREACHABLE, State.INVALID, State.VALID}
        assert hit.message
        assert verify(verifier, provider, values(provider, token())).state is State.VALID

    def test_one_that_hangs_is_cancelled_at_once(self, verifier: Verifier, provider: str) -> None:
        checked = check(PROVIDERS[provider], values(provider, token("hang-a")))
        cancel = threading.Event()
        threading.Timer(0.5, cancel.set).start()
        begun = time.monotonic()
        assert verifier.verify(checked.provider, checked.attributes, cancel=cancel).state is State.CANCELLED
        assert time.monotonic() - begun < 10

    def test_a_wrong_client_is_said_at_its_field(self, verifier: Verifier, provider: str) -> None:
        typed = values(provider, token("bad-old", "keep-x-0", PAST)) | {"client_secret": "CANARY-wrong"}
        result = verify(verifier, provider, typed)
        assert (result.state, result.field) == (State.INVALID, "client_id")


class TestServiceAccount:
    @pytest.mark.parametrize("provider", ["GOOGLE_CLOUD_STORAGE", "GOOGLE_DRIVE"])
    def test_right_wrong_and_unknown(
        self, verifier: Verifier, proves: Proves, internet: Internet, provider: str
    ) -> None:
        name = "service_account_credentials"
        right = verify(verifier, provider, {name: internet.service_account})
        proves(Case.ACCEPTED, provider, right, State.VALID, against=FAKE)
        wrong = verify(verifier, provider, {name: internet.other_key})
        proves(Case.REJECTED, provider, wrong, State.INVALID, name, against=FAKE, said="rejected")
        stranger = internet.service_account.replace("robot@", "nobody@")
        unknown = verify(verifier, provider, {name: stranger})
        assert (unknown.state, unknown.field) == (State.INVALID, name)

    def test_buckets(self, verifier: Verifier, proves: Proves, internet: Internet) -> None:
        typed: dict[str, object] = {"service_account_credentials": internet.service_account}
        found = verify(verifier, "GOOGLE_CLOUD_STORAGE", typed | {"verify_target": "alpha"})
        assert found.state is State.VALID
        missing = verify(verifier, "GOOGLE_CLOUD_STORAGE", typed | {"verify_target": "no-such-bucket"})
        proves(Case.PLACE, "GOOGLE_CLOUD_STORAGE", missing, State.MISCONFIGURED, "verify_target", against=FAKE)
        denied = verify(verifier, "GOOGLE_CLOUD_STORAGE", typed | {"verify_target": "denied"})
        proves(Case.DENIED, "GOOGLE_CLOUD_STORAGE", denied, State.INVALID, "verify_target", against=FAKE)

    def test_one_that_may_not_list(self, verifier: Verifier, proves: Proves, internet: Internet) -> None:
        limited = internet.service_account.replace(SERVICE_ACCOUNT, LIMITED_ACCOUNT)
        result = verify(verifier, "GOOGLE_CLOUD_STORAGE", {"service_account_credentials": limited})
        proves(Case.DENIED, "GOOGLE_CLOUD_STORAGE", result, State.VALID_LIMITED, "verify_target", against=FAKE)


class TestB2:
    right: ClassVar[dict[str, object]] = {"account": clouds.B2_ID, "key": clouds.B2_KEY}

    def test_right_wrong_and_missing(self, verifier: Verifier, proves: Proves) -> None:
        proves(Case.ACCEPTED, "B2", verify(verifier, "B2", self.right), State.VALID, against=FAKE)
        assert verify(verifier, "B2", self.right | {"verify_target": "alpha"}).state is State.VALID
        wrong = verify(verifier, "B2", self.right | {"key": "K001CANARYwrong"})
        proves(Case.REJECTED, "B2", wrong, State.INVALID, "key", against=FAKE)
        missing = verify(verifier, "B2", self.right | {"verify_target": "no-such-bucket"})
        proves(Case.PLACE, "B2", missing, State.MISCONFIGURED, "verify_target", against=FAKE)

    def test_a_key_that_may_not_list(self, verifier: Verifier, proves: Proves) -> None:
        result = verify(verifier, "B2", self.right | {"account": clouds.B2_LIMITED})
        proves(Case.DENIED, "B2", result, State.VALID_LIMITED, "verify_target", against=FAKE)


class TestServicePrincipalOfAzure:
    right: ClassVar[dict[str, object]] = {
        "account": entra.ACCOUNT,
        "tenant": entra.TENANT,
        "client_id": entra.PRINCIPAL,
        "client_secret": entra.SECRET,
    }

    def test_right(self, verifier: Verifier) -> None:
        assert verify(verifier, "AZUREBLOB", self.right).state is State.VALID

    def test_one_without_a_role(self, verifier: Verifier) -> None:
        result = verify(verifier, "AZUREBLOB", self.right | {"client_id": entra.LIMITED})
        assert (result.state, result.field) == (State.VALID_LIMITED, "verify_target")

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("client_secret", "CANARY-wrong", "rejected"),
            ("client_secret", entra.ENDED, "has ended"),
            ("client_id", "nobody", "client ID"),
            ("tenant", "nowhere", "tenant ID"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field(self, verifier: Verifier, field: str, value: str, said: str) -> None:
        result = verify(verifier, "AZUREBLOB", self.right | {field: value})
        assert (result.state, result.field) == (State.INVALID, field)
        assert said in result.message
        assert "CANARY" not in repr(result)


class TestMega:
    def test_right_then_wrong_password_of_the_same_user(self, verifier: Verifier, proves: Proves) -> None:
        right: dict[str, object] = {"user": mega.USER, "pass": mega.PASSWORD}
        proves(Case.ACCEPTED, "MEGA", verify(verifier, "MEGA", right), State.VALID, against=FAKE)
        wrong = verify(verifier, "MEGA", right | {"pass": "CANARY-wrong"})
        proves(Case.REJECTED, "MEGA", wrong, State.INVALID, "pass", against=FAKE)


def test_a_session_token_of_aws_that_has_ended(verifier: Verifier, proves: Proves) -> None:
    """No open server of S3 here ends a session token."""
    keys = {"access_key_id": "ASIACANARYCANARYCANA", "secret_access_key": "x" * 40, "session_token": "CANARY-session"}
    result = verify(verifier, "S3", {"provider": "AWS", "region": "eu-central-1", **keys})
    proves(Case.ENDED, "S3", result, State.INVALID, "session_token", against=FAKE)


class TestWrongPlaces:
    def test_a_drive_that_is_not_there(self, verifier: Verifier, proves: Proves) -> None:
        result = verify(verifier, "ONEDRIVE", values("ONEDRIVE", token()) | {"drive_id": "another-drive"})
        proves(Case.PLACE, "ONEDRIVE", result, State.MISCONFIGURED, "drive_id", against=FAKE)

    @pytest.mark.parametrize("region", ["us", "de", "cn"])
    def test_the_other_clouds_of_microsoft(
        self, verifier: Verifier, proves: Proves, store: Store, internet: Internet, region: str
    ) -> None:
        """A token is good in the cloud that made it, and nowhere else."""
        logins, drive = LoginService(store), {"drive_id": "canary-drive", "drive_type": "BUSINESS"}
        made = {place: logged_in(logins, internet, "ONEDRIVE", region=place).values for place in ("", region)}
        right = verify(verifier, "ONEDRIVE", {**made[region], **drive})
        proves(Case.ACCEPTED, "ONEDRIVE", right, State.VALID, against=FAKE)
        wrong = verify(verifier, "ONEDRIVE", {**made[""], **drive, "region": region})
        proves(
            Case.PLACE, "ONEDRIVE", wrong, State.INVALID, "token", against=FAKE, said="which cloud the account is in"
        )

    def test_a_shared_drive_that_is_not_there(self, verifier: Verifier, proves: Proves) -> None:
        typed = values("GOOGLE_DRIVE", token())
        assert verify(verifier, "GOOGLE_DRIVE", typed | {"team_drive": clouds.SHARED_DRIVE}).state is State.VALID
        wrong = verify(verifier, "GOOGLE_DRIVE", typed | {"team_drive": "0Anobodys"})
        proves(Case.PLACE, "GOOGLE_DRIVE", wrong, State.MISCONFIGURED, "team_drive", against=FAKE)

    def test_the_other_region_of_pcloud(
        self, verifier: Verifier, proves: Proves, store: Store, internet: Internet
    ) -> None:
        typed = dict(logged_in(LoginService(store), internet, "PCLOUD", "eu-mary").values)
        right = verify(verifier, "PCLOUD", {**typed})
        proves(Case.ACCEPTED, "PCLOUD", right, State.VALID, against=FAKE)
        wrong = verify(verifier, "PCLOUD", {**typed, "hostname": "api.pcloud.com"})
        proves(Case.PLACE, "PCLOUD", wrong, State.INVALID, "token", against=FAKE, said="hostname")


@pytest.fixture(scope="module")
def cut_off(internet: Internet) -> Iterator[Verifier]:
    """A verifier whose way out leads nowhere."""
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    pool = DaemonPool(1, environment=internet.environment | nowhere)
    pool.start()
    yield Verifier(pool)
    pool.stop()


@pytest.mark.parametrize("provider", [*OAUTH, "B2", "MEGA", "GOOGLE_CLOUD_STORAGE"])
def test_out_of_reach(cut_off: Verifier, proves: Proves, internet: Internet, provider: str) -> None:
    typed: dict[str, dict[str, object]] = {
        "B2": {"account": clouds.B2_ID, "key": clouds.B2_KEY},
        "MEGA": {"user": mega.USER, "pass": mega.PASSWORD},
        "GOOGLE_CLOUD_STORAGE": {"service_account_credentials": internet.service_account},
    }
    result = verify(cut_off, provider, typed.get(provider) or values(provider, token()))
    proves(Case.UNREACHABLE, provider, result, State.UNREACHABLE, against=NOTHING)


def test_nobody_else_was_asked(verifier: Verifier, internet: Internet) -> None:
    assert verify(verifier, "BOX", values("BOX", token())).good
    assert internet.ask("strangers") == []
