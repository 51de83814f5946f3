"""Verification against the real servers: what works is valid, what does not is said at the right field."""

from __future__ import annotations

import base64

import pytest
from servers.authority import Authority
from servers.kinds.azure import AzureServer
from servers.kinds.ftp import FtpServers
from servers.kinds.s3 import S3Server, new_key
from servers.kinds.ssh import SshServer
from servers.kinds.swift import KeystoneServer, SwiftServer
from servers.kinds.web import WebServer
from servers.runs import free_port

from webapp.core.fields import as_text
from webapp.core.providers import PROVIDERS
from webapp.core.validation import check
from webapp.core.verification.states import Result, State
from webapp.core.verification.verifier import Verifier

pytestmark = pytest.mark.server
WRONG = "canary-wrong-secret"


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
    def test_right(self, verifier: Verifier, s3: S3Server) -> None:
        assert verify(verifier, "S3", s3.values(s3.full)).state is State.VALID
        assert verify(verifier, "S3", s3.values(s3.full, verify_target="beta")).state is State.VALID

    def test_wrong_secret_and_wrong_id(self, verifier: Verifier, s3: S3Server) -> None:
        wrong = verify(verifier, "S3", s3.values((s3.full[0], WRONG)))
        assert outcome(wrong) == (State.INVALID, "secret_access_key")
        unknown = verify(verifier, "S3", s3.values(new_key("nobody")))
        assert outcome(unknown) == (State.INVALID, "access_key_id")

    def test_limited_key_in_its_own_and_another_bucket(self, verifier: Verifier, s3: S3Server) -> None:
        own = verify(verifier, "S3", s3.values(s3.limited, verify_target="alpha"))
        assert own.state is State.VALID
        other = verify(verifier, "S3", s3.values(s3.limited, verify_target="beta"))
        assert outcome(other) == (State.INVALID, "verify_target")

    def test_missing_bucket(self, verifier: Verifier, s3: S3Server) -> None:
        missing = verify(verifier, "S3", s3.values(s3.full, verify_target="no-such-bucket"))
        assert outcome(missing) == (State.MISCONFIGURED, "verify_target")

    def test_write_check_leaves_nothing(self, verifier: Verifier, s3: S3Server) -> None:
        result = verify(verifier, "S3", s3.values(s3.limited, verify_target="alpha"), write=True)
        assert result.state is State.VALID

    def test_nothing_there(self, verifier: Verifier, s3: S3Server) -> None:
        gone = verify(verifier, "S3", s3.values(s3.full, endpoint=f"http://127.0.0.1:{free_port()}"))
        assert outcome(gone) == (State.UNREACHABLE, "endpoint")


def test_a_good_key_that_may_not_list_all_buckets_is_limited_and_told_what_to_do(
    verifier: Verifier, versitygw: S3Server
) -> None:
    result = verify(verifier, "S3", versitygw.values(versitygw.limited))
    assert result.state is State.VALID_LIMITED
    assert result.field == "verify_target"


class TestFtp:
    @pytest.mark.parametrize("kind", ["plain", "explicit", "implicit"])
    def test_right_and_wrong(self, verifier: Verifier, vsftpd: FtpServers, own_authority: Authority, kind: str) -> None:
        encryption = {"plain": "NONE", "explicit": "EXPLICIT", "implicit": "IMPLICIT"}[kind]
        trusted = {"ca_certificate": own_authority.ca} if kind != "plain" else {}
        port = getattr(vsftpd, kind)
        assert verify(verifier, "FTP", vsftpd.values(port, encryption, **trusted)).state is State.VALID
        wrong = verify(verifier, "FTP", vsftpd.values(port, encryption, **trusted, **{"pass": WRONG}))
        assert outcome(wrong) == (State.INVALID, "pass")

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
    def test_wrong_password_and_a_forbidden_folder(
        self, verifier: Verifier, apache: WebServer, own_authority: Authority
    ) -> None:
        values = {"vendor": "OTHER", "user": apache.user, "ca_certificate": own_authority.ca}
        wrong = verify(verifier, "WEBDAV", {**values, "url": apache.url, "pass": WRONG})
        assert outcome(wrong) == (State.INVALID, "pass")
        denied = verify(verifier, "WEBDAV", {**values, "url": f"{apache.url}denied/", "pass": apache.password})
        assert denied.state is State.INVALID
        assert denied.field == "url"
        missing = verify(verifier, "WEBDAV", {**values, "url": f"{apache.url}no-such/", "pass": apache.password})
        assert outcome(missing) == (State.MISCONFIGURED, "url")


class TestSftp:
    def test_password_and_key(self, verifier: Verifier, sshd: SshServer) -> None:
        assert verify(verifier, "SFTP", sshd.values(**{"pass": sshd.password})).state is State.VALID
        assert verify(verifier, "SFTP", sshd.values(key_pem=sshd.key)).state is State.VALID
        locked = sshd.values(key_pem=sshd.locked_key, key_file_pass="canary-passphrase")
        assert verify(verifier, "SFTP", locked).state is State.VALID

    def test_wrong_ones(self, verifier: Verifier, sshd: SshServer) -> None:
        wrong = verify(verifier, "SFTP", sshd.values(**{"pass": WRONG}))
        assert outcome(wrong) == (State.INVALID, "pass")
        other = verify(verifier, "SFTP", sshd.values(key_pem=sshd.other_key))
        assert outcome(other) == (State.INVALID, "key_pem")

    def test_another_host_key_is_refused(self, verifier: Verifier, sshd: SshServer) -> None:
        other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA4Qkxt4n9qvcdBRSWawRx3SjJFQ/99stAspV4Oy41Nn"
        result = verify(verifier, "SFTP", sshd.values(**{"pass": sshd.password, "host_keys": other}))
        assert result.field == "host_keys"
        assert not result.good


class TestHttp:
    def test_open_closed_denied_missing(self, verifier: Verifier, nginx: WebServer) -> None:
        basic = base64.b64encode(f"{nginx.user}:{nginx.password}".encode()).decode()
        assert verify(verifier, "HTTP", {"url": f"{nginx.url}open/"}).state is State.REACHABLE
        with_login = {"url": f"{nginx.url}closed/", "headers": f"Authorization,Basic {basic}"}
        assert verify(verifier, "HTTP", with_login).good
        assert verify(verifier, "HTTP", {"url": f"{nginx.url}closed/"}).state is State.INVALID
        assert verify(verifier, "HTTP", {"url": f"{nginx.url}denied/"}).state is State.INVALID
        missing = verify(verifier, "HTTP", {"url": f"{nginx.url}no-such/"})
        assert outcome(missing) == (State.MISCONFIGURED, "url")


class TestAzure:
    def test_account_key(self, verifier: Verifier, azurite: AzureServer) -> None:
        assert verify(verifier, "AZUREBLOB", azurite.values()).state is State.VALID
        assert verify(verifier, "AZUREBLOB", azurite.values(verify_target="alpha")).state is State.VALID
        missing = verify(verifier, "AZUREBLOB", azurite.values(verify_target="no-such"))
        assert outcome(missing) == (State.MISCONFIGURED, "verify_target")

    def test_wrong_key_and_unknown_account(self, verifier: Verifier, azurite: AzureServer) -> None:
        key = base64.b64encode(b"canary-wrong-key" * 4).decode()
        assert outcome(verify(verifier, "AZUREBLOB", azurite.values(key=key))) == (State.INVALID, "key")
        unknown = azurite.values(account="nobody", endpoint=azurite.endpoint.replace(azurite.account, "nobody"))
        assert verify(verifier, "AZUREBLOB", unknown).state in {State.INVALID, State.MISCONFIGURED}

    def test_container_signature(self, verifier: Verifier, azurite: AzureServer) -> None:
        assert verify(verifier, "AZUREBLOB", {"sas_url": azurite.container_sas()}).state is State.VALID
        ended = verify(verifier, "AZUREBLOB", {"sas_url": azurite.container_sas(hours=-1)})
        assert outcome(ended) == (State.INVALID, "sas_url")
        no_list = verify(verifier, "AZUREBLOB", {"sas_url": azurite.container_sas(lists=False)})
        assert outcome(no_list) == (State.VALID_LIMITED, "verify_target")
        wrong = azurite.container_sas().replace("/alpha?", "/beta?")
        assert outcome(verify(verifier, "AZUREBLOB", {"sas_url": wrong})) == (State.INVALID, "sas_url")

    def test_account_signature(self, verifier: Verifier, azurite: AzureServer) -> None:
        values = {"sas_url": azurite.account_sas(), "verify_target": "alpha"}
        assert verify(verifier, "AZUREBLOB", values).state is State.VALID


class TestSwift:
    def test_own_accounts(self, verifier: Verifier, tempauth: SwiftServer) -> None:
        assert verify(verifier, "OPENSTACK_SWIFT", tempauth.values()).state is State.VALID
        wrong = verify(verifier, "OPENSTACK_SWIFT", tempauth.values(key=WRONG))
        assert outcome(wrong) == (State.INVALID, "key")
        missing = verify(verifier, "OPENSTACK_SWIFT", tempauth.values(verify_target="no-such"))
        assert outcome(missing) == (State.MISCONFIGURED, "verify_target")

    def test_a_user_of_one_container(self, verifier: Verifier, tempauth: SwiftServer) -> None:
        limited = {"user": "test:limited", "key": tempauth.limited}
        root = verify(verifier, "OPENSTACK_SWIFT", tempauth.values(**limited))
        assert outcome(root) == (State.VALID_LIMITED, "verify_target")
        own = verify(verifier, "OPENSTACK_SWIFT", tempauth.values(**limited, verify_target="alpha"))
        assert own.state is State.VALID
        other = verify(verifier, "OPENSTACK_SWIFT", tempauth.values(**limited, verify_target="beta"))
        assert outcome(other) == (State.INVALID, "verify_target")

    def test_keystone(self, verifier: Verifier, keystone: KeystoneServer) -> None:
        assert verify(verifier, "OPENSTACK_SWIFT", keystone.values()).state is State.VALID
        assert verify(verifier, "OPENSTACK_SWIFT", keystone.values(verify_target="alpha")).state is State.VALID
        wrong = verify(verifier, "OPENSTACK_SWIFT", keystone.values(key=WRONG))
        assert outcome(wrong) == (State.INVALID, "key")
        region = verify(verifier, "OPENSTACK_SWIFT", keystone.values(region="Nowhere"))
        assert region.state is State.MISCONFIGURED

    def test_application_credential(self, verifier: Verifier, keystone: KeystoneServer) -> None:
        name, secret = keystone.application
        values = {
            "auth": keystone.auth,
            "auth_version": "3",
            "application_credential_id": name,
            "application_credential_secret": secret,
            "region": "RegionOne",
        }
        assert verify(verifier, "OPENSTACK_SWIFT", values).state is State.VALID
        wrong = verify(verifier, "OPENSTACK_SWIFT", {**values, "application_credential_secret": WRONG})
        assert outcome(wrong) == (State.INVALID, "application_credential_secret")
