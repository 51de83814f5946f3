"""The use cases of a log-in: begin, come back, paste, ask for a typed code; each bound to one person's log-in here."""

from __future__ import annotations

import secrets
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from webapp.core.errors import CredentialError, PermanentError, TransientError
from webapp.core.fields import Attributes, as_text
from webapp.core.oauth import flows
from webapp.core.oauth.accounts import account_name
from webapp.core.oauth.endpoints import PCLOUD_HOSTS
from webapp.core.oauth.flows import Made, Returned, Way
from webapp.core.oauth.vendors import VENDORS, Vendor
from webapp.core.store import Store
from webapp.core.store.audit import Action, Outcome
from webapp.core.store.logins import Flow
from webapp.core.store.logins.flows import state_id

APP_FIELDS = ("client_id", "client_secret", "region", "tenant", "hostname")
"""Values that decide where and as whom one logs in."""

OVER = (
    "This log-in was not begun in this browser, was used already, or its ten minutes are over. "
    "Begin again with Login to Provider."
)


@dataclass(frozen=True, slots=True)
class Started:
    """A log-in under way: where the person goes, and what they type there when it is by code."""

    flow: Flow
    address: str
    user_code: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """A log-in that came to its end.

    Attributes:
        flow: What was kept since it began.
        values: Fields of the credential to fill in, the token and the client's secret among them.
        account: Who is logged in, as the vendor says.
        scopes: What the token may do.
    """

    flow: Flow
    values: Mapping[str, str] = field(repr=False)
    account: str = ""
    scopes: str = ""


class LoginService:
    """Leads through log-ins.

    Args:
        store: Keeps apps, and log-ins under way.
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    def client(self, provider_type: str, typed: Attributes, *, secret: str = "") -> dict[str, str]:
        """Return the client to log in with: the typed one, else the OAuth app of the settings.

        Args:
            provider_type: Where to log in.
            typed: Values of the credential, stored ones among them.
            secret: A client secret that was typed just now: newer than that of the settings' app.

        Raises:
            PermanentError: The app of the settings cannot be read.
        """
        own = {name: as_text(typed[name]) for name in APP_FIELDS if typed.get(name)}
        app = self.store.apps.find(provider_type)
        if own.get("client_id") and (app is None or app.values.get("client_id") != own["client_id"]):
            return own
        if app and app.damaged:
            raise PermanentError(f"The OAuth app of the settings cannot be read. {app.damaged} Enter it there again.")
        kept = {name: as_text(value) for name, value in (app.values if app else {}).items()}
        return {**own, **kept, **({"client_secret": secret} if secret else {})}

    def begin(
        self,
        session: str,
        provider_type: str,
        typed: Attributes,
        *,
        way: Way,
        access: str = "",
        redirect: str = "",
        kept: Mapping[str, str] | None = None,
        secret: str = "",
    ) -> Started:
        """Begin a log-in.

        Args:
            session: The person's log-in here; only it can finish.
            provider_type: Where to log in.
            typed: Values of the credential's form.
            way: How the answer comes back.
            access: What is asked for.
            redirect: Our own address for the redirect flow.
            kept: Handed back when it is finished, such as the id of a draft.
            secret: As for `client`.

        Raises:
            PermanentError: There is no client, or the vendor has no such way.
        """
        vendor = _vendor(provider_type)
        client = self.client(provider_type, typed, secret=secret)
        _refuse_incomplete(vendor, client)
        values = {**(kept or {}), **{f"client.{name}": value for name, value in client.items()}}
        values |= {"way": way, "access": access, "device": secrets.token_hex(16)}
        if way is Way.DEVICE:
            return self._by_code(session, provider_type, client, values)
        values |= {"redirect": redirect if way is Way.REDIRECT else flows.paste_address(vendor)}
        return self._by_address(session, provider_type, client, {**values, "verifier": flows.new_verifier()})

    def _by_address(self, session: str, provider_type: str, client: Attributes, values: dict[str, str]) -> Started:
        """Begin one that the browser comes back from, here or to an address that is pasted."""
        state, flow = self.store.flows.start(session, provider_type, values)
        asked = {name: values[name] for name in ("access", "redirect", "verifier", "device")}
        address = flows.authorization(provider_type, client, state=state, **asked)
        self.store.flows.put(flow, session, {**values, "address": address})
        return Started(flow, address)

    def _by_code(self, session: str, provider_type: str, client: Attributes, values: dict[str, str]) -> Started:
        """Begin one whose code the person types at the vendor."""
        if not VENDORS[provider_type].device:
            raise PermanentError(f"{VENDORS[provider_type].label} has no log-in by code.")
        code = flows.start_device(provider_type, client, access=values["access"], device=values["device"])
        values |= {"secret": code.secret, "user_code": code.user_code, "address": code.address}
        values |= {"interval": str(code.interval), "next": str(time.time() + code.interval)}
        _, flow = self.store.flows.start(session, provider_type, values)
        return Started(flow, code.address, code.user_code)

    def pending(self, session: str, flow_id: str) -> Flow | None:
        """Return a log-in under way."""
        return self.store.flows.find(flow_id, session)

    def come_back(self, session: str, parameters: Mapping[str, str]) -> Finished:
        """Finish a log-in with what the vendor sent along; each state is good once, in the browser that began.

        Raises:
            PermanentError: The state is none of ours, or the vendor refused.
            TransientError: The vendor is out of reach.
        """
        returned = Returned.of(parameters)
        flow = self._taken(session, returned)
        if flow is None or flow.values.get("way") != Way.REDIRECT:
            self._note(None, OVER, Outcome.REFUSED)
            raise PermanentError(OVER)
        return self._exchanged(flow, returned)

    def _taken(self, session: str, returned: Returned) -> Flow | None:
        """End the log-in that a redirect belongs to; pCloud's may come without its state."""
        if returned.state:
            return self.store.flows.take(state_id(returned.state), session)
        if not returned.code and not returned.error:
            return None  # nothing of a vendor's: it spoils no log-in that is under way
        blank = [key for key, vendor in VENDORS.items() if vendor.blank_state]
        only = next((flow for key in blank if (flow := self.store.flows.only(session, key))), None)
        return self.store.flows.take(only.id, session) if only else None

    def paste(self, session: str, flow_id: str, given: str) -> Finished:
        """Finish a log-in with a code or an address that a person pasted; a wrong one may be corrected.

        Raises:
            PermanentError: It is no such thing, belongs to another log-in, or the vendor refuses.
        """
        returned = Returned.pasted(given)
        if returned.state and state_id(returned.state) != flow_id:
            raise PermanentError("This address belongs to another log-in. Use the link on this page.", field="pasted")
        flow = self.store.flows.find(flow_id, session)
        if flow is None or flow.values.get("way") != Way.PASTE:
            raise PermanentError(OVER)
        finished = self._exchanged(flow, returned)
        if self.store.flows.take(flow_id, session) is None:
            raise PermanentError(OVER)
        return finished

    def poll(self, session: str, flow_id: str) -> Finished | None:
        """Ask whether a code was typed; nothing while it was not, however often one asks.

        Raises:
            PermanentError: The log-in is over or was refused.
            TransientError: The vendor is out of reach; asking again is fine.
        """
        flow = self.store.flows.find(flow_id, session)
        if flow is None or flow.values.get("way") != Way.DEVICE:
            raise PermanentError(OVER)
        if time.time() < float(flow.values["next"]):
            return None
        self._ask_later(flow, session)
        with self._noted(flow):
            made = flows.poll_device(
                flow.provider, _client(flow), secret=flow.values["secret"], access=flow.values["access"]
            )
        if isinstance(made, int):
            if made:
                self._ask_later(flow, session, made)
            return None
        return self._finished(flow, made) if self.store.flows.take(flow_id, session) else None

    def _ask_later(self, flow: Flow, session: str, longer: int = 0) -> None:
        """Note when a code may be asked for again."""
        interval = float(flow.values["interval"]) + longer
        later = {**flow.values, "interval": str(interval), "next": str(time.time() + interval)}
        self.store.flows.put(flow, session, later)

    def _exchanged(self, flow: Flow, returned: Returned) -> Finished:
        with self._noted(flow):
            returned.refuse_error(VENDORS[flow.provider])
            first, *others = _clients(flow, returned)
            try:
                made = _exchange(flow, first, returned)
            except PermanentError:
                if not others:
                    raise
                made = _exchange(flow, others[0], returned)
        return self._finished(flow, made)

    def _finished(self, flow: Flow, made: Made) -> Finished:
        self._note(flow)
        return Finished(flow, {**made.values}, account_name(flow.provider, made.token, made.values), made.scopes)

    @contextmanager
    def _noted(self, flow: Flow) -> Generator[None]:
        """Note in the audit what came to nothing; a code that is asked for again and again is no failure yet."""
        try:
            yield
        except CredentialError as error:
            transient = isinstance(error, TransientError)
            if not transient or flow.values["way"] != Way.DEVICE:
                self._note(flow, error.message, Outcome.FAILED if transient else Outcome.REFUSED)
            raise

    def _note(self, flow: Flow | None, why: str = "", outcome: Outcome = Outcome.OK) -> None:
        """Note who logged in where and how it ended; not as whom, which is for those alone who may see the credential."""
        detail = {"why": why} if why else {}
        if flow is None:
            self.store.audit.note(Action.CONNECT, kind="log-in", outcome=outcome, detail=detail)
            return
        label, detail = VENDORS[flow.provider].label, {"way": flow.values["way"], **detail}
        self.store.audit.note(
            Action.CONNECT, kind="log-in", subject=flow.provider, name=label, outcome=outcome, detail=detail
        )


def _vendor(provider_type: str) -> Vendor:
    vendor = VENDORS.get(provider_type)
    if vendor is None:
        raise PermanentError("This provider has no log-in.", field="provider")
    return vendor


def _refuse_incomplete(vendor: Vendor, client: Attributes) -> None:
    if not client.get("client_id"):
        raise PermanentError(
            f"Enter the client ID of your own {vendor.label} app, or keep one under OAuth apps.", field="client_id"
        )
    if not client.get("client_secret") and not vendor.public:
        raise PermanentError("Enter the client secret that belongs to the client ID.", field="client_secret")


def _client(flow: Flow) -> dict[str, str]:
    return {name.removeprefix("client."): value for name, value in flow.values.items() if name.startswith("client.")}


def _clients(flow: Flow, returned: Returned) -> list[dict[str, str]]:
    """Return the client, at the host that pCloud named; at both when it named none."""
    client = _client(flow)
    if flow.provider != "PCLOUD":
        return [client]
    if returned.hostname:
        return [client | {"hostname": returned.hostname}]
    return [client | {"hostname": host} for host in PCLOUD_HOSTS]


def _exchange(flow: Flow, client: Attributes, returned: Returned) -> Made:
    return flows.exchange(
        flow.provider,
        client,
        code=returned.code,
        redirect=flow.values["redirect"],
        verifier=flow.values["verifier"],
        access=flow.values["access"],
    )
