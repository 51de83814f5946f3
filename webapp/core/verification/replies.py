"""What rclone's error texts mean for a person: the rows that hold for every provider, and how a row is chosen.

Rows of one provider stand in that provider's file and come after the network's, which mean the same everywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from webapp.core.fields import Attributes, Kind
from webapp.core.providers.base import Provider, Reply
from webapp.core.redaction import Redactor
from webapp.core.verification.states import State

ADDRESS_FIELDS = ("endpoint", "url", "host", "auth", "storage_url")
"""Fields that name an address; a network hint sits on the first that the credential has."""

AT_ADDRESS = "@address"
AT_CA = "@ca"
AT_TARGET = "@target"

NETWORK = (
    Reply(
        r"no such host|server misbehaving|Temporary failure in name resolution|lookup .* on ",
        State.UNREACHABLE,
        "There is no host of this name. Check the address.",
        AT_ADDRESS,
    ),
    Reply(
        r"connection refused|connectex",
        State.UNREACHABLE,
        "Nothing answers at this address and port. Check both, and that the service runs.",
        AT_ADDRESS,
    ),
    Reply(
        r"network is unreachable|no route to host|host is down",
        State.UNREACHABLE,
        "There is no way to this address from here. Check the network and the address.",
        AT_ADDRESS,
    ),
    Reply(
        r"certificate signed by unknown authority|certificate is not trusted|unable to get local issuer",
        State.UNREACHABLE,
        "The server's certificate is not trusted. If it is your own server, give its authority under CA certificate.",
        AT_CA,
    ),
    Reply(
        r"certificate is valid for|certificate is not valid for|doesn't contain any IP SANs|x509: cannot validate",
        State.UNREACHABLE,
        "The server's certificate is for another name. Use the name that stands in the certificate.",
        AT_ADDRESS,
    ),
    Reply(
        r"certificate has expired|not yet valid",
        State.UNREACHABLE,
        "The server's certificate has ended or is not valid yet. Renew it, or set the clock of this machine.",
        AT_ADDRESS,
    ),
    Reply(
        r"server gave HTTP response to HTTPS client|malformed HTTP response",
        State.UNREACHABLE,
        "This port does not speak TLS. Use http:// or the port for https.",
        AT_ADDRESS,
    ),
    Reply(
        r"Client sent an HTTP request to an HTTPS server",
        State.UNREACHABLE,
        "This port speaks TLS only. Use https://.",
        AT_ADDRESS,
    ),
    Reply(
        r"i/o timeout|deadline exceeded|Client\.Timeout|timed out|TLS handshake timeout",
        State.UNREACHABLE,
        "The service did not answer in time. Check the address, and whether a firewall stands between.",
        AT_ADDRESS,
    ),
    Reply(
        r"Bad Gateway|proxyconnect|Proxy Authentication",
        State.UNREACHABLE,
        "The proxy between here and the service refused or failed.",
        AT_ADDRESS,
    ),
    Reply(
        r"too_many_requests|too many (requests|login tries)|RateLimit|activityLimitReached|\b429\b|SlowDown",
        State.UNREACHABLE,
        "The provider asks to wait: there were too many requests. Try again in some minutes.",
    ),
)

HTTP_FAULT = Reply(
    r"\b50[0234]\b|ServiceUnavailable|InternalError",
    State.UNREACHABLE,
    "The service has a fault of its own. Try again later.",
)
"""Of services over HTTP alone: in FTP the same numbers say that a server does not know a command (RFC 959)."""

GENERAL = (
    Reply(
        r"AccessDenied|Access Denied|Operation forbidden|\bforbidden\b|\b403\b|not authorized|permission denied",
        State.INVALID,
        "The provider knows this credential but refuses to list with it.",
        AT_TARGET,
    ),
    Reply(r"\b401\b|Unauthorized|authentication failed", State.INVALID, "The provider rejected this credential."),
    Reply(
        r"directory not found|bucket not found|NoSuchBucket|\b404\b",
        State.MISCONFIGURED,
        "What should be looked into is not there. Check its name.",
        AT_TARGET,
    ),
    Reply(
        r"couldn't decrypt password|is it obscured|failed to parse|invalid character|couldn't parse",
        State.MISCONFIGURED,
        "rclone cannot read one of these values. Enter them again.",
    ),
    Reply(
        r"unexpected EOF|connection reset|broken pipe|\bEOF\b", State.UNREACHABLE, "The service hung up.", AT_ADDRESS
    ),
)

DENIED = re.compile(GENERAL[0].pattern, re.IGNORECASE)
ACCEPTED = re.compile(
    r"AccessDenied|Access Denied|Operation forbidden|, forbidden|insufficientPermissions|does not have [\w.]+ access",
    re.IGNORECASE,
)
"""Refusals that come after the key was found good. A bare 403 is the answer to accounts that were closed as well."""

NOISE = (
    (re.compile(r"^error in ListJSON: ", re.IGNORECASE), ""),
    (re.compile(r":?\"?[\w ]+\{[\w-]{4,8}\}:?"), "the remote"),
    (re.compile(r"(request ?id|host ?id|x-ms-request-id|x-amz-\S+)[:= ]+\"?[\w+/=.-]+\"?,?", re.IGNORECASE), ""),
    (re.compile(r" - (try|manually) refresh(ing)? with .*$", re.IGNORECASE), ""),
    (re.compile(r"([?&](sig|token|X-Amz-Signature|X-Amz-Credential)=)[^&\s\"]+", re.IGNORECASE), r"\1•••"),
    (re.compile(r"[ \t]{2,}"), " "),
)
LONGEST_DETAIL = 2000


@dataclass(frozen=True, slots=True)
class Finding:
    """What an error text stands for."""

    state: State
    message: str
    field: str
    detail: str


def classify(provider: Provider, error: str, attributes: Attributes) -> Finding:
    """Return what rclone's error text means for this credential; the text comes back redacted."""
    detail = redacted(provider, error, attributes)
    row = _first(provider, error, attributes)
    if provider.target and provider.target not in attributes and DENIED.search(error) and row in {None, *GENERAL}:
        return _refused_at_root(provider, error, detail)
    if row is None:
        return Finding(State.INVALID, "The provider did not accept this. Its own words stand below.", "", detail)
    return Finding(row.state, row.message, _placed(row.field, provider, attributes), detail)


def _refused_at_root(provider: Provider, error: str, detail: str) -> Finding:
    """Return what a refusal to list all buckets means; many a key may use one of them only."""
    word = provider.bucket_word.lower()
    name = f"Name its {word} under {provider.bucket_word} to verify"
    if ACCEPTED.search(error):
        message = f"The key was accepted, but it may not list all {word}s. {name}."
        return Finding(State.VALID_LIMITED, message, provider.target, detail)
    message = f"The provider refuses, and its words below may say why. Is the key for one {word} only? {name}."
    return Finding(State.INVALID, message, provider.target, detail)


def _first(provider: Provider, error: str, attributes: Attributes) -> Reply | None:
    over_http = all(field.kind is not Kind.HOST for field in provider.fields)
    rows = (*NETWORK, *((HTTP_FAULT,) if over_http else ()), *provider.replies, *GENERAL)
    meant = (row for row in rows if not row.when or row.when in attributes)
    return next((row for row in meant if re.search(row.pattern, error, re.IGNORECASE)), None)


def _placed(field: str, provider: Provider, attributes: Attributes) -> str:
    """Turn a place such as `@address` into the key of a field that this provider has."""
    keys = [known.key for known in provider.shown(attributes)]
    if field == AT_ADDRESS:
        named = [key for key in ADDRESS_FIELDS if key in keys and key in attributes]
        return next(iter(named or [key for key in ADDRESS_FIELDS if key in keys]), "")
    if field == AT_CA:
        return "ca_certificate" if "ca_certificate" in keys else _placed(AT_ADDRESS, provider, attributes)
    if field == AT_TARGET:
        return provider.target if provider.target in attributes else ""
    if field == "key_pem" and "private_key" in attributes:
        return "private_key"
    return field if field in keys else ""


def redacted(provider: Provider, error: str, attributes: Attributes) -> str:
    """Return a provider's own words without secrets, request ids and rclone's advice for its command line."""
    text = Redactor.of(provider, attributes)(error)
    for pattern, instead in NOISE:
        text = pattern.sub(instead, text)
    return text.strip()[:LONGEST_DETAIL]
