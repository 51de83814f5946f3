"""Verification against the real servers: what works is valid, what does not is said at the right field."""

from __future__ import annotations

import base64
import time

import pytest
from core.verification.proving import NOTHING, Proves
from servers.authority import Authority
from servers.kinds.azure import AzureServer
from servers.kinds.ftp import NO_LISTS, FtpServers
from servers.kinds.s3 import S3Server, new_key
from servers.kinds.ssh import SshServer
from servers.kinds.swift import KeystoneServer, SwiftServer
from servers.kinds.web import WebServer
from servers.runs import free_port

from webapp.core.fields import as_text
from webapp.core.providers import PROVIDERS
from webapp.core.validation import check
from webapp.core.verification.proofs import Case
from webapp.core.verification.states import Result, State
from webapp.core.verification.verifier import Verifier

pytestmark = pytest.mark.server
WRONG = "canary-wrong-secret"
SWIFT = "OPENSTACK_SWIFT"


def verify(verifier: Verifier, provider: str, values: dict[str, object], **more: object) -> Result:
    """Check values as a form would send them, and look that the answer holds none of their secrets."""
    checked = check(PROVIDERS[provider], values)
    assert checked.ok, checked.errors
    result = verifier.verify(checked.provider, checked.attributes, **more)
    for secret in checked.provider.secret_values(checked.attributes):
        assert as_text(secret) not in f"{result.message} {result.detail}"
    return result


def outcome(result: Result) -> tuple[State, str]:
    return result.state, result.field


@pytest.fixture(params=["seaweedfs", "versitygw"])
def s3(request: pytest.FixtureRequest) -> S3Server:
    return request.getfixturevalue(request.param)


class TestS3:
    def test_right(self, verifier: Verifier, proves: Proves, s3: S3Server) -> None:
        proves(Case.ACCEPTED, "S3", verify(verifier, "S3", s3.values(s3.full)), State.VALID, against=s3.name)
        assert verify(verifier, "S3", s3.values(s3.full, verify_target="beta")).state is State.VALID

    def test_wrong_secret_and_wrong_id(self, verifier: Verifier, proves: Proves, s3: S3Server) -> None:
        wrong = verify(verifier, "S3", s3.values((s3.full[0], WRONG)))
        proves(Case.REJECTED, "S3", wrong, State.INVALID, "secret_access_key", against=s3.name)
        unknown = verify(verifier, "S3", s3.values(new_key("nobody")))
        proves(Case.REJECTED, "S3", unknown, State.INVALID, "access_key_id", against=s3.name)

    def test_limited_key_in_its_own_and_another_bucket(self, verifier: Verifier, proves: Proves, s3: S3Server) -> None:
        own = verify(verifier, "S3", s3.values(s3.limited, verify_target="alpha"))
        assert own.state is State.VALID
        other = verify(verifier, "S3", s3.values(s3.limited, verify_target="beta"))
        proves(Case.DENIED, "S3", other, State.INVALID, "verify_target", against=s3.name)

    def test_missing_bucket(self, verifier: Verifier, proves: Proves, s3: S3Server) -> None:
        missing = verify(verifier, "S3", s3.values(s3.full, verify_target="no-such-bucket"))
        proves(Case.PLACE, "S3", missing, State.MISCONFIGURED, "verify_target", against=s3.name)

    def test_write_check_leaves_nothing(self, verifier: Verifier, s3: S3Server) -> None:
        result = verify(verifier, "S3", s3.values(s3.limited, verify_target="alpha"), write=True)
        assert result.state is State.VALID

    def test_nothing_there(self, verifier: Verifier, proves: Proves, s3: S3Server) -> None:
        gone = verify(verifier, "S3", s3.values(s3.full, endpoint=f"http://127.0.0.1:{free_port()}"))
        proves(Case.UNREACHABLE, "S3", gone, State.UNREACHABLE, "endpoint", against=NOTHING)


def test_a_good_key_that_may_not_list_all_buckets_is_limited_and_told_what_to_do(
    verifier: Verifier, proves: Proves, versitygw: S3Server
) -> None:
    result = verify(verifier, "S3", versitygw.values(versitygw.limited))
    proves(Case.DENIED, "S3", result, State.VALID_LIMITED, "verify_target", against=versitygw.name)


def test_another_region_than_the_servers(verifier: Verifier, proves: Proves, versitygw: S3Server) -> None:
    result = verify(verifier, "S3", versitygw.values(versitygw.full, region="eu-north-7"))
    proves(Case.PLACE, "S3", result, State.MISCONFIGURED, "region", against=versitygw.name)


class TestFtp:
    @pytest.mark.parametrize("kind", ["plain", "explicit", "implicit"])
    def test_right_and_wrong(
        self, verifier: Verifier, proves: Proves, vsftpd: FtpServers, own_authority: Authority, kind: str
    ) -> None:
        encryption = {"plain": "NONE", "explicit": "EXPLICIT", "implicit": "IMPLICIT"}[kind]
        trusted = {"ca_certificate": own_authority.ca} if kind != "plain" else {}
        port = getattr(vsftpd, kind)
        right = verify(verifier, "FTP", vsftpd.values(port, encryption, **trusted))
        proves(Case.ACCEPTED, "FTP", right, State.VALID, against="vsftpd")
        wrong = verify(verifier, "FTP", vsftpd.values(port, encryption, **trusted, **{"pass": WRONG}))
        proves(Case.REJECTED, "FTP", wrong, State.INVALID, "pass", against="vsftpd")

    def test_a_user_who_may_not_list_and_nobody_there(
        self, verifier: Verifier, proves: Proves, vsftpd: FtpServers
    ) -> None:
        denied = verify(verifier, "FTP", vsftpd.values(vsftpd.plain, "NONE", user=NO_LISTS))
        proves(Case.DENIED, "FTP", denied, State.INVALID, "user", against="vsftpd", said="refuses to list")
        gone = verify(verifier, "FTP", vsftpd.values(free_port(), "NONE"))
        proves(Case.UNREACHABLE, "FTP", gone, State.UNREACHABLE, "host", against=NOTHING)

    def test_a_server_that_wants_tls_says_so_at_its_field(self, verifier: Verifier, vsftpd: FtpServers) -> None:
        result = verify(verifier, "FTP", vsftpd.values(vsftpd.explicit, "NONE"))
        assert outcome(result) == (State.MISCONFIGURED, "encryption")

    def test_tls_where_there_is_none(self, verifier: Verifier, vsftpd: FtpServers) -> None:
        assert not verify(verifier, "FTP", vsftpd.values(vsftpd.plain, "EXPLICIT")).good
        assert not verify(verifier, "FTP", vsftpd.values(vsftpd.plain, "IMPLICIT")).good
        wrong_way = verify(verifier, "FTP", vsftpd.values(vsftpd.explicit, "IMPLICIT"))
        assert outcome(wrong_way) == (State.MISCONFIGURED, "encryption")


class TestAuthorities:
    """Two authorities in turn: a certificate of one is not trusted by way of the other, in either order."""

    def test_webdav(
        self, verifier: Verifier, apache: WebServer, own_authority: Authority, other_authority: Authority
    ) -> None:
        values = {"url": apache.url, "vendor": "OTHER", "user": apache.user, "pass": apache.password}
        for ca, state in ((own_authority.ca, State.VALID), (other_authority.ca, State.UNREACHABLE)) * 2:
            assert verify(verifier, "WEBDAV", {**values, "ca_certificate": ca}).state is state
        untrusted = verify(verifier, "WEBDAV", values)
        assert outcome(untrusted) == (State.UNREACHABLE, "ca_certificate")

    def test_ftp_whose_transport_rclone_shares(
        self, verifier: Verifier, vsftpd: FtpServers, own_authority: Authority, other_authority: Authority
    ) -> None:
        for ca, state in ((own_authority.ca, State.VALID), (other_authority.ca, State.UNREACHABLE)) * 2:
            values = vsftpd.values(vsftpd.explicit, "EXPLICIT", ca_certificate=ca)
            assert verify(verifier, "FTP", values).state is state
        untrusted = verify(verifier, "FTP", vsftpd.values(vsftpd.explicit, "EXPLICIT"))
        assert outcome(untrusted) == (State.UNREACHABLE, "ca_certificate")


class TestWebdav:
    def test_right_wrong_password_and_a_forbidden_folder(
        self, verifier: Verifier, proves: Proves, apache: WebServer, own_authority: Authority
    ) -> None:
        values = {"vendor": "OTHER", "user": apache.user, "ca_certificate": own_authority.ca}
        right = verify(verifier, "WEBDAV", {**values, "url": apache.url, "pass": apache.password})
        proves(Case.ACCEPTED, "WEBDAV", right, State.VALID, against="Apache")
        wrong = verify(verifier, "WEBDAV", {**values, "url": apache.url, "pass": WRONG})
        proves(Case.REJECTED, "WEBDAV", wrong, State.INVALID, "pass", against="Apache")
        denied = verify(verifier, "WEBDAV", {**values, "url": f"{apache.url}denied/", "pass": apache.password})
        proves(Case.DENIED, "WEBDAV", denied, State.INVALID, "url", against="Apache")
        missing = verify(verifier, "WEBDAV", {**values, "url": f"{apache.url}no-such/", "pass": apache.password})
        proves(Case.PLACE, "WEBDAV", missing, State.MISCONFIGURED, "url", against="Apache")
        nowhere = f"https://127.0.0.1:{free_port()}/"
        gone = verify(verifier, "WEBDAV", {**values, "url": nowhere, "pass": apache.password})
        proves(Case.UNREACHABLE, "WEBDAV", gone, State.UNREACHABLE, "url", against=NOTHING)


class TestSftp:
    def test_password_and_key(self, verifier: Verifier, proves: Proves, sshd: SshServer) -> None:
        for given in ({"pass": sshd.password}, {"key_pem": sshd.key}):
            proves(
                Case.ACCEPTED, "SFTP", verify(verifier, "SFTP", sshd.values(**given)), State.VALID, against="OpenSSH"
            )
        locked = sshd.values(key_pem=sshd.locked_key, key_file_pass="canary-passphrase")
        assert verify(verifier, "SFTP", locked).state is State.VALID

    def test_wrong_ones(self, verifier: Verifier, proves: Proves, sshd: SshServer) -> None:
        wrong = verify(verifier, "SFTP", sshd.values(**{"pass": WRONG}))
        proves(Case.REJECTED, "SFTP", wrong, State.INVALID, "pass", against="OpenSSH")
        other = verify(verifier, "SFTP", sshd.values(key_pem=sshd.other_key))
        proves(Case.REJECTED, "SFTP", other, State.INVALID, "key_pem", against="OpenSSH")

    def test_a_user_who_may_not_list_and_nobody_there(
        self, verifier: Verifier, proves: Proves, sshd: SshServer
    ) -> None:
        values = sshd.values(**{"pass": sshd.password})
        denied = verify(verifier, "SFTP", {**values, "user": sshd.no_lists})
        proves(Case.DENIED, "SFTP", denied, State.INVALID, against="OpenSSH", said="refuses to list")
        gone = verify(verifier, "SFTP", {**values, "port": free_port()})
        proves(Case.UNREACHABLE, "SFTP", gone, State.UNREACHABLE, "host", against=NOTHING)

    def test_another_host_key_is_refused(self, verifier: Verifier, sshd: SshServer) -> None:
        other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA4Qkxt4n9qvcdBRSWawRx3SjJFQ/99stAspV4Oy41Nn"
        result = verify(verifier, "SFTP", sshd.values(**{"pass": sshd.password, "host_keys": other}))
        assert result.field == "host_keys"
        assert not result.good


class TestHttp:
    def test_open_closed_denied_missing(self, verifier: Verifier, proves: Proves, nginx: WebServer) -> None:
        basic = base64.b64encode(f"{nginx.user}:{nginx.password}".encode()).decode()
        found = verify(verifier, "HTTP", {"url": f"{nginx.url}open/"})
        proves(Case.ACCEPTED, "HTTP", found, State.REACHABLE, against="nginx")
        with_login = {"url": f"{nginx.url}closed/", "headers": f"Authorization,Basic {basic}"}
        assert verify(verifier, "HTTP", with_login).good
        closed = verify(verifier, "HTTP", {"url": f"{nginx.url}closed/"})
        proves(Case.REJECTED, "HTTP", closed, State.INVALID, "headers", against="nginx")
        denied = verify(verifier, "HTTP", {"url": f"{nginx.url}denied/"})
        proves(Case.DENIED, "HTTP", denied, State.INVALID, "url", against="nginx")
        missing = verify(verifier, "HTTP", {"url": f"{nginx.url}no-such/"})
        proves(Case.PLACE, "HTTP", missing, State.MISCONFIGURED, "url", against="nginx")
        gone = verify(verifier, "HTTP", {"url": f"http://127.0.0.1:{free_port()}/"})
        proves(Case.UNREACHABLE, "HTTP", gone, State.UNREACHABLE, "url", against=NOTHING)


class TestAzure:
    def test_account_key(self, verifier: Verifier, proves: Proves, azurite: AzureServer) -> None:
        right = verify(verifier, "AZUREBLOB", azurite.values())
        proves(Case.ACCEPTED, "AZUREBLOB", right, State.VALID, against="Azurite")
        assert verify(verifier, "AZUREBLOB", azurite.values(verify_target="alpha")).state is State.VALID
        missing = verify(verifier, "AZUREBLOB", azurite.values(verify_target="no-such"))
        proves(Case.PLACE, "AZUREBLOB", missing, State.MISCONFIGURED, "verify_target", against="Azurite")
        gone = verify(
            verifier, "AZUREBLOB", azurite.values(endpoint=f"http://127.0.0.1:{free_port()}/{azurite.account}")
        )
        proves(Case.UNREACHABLE, "AZUREBLOB", gone, State.UNREACHABLE, "endpoint", against=NOTHING)

    def test_wrong_key_and_unknown_account(self, verifier: Verifier, proves: Proves, azurite: AzureServer) -> None:
        key = base64.b64encode(b"canary-wrong-key" * 4).decode()
        wrong = verify(verifier, "AZUREBLOB", azurite.values(key=key))
        proves(Case.REJECTED, "AZUREBLOB", wrong, State.INVALID, "key", against="Azurite")
        unknown = azurite.values(account="nobody", endpoint=azurite.endpoint.replace(azurite.account, "nobody"))
        assert verify(verifier, "AZUREBLOB", unknown).state in {State.INVALID, State.MISCONFIGURED}

    def test_container_signature(self, verifier: Verifier, proves: Proves, azurite: AzureServer) -> None:
        assert verify(verifier, "AZUREBLOB", {"sas_url": azurite.container_sas()}).state is State.VALID
        ended = verify(verifier, "AZUREBLOB", {"sas_url": azurite.container_sas(hours=-1)})
        proves(Case.ENDED, "AZUREBLOB", ended, State.INVALID, "sas_url", against="Azurite")
        no_list = verify(verifier, "AZUREBLOB", {"sas_url": azurite.container_sas(lists=False)})
        proves(Case.DENIED, "AZUREBLOB", no_list, State.VALID_LIMITED, "verify_target", against="Azurite")
        wrong = azurite.container_sas().replace("/alpha?", "/beta?")
        assert outcome(verify(verifier, "AZUREBLOB", {"sas_url": wrong})) == (State.INVALID, "sas_url")

    def test_account_signature(self, verifier: Verifier, azurite: AzureServer) -> None:
        values = {"sas_url": azurite.account_sas(), "verify_target": "alpha"}
        assert verify(verifier, "AZUREBLOB", values).state is State.VALID


class TestSwift:
    def test_own_accounts(self, verifier: Verifier, proves: Proves, tempauth: SwiftServer) -> None:
        right = verify(verifier, SWIFT, tempauth.values())
        proves(Case.ACCEPTED, SWIFT, right, State.VALID, against="Swift")
        wrong = verify(verifier, SWIFT, tempauth.values(key=WRONG))
        proves(Case.REJECTED, SWIFT, wrong, State.INVALID, "key", against="Swift")
        missing = verify(verifier, SWIFT, tempauth.values(verify_target="no-such"))
        proves(Case.PLACE, SWIFT, missing, State.MISCONFIGURED, "verify_target", against="Swift")
        gone = verify(verifier, SWIFT, tempauth.values(auth=f"http://127.0.0.1:{free_port()}/auth/v1.0"))
        proves(Case.UNREACHABLE, SWIFT, gone, State.UNREACHABLE, "auth", against=NOTHING)

    def test_a_user_of_one_container(self, verifier: Verifier, proves: Proves, tempauth: SwiftServer) -> None:
        limited = {"user": "test:limited", "key": tempauth.limited}
        root = verify(verifier, SWIFT, tempauth.values(**limited))
        proves(Case.DENIED, SWIFT, root, State.VALID_LIMITED, "verify_target", against="Swift")
        own = verify(verifier, SWIFT, tempauth.values(**limited, verify_target="alpha"))
        assert own.state is State.VALID
        other = verify(verifier, SWIFT, tempauth.values(**limited, verify_target="beta"))
        proves(Case.DENIED, SWIFT, other, State.INVALID, "verify_target", against="Swift")

    def test_keystone(self, verifier: Verifier, proves: Proves, keystone: KeystoneServer) -> None:
        right = verify(verifier, SWIFT, keystone.values())
        proves(Case.ACCEPTED, SWIFT, right, State.VALID, against="Swift with Keystone")
        assert verify(verifier, SWIFT, keystone.values(verify_target="alpha")).state is State.VALID
        wrong = verify(verifier, SWIFT, keystone.values(key=WRONG))
        proves(Case.REJECTED, SWIFT, wrong, State.INVALID, "key", against="Swift with Keystone")
        region = verify(verifier, SWIFT, keystone.values(region="Nowhere"))
        proves(Case.PLACE, SWIFT, region, State.MISCONFIGURED, "region", against="Swift with Keystone")

    def test_an_application_credential_that_has_ended(
        self, verifier: Verifier, proves: Proves, keystone: KeystoneServer
    ) -> None:
        name = "application_credential_secret"
        for seconds in (8, 60):  # on a busy machine the shorter one has ended before it was used
            brief, ended = keystone.brief_application(seconds), time.monotonic() + seconds
            if (lasting := verify(verifier, SWIFT, brief)).state is State.VALID:
                break
        assert lasting.state is State.VALID
        time.sleep(max(0.0, ended - time.monotonic()))
        result = verify(verifier, SWIFT, brief)
        proves(Case.ENDED, SWIFT, result, State.INVALID, name, against="Swift with Keystone", said="has not ended")

    def test_application_credential(self, verifier: Verifier, keystone: KeystoneServer) -> None:
        name, secret = keystone.application
        values = {
            "auth": keystone.auth,
            "auth_version": "3",
            "application_credential_id": name,
            "application_credential_secret": secret,
            "region": "RegionOne",
        }
        assert verify(verifier, SWIFT, values).state is State.VALID
        wrong = verify(verifier, SWIFT, {**values, "application_credential_secret": WRONG})
        assert outcome(wrong) == (State.INVALID, "application_credential_secret")
