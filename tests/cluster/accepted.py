"""Specifications that the API server has to take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.refused import beside, output
from cluster.samples import BLOCKS, OPTIONS, SEALED, Spec, ref, spec

from credential_operator.crd.providers import offered
from webapp.core.fields import Field, Kind
from webapp.core.formats import FORMATS
from webapp.core.naming import camel, members

GOOD: dict[Kind, tuple[Any, ...]] = {
    Kind.URL: (
        "https://s3.example.com",
        "http://127.0.0.1:9000",
        "https://[2001:db8::7]:8443",
        "https://büro.example/",
    ),
    Kind.HOST: ("nas", "nas.example.com", "192.0.2.7", "2001:db8::7", "[2001:db8::7]", "büro.example"),
    Kind.PORT: (1, 2222, 65535),
    Kind.BOOLEAN: (True, False),
    Kind.INTEGER: (1, 10_000),
    Kind.TEXT: ("backup",),
    Kind.SUGGESTION: ("eu-central-1",),
    Kind.LONG_TEXT: ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",),
}
SECRETS = (ref("a"), ref(".a-b_c", "keys.of.nas"), {"sealed": SEALED})


def values_of(field: Field) -> tuple[Any, ...]:
    """Return values that a field may have."""
    if field.secret:
        return SECRETS
    if field.kind is not Kind.CHOICE:
        return GOOD[field.kind]
    values = [choice.value for choice in field.choices if choice.value]
    if set(values) == {"true", "false"}:
        return (True, False)
    return tuple(int(value) if value.isdigit() else value for value in dict.fromkeys(values))[:4]


def fields() -> Iterator[tuple[str, Spec]]:
    """Give every field of every provider with good values, where it does not make a second way to sign in."""
    for member, known in members().items():
        for field in offered(known) if member in BLOCKS else ():
            held = {key for one_of in known.one_of if one_of.exclusive for keys in one_of.sets for key in keys}
            key = camel(field.key)
            if field.key in held and key not in BLOCKS[member]:
                continue
            for number, value in enumerate(values_of(field)):
                yield f"{member}.{key}-{number}", spec(member, **{key: value})


def formats() -> Iterator[tuple[str, Spec]]:
    """Give every format with what it needs, and with all of its options."""
    for known in FORMATS.values():
        needed = {
            camel(option.key): OPTIONS[option.key] for option in known.options if option.required and not option.secret
        }
        yield f"{known.key}-needed", output(format=known.key, **({"options": needed} if needed else {}))
        plain = {camel(option.key): option.default for option in known.options if option.default is not None}
        secret = {camel(option.key): {"generate": True} for option in known.options if option.secret}
        yield f"{known.key}-all", output(format=known.key, options={**plain, **needed, **secret})


WHOLE: tuple[tuple[str, Spec], ...] = (
    ("store", {"store": {"name": "Nightly S3"}}),
    ("store-with-outputs", {"store": {"name": "Büro"}, "secrets": [{"name": "a", "format": "rclone"}]}),
    ("no-outputs", beside(secrets=[])),
    ("two-outputs", beside(secrets=[{"name": "a", "format": "rclone"}, {"name": "b", "format": "rclone"}])),
    ("32-outputs", beside(secrets=[{"name": f"a{n}", "format": "rclone"} for n in range(32)])),
    ("labels", output(labels={"app.kubernetes.io/name": "db", "cnpg.io/reload": "true", "empty": ""})),
    ("annotations", output(annotations={"example.com/note": "a long text, with blanks"})),
    ("longest-name", output(name="a" * 253)),
    ("password-reference", output(format="restic", options={"repository": "a", "password": ref("password")})),
    ("password-sealed", output(format="restic", options={"repository": "a", "password": {"sealed": SEALED}})),
    *((f"interval-{text}", beside(verification={"interval": text})) for text in ("0", "0s", "60m", "6h", "1h30m", "7d", "90s")),
    ("gate", beside(verification={"gate": True, "target": "backups/db"})),
    ("delete", beside(deletionPolicy="Delete")),
    ("retain", beside(deletionPolicy="Retain")),
    ("rollout-targets", beside(rolloutRestart={"targets": [{"kind": "Deployment", "name": "a"}, {"kind": "DaemonSet", "name": "a"}]})),
    ("rollout-labels", beside(rolloutRestart={"matchLabels": {"app": "db"}})),
    ("sftp-password", spec("sftp", keyPem=None, **{"pass": ref("password")})),
    ("azure-sas", spec("azureblob", account=None, key=None, sasUrl=ref("sas"))),
    ("azure-principal", spec("azureblob", key=None, tenant="t", clientId="c", clientSecret=ref("s"))),
    ("drive-token", spec("googleDrive", serviceAccountCredentials=None, token=ref("token"))),
    ("webdav-anonymous", spec("webdav", user=None, **{"pass": None})),
    ("webdav-token", spec("webdav", user=None, bearerToken=ref("t"), **{"pass": None})),
    ("swift-application", spec("openstackSwift", user=None, key=None, applicationCredentialId="a", applicationCredentialSecret=ref("s"))),
    ("swift-token", spec("openstackSwift", user=None, key=None, auth=None, authToken=ref("t"), storageUrl="https://s.example.com/v1")),
)  # fmt: skip


def accepted() -> list[tuple[str, Spec]]:
    """Return every row."""
    return [*((f"{member}-smallest", spec(member)) for member in BLOCKS), *fields(), *formats(), *WHOLE]
