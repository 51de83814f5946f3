"""SSH: keypairs and connections on pages and on the command line; the log-ins of a set-up, used once."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from canary.house import House
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from servers import authority
from servers.kinds import ssh_fleet
from servers.loopback import LoopbackSshd
from servers.runs import Run
from servers.truenas import Account, FakeTrueNAS, State, User

from webapp.core.ssh.keys import fingerprint, generate

PAIRS, CONNECTIONS = "/ssh-keypairs", "/ssh-connections"
ADMIN = "truenas_admin"


def given(values: Mapping[str, str]) -> dict[str, str]:
    """Return values as the forms send them."""
    return {f"value.{key}": value for key, value in values.items()}


def locked(passphrase: str) -> str:
    """Return a private key under a passphrase."""
    shape = (Encoding.PEM, PrivateFormat.OpenSSH, BestAvailableEncryption(passphrase.encode()))
    return Ed25519PrivateKey.generate().private_bytes(*shape).decode()


def keypairs_on_the_page(house: House) -> None:
    """Generate, save; paste whole and broken keys, and into the wrong box."""
    mint = house.canaries.mint
    form = house.drafted(f"{PAIRS}/add")
    made = house.send(f"{PAIRS}/add", {**form, "name": "Made", "key_type": "ed25519", "action": "generate"})
    public = html.unescape(re.search(r">(ssh-ed25519 [^<]+)</textarea>", made.text).group(1))  # pyright: ignore[reportOptionalMemberAccess]
    form |= given({"public_key": public.strip()}) | {"name": "Made"}
    house.send(f"{PAIRS}/add", {**form, "action": "save"})
    for number, name in enumerate(("Pasted", "Locked", "Broken", "Swapped")):
        phrase = mint(f"a passphrase, {name}")
        key = generate("ed25519", "x").private if number != 1 else locked(phrase)
        mint(f"a private key, {name}", secret_lines(key, ""))
        values = {"private_key": key} if name != "Swapped" else {"public_key": key}
        values |= {"Locked": {"passphrase": phrase}, "Broken": {"private_key": key[:200]}}.get(name, {})
        form = house.drafted(f"{PAIRS}/add") | given(values) | {"action": "save"}
        house.send(f"{PAIRS}/add", {**form, "name": ""})
        house.send(f"{PAIRS}/add", {**form, "name": name, "value.passphrase": mint("a wrong passphrase")})
        house.send(f"{PAIRS}/add", {**form, "name": name}, fragment=True)
        house.send(f"{PAIRS}/add", {**form, "name": name, "confirm": "yes"})


def keypairs_on_the_command_line(house: House) -> None:
    """Import, be refused, list and show."""
    mint = house.canaries.mint
    phrase = mint("a passphrase, command")
    key = locked(phrase)
    mint("a private key, command", secret_lines(key, ""))
    house.run("keypair", "import", "Command", given={"private_key": key, "passphrase": mint("a wrong passphrase")})
    house.run("keypair", "import", "Command", given={"private_key": key, "passphrase": phrase})
    house.run("keypair", "import", "Wrong", given=f"PuTTY-User-Key-File-3: {mint('a PuTTY key')}".encode())
    house.run("keypair", "import", "Wrong", given=f'{{"private_key": "{mint("broken JSON, keypair")}"'.encode())
    house.run("keypair", "generate", "Generated", "--type", "ecdsa-p256", "--json")
    for arguments in (("list",), ("list", "--json"), ("show", "Command"), ("show", "Generated", "--json")):
        house.run("keypair", *arguments)


def a_server_paired_by_password(house: House) -> None:
    """Set up with a real sshd: with a wrong password, then with the right one; then again on the command line."""
    run = Run.current()
    fleet = run.once("fleet", lambda place: ssh_fleet.fleet(run, place))
    password, wrong = house.canaries.mint("a password of SSH", ssh_fleet.PASSWORD), house.canaries.mint("a wrong one")
    known = "\n".join(fleet.host_keys.values())
    place = {"host": "127.0.0.1", "port": str(fleet.port), "username": fleet.normal}
    values = place | {"remote_host_key": known, "private_key": "new:ed25519"}
    for typed in (wrong, password):
        form = house.drafted(f"{CONNECTIONS}/add?method=server") | {"method": "server", "action": "pair"}
        form |= given(values | {"password": typed})
        house.send(f"{CONNECTIONS}/fields", form, fragment=True)
        house.send(f"{CONNECTIONS}/add", {**form, "name": ""})
        followed(house, house.send(f"{CONNECTIONS}/add", {**form, "name": "Server"}, fragment=True).text)
    options = [part for key, text in place.items() for part in (f"--{key}", text)]
    mark = fingerprint(next(iter(fleet.host_keys.values())).split()[1])
    for typed in (wrong, password):
        house.run("ssh", "pair", "Server 2", *options, "--fingerprint", mark, given=typed.encode() + b"\n")


def followed(house: House, text: str) -> None:
    """Ask for the progress of a check as the page does, until it has ended."""
    while again := re.search(rf'hx-get="({CONNECTIONS}/[^"]+)"', text):
        text = house.open(html.unescape(again.group(1)), HX_Request="true", HX_Request_Type="partial").text


@contextmanager
def a_truenas(house: House, account: Account, **options: bool) -> Iterator[FakeTrueNAS]:
    """Run one with TLS, whose SSH service is a real sshd."""
    folder = house.program.folder.parent / "truenas"
    with LoopbackSshd(folder) as server:
        state = State(
            accounts={ADMIN: account},
            users={"root": User("root", 1)},
            port=server.port,
            host_keys=server.host_keys,
            on_key=lambda _user, keys: server.authorize(keys),
        )
        with FakeTrueNAS(state, authority=authority.create(folder), **options) as remote:  # pyright: ignore[reportArgumentType]
            yield remote


def a_truenas_paired(house: House) -> None:
    """Set up with a TrueNAS by each kind of log-in, right and wrong, until it works."""
    mint = house.canaries.mint
    for number, scram in enumerate((False, True)):
        account = Account(mint("an admin password"), f"7-{mint('an API key', f'qzvw{number}KeyOfTrueNas' * 4)}")
        account.otp = mint("a one-time password")
        with a_truenas(house, account, scram=scram) as remote:
            certificate = pinned(folder_of(house) / "server.pem")
            for log_in in (
                {"password": mint("a wrong admin password")},
                {"password": account.password},
                {"password": account.password, "otp_token": mint("a wrong one-time password")},
                {"password": account.password, "otp_token": account.otp},
                {"api_key": f"7-{mint('a wrong API key', f'qzvw{number}WrongKey' * 5)}"},
                {"api_key": mint("no API key at all")},
                {"api_key": account.api_key},
            ):
                paired(house, f"TrueNAS {number}", remote.url, log_in | {"certificate": certificate})
            paired(house, "Open", remote.url.replace("https", "http"), {"api_key": account.api_key})
            paired(house, "Untrusted", remote.url, {"password": account.password})
        assert house.program("ssh", "show", f"TrueNAS {number}").code == 0, "none of the log-ins worked"


def folder_of(house: House) -> Path:
    return house.program.folder.parent / "truenas"


def pinned(certificate: Path) -> str:
    """Return the fingerprint that a person compares."""
    from hashlib import sha256  # noqa: PLC0415  beside its only use
    from ssl import PEM_cert_to_DER_cert  # noqa: PLC0415

    first = certificate.read_text().partition("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"
    return sha256(PEM_cert_to_DER_cert(first)).hexdigest()


def paired(house: House, name: str, url: str, log_in: Mapping[str, str]) -> None:
    """Set up on the page and on the command line."""
    values = {"url": url, "admin_username": ADMIN, "username": "root", "private_key": "new:ed25519", **log_in}
    form = house.drafted(f"{CONNECTIONS}/add") | given(values) | {"method": "truenas", "action": "pair", "name": name}
    house.send(f"{CONNECTIONS}/add", {**form, "name": ""})
    followed(house, house.send(f"{CONNECTIONS}/add", form, fragment=True).text)
    house.run("ssh", "pair-truenas", f"{name} again", "--json", given=values)


def every_page_of_ssh(house: House) -> None:
    """Open the pages of each keypair and each connection, test it, and look at all in the audit."""
    for pair in house.program("keypair", "list", "--json").data:
        for page in ("", "/edit", "/public", "/another", "/delete"):
            house.open(f"{PAIRS}/{pair['id']}{page}")
    for one in house.program("ssh", "list", "--json").data:
        for page in ("", "/duplicate", "/delete", "/host-key"):
            house.open(f"{CONNECTIONS}/{one['id']}{page}")
        followed(house, house.send(f"{CONNECTIONS}/{one['id']}/test", {}, fragment=True).text)
        house.run("ssh", "show", one["name"], "--format", "openssh")
        house.run("ssh", "verify", one["name"], "--json")
    house.run("ssh", "list", "--json")
    for page in ("/", f"{PAIRS}/", f"{CONNECTIONS}/", "/settings/audit"):
        house.open(page)
    house.run("audit", "list", "--json")


def every_private_key_is_a_canary(house: House) -> None:
    """Plant what the program made: none of these may be in a page, a file, the log or another answer."""
    pairs = house.program("keypair", "list", "--json").data
    assert len(pairs) >= 8, [pair["name"] for pair in pairs]
    for pair in pairs:
        the_private_key_is_a_canary(house, pair["name"])


def the_private_key_is_a_canary(house: House, name: str) -> None:
    """Plant what the program made for one keypair."""
    shown = house.program("keypair", "show", name, "--reveal", "--json").data
    house.canaries.mint(f"the private key {name}", secret_lines(shown["private_key"], shown["public_key"]))


def secret_lines(private: str, public: str) -> str:
    """Return the lines of a private half that are its own: the first tells only its kind, and some repeat the public half."""
    return "\n".join(line for line in private.splitlines()[2:-1] if line not in public)


WAYS = (keypairs_on_the_page, keypairs_on_the_command_line, a_server_paired_by_password, a_truenas_paired,
        every_page_of_ssh, every_private_key_is_a_canary)  # fmt: skip
