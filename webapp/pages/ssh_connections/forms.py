"""The forms of a connection: by hand, with a TrueNAS, with any SSH server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from flask import request
from markupsafe import Markup

from webapp.core.errors import CredentialError
from webapp.core.fields import Field, FieldSet
from webapp.core.ssh.fields import CONNECTION, HOST_KEY, PAIRING
from webapp.core.ssh.truenas.fields import TRUENAS
from webapp.core.ssh.truenas.transport import Certificate
from webapp.core.store import Connection
from webapp.core.store.names import clean_name, name_key
from webapp.core.validation import Findings
from webapp.core.verification.states import Result
from webapp.pages import host_keys
from webapp.pages.access import current_session, runtime
from webapp.pages.fieldsform import FieldsForm, shown_values, typed
from webapp.pages.onetime import OneTimeDrafts


@dataclass(frozen=True, slots=True)
class Method:
    """A way to set a connection up.

    Attributes:
        label: Its name for people.
        help: What it does, in a sentence or two.
        fields: What it asks for.
    """

    key: str
    label: str
    help: str
    fields: FieldSet


MANUAL, TRUENAS_METHOD, SERVER = "manual", "truenas", "server"
METHODS: Mapping[str, Method] = MappingProxyType(
    {
        TRUENAS_METHOD: Method(
            TRUENAS_METHOD,
            "Semi-automatic (TrueNAS only)",
            "Logs in at the web interface of the other TrueNAS, puts the public key there, starts SSH and reads its "
            "port and host keys.",
            TRUENAS,
        ),
        SERVER: Method(
            SERVER,
            "Semi-automatic (any SSH server)",
            "Logs in once by password and puts the public key there. For Linux, FreeBSD, Synology, QNAP and the like.",
            PAIRING,
        ),
        MANUAL: Method(
            MANUAL,
            "Manual",
            "You put the public key on the other machine yourself, and test the connection.",
            CONNECTION,
        ),
    }
)
DEFAULT_METHOD = TRUENAS_METHOD


@dataclass(slots=True)
class ConnectionForm(FieldsForm):
    """Everything that the form's template shows.

    Attributes:
        method: How the connection is set up.
        connection: The stored one that is edited.
        keys: What stands beside the field for host keys.
        result: What a test or a pairing said.
        certificate: A certificate to compare.
        ask_password: Whether a known host key is replaced, so that the own password is asked for.
        password_error: What is wrong with it.
    """

    method: Method = field(default_factory=lambda: METHODS[DEFAULT_METHOD])
    connection: Connection | None = None
    keys: host_keys.HostKeys | None = None
    result: Result | None = None
    certificate: Certificate | None = None
    ask_password: bool = False
    password_error: str = ""

    @property
    def may_generate(self) -> bool:
        """Generate New is for new connections."""
        return self.connection is None

    @property
    def stored_version(self) -> int | None:
        """Version of the connection that is edited."""
        return self.connection.version if self.connection else None

    def beside(self, known: Field) -> Markup:
        """Put *Discover Remote Host Key* and fingerprints beside the host keys."""
        if known.key == HOST_KEY:
            self.keys = self.keys or host_keys.beside(HOST_KEY, self.values.get(HOST_KEY, ""))
            return self.keys.draw()
        return Markup()

    def look(self, raw: Mapping[str, str]) -> Findings:
        """Check the values of the form, and keep what was found."""
        ssh = runtime().ssh
        self.name_error = name_problem(self.name, self.connection)
        if self.method.key == SERVER:
            found = ssh.examine_pairing(self.name, raw, known=False)
            named = tuple(problem for problem in found.problems if problem.field != "name")  # said at the name already
            self.checked = replace(found, problems=named)
        else:
            self.checked = (ssh.truenas if self.method.key == TRUENAS_METHOD else ssh.connections).examine(raw)
        self.values = shown_values(self.declared, raw, self.checked)
        return self.checked


def drafts() -> OneTimeDrafts:
    """Return the forms of this log-in that wait in memory."""
    return OneTimeDrafts(current_session().id)


def sent_form(connection: Connection | None = None) -> tuple[ConnectionForm, dict[str, str]]:
    """Return the form as it was sent, and its values with kept secrets in their places."""
    method = METHODS[MANUAL] if connection else METHODS.get(request.form.get("method", ""), METHODS[DEFAULT_METHOD])
    draft = drafts().open(request.form.get("draft", ""))
    known = {known.key for known in method.fields.fields}
    raw = {key: text for key, text in typed(method.fields, draft).items() if key in known}
    values, name = shown_values(method.fields, raw, None), request.form.get("name", "")
    return ConnectionForm(method.fields, draft, name, values, method=method, connection=connection), raw


def name_problem(name: str, connection: Connection | None = None) -> str:
    """Return what is wrong with a name, or nothing."""
    try:
        wanted = name_key(clean_name(name))
    except CredentialError as error:
        return error.message
    own = name_key(connection.name) if connection else ""
    taken = wanted != own and wanted in {name_key(other) for other in runtime().ssh.store.ssh.names()}
    return "Another SSH keypair or connection has this name. Choose another one." if taken else ""
