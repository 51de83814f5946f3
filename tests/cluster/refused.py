"""Specifications that the API server has to refuse, each with a part of the sentence that says why.

The rows for a kind of field are written once and are tried on every field of that kind, so that a new provider is held
to them without a line here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from cluster.samples import BLOCKS, SEALED, Spec, ref, spec

from credential_operator.crd.providers import offered
from webapp.core.fields import Field, Kind
from webapp.core.naming import camel, members


class Refused(NamedTuple):
    """A row: a name for it, the specification, what has to be in the answer."""

    name: str
    spec: Spec
    sentence: str


PLAIN = "canary-plain-secret"
"""A secret where it must not be; it must not be in the answer either."""

SECRETS: tuple[tuple[str, Any, str], ...] = (
    ("plain", PLAIN, "must be of type object"),
    ("both", {**ref("a"), "sealed": SEALED}, "takes exactly one of secretKeyRef or sealed"),
    ("neither", {}, "takes exactly one of secretKeyRef or sealed"),
    ("value", {"value": PLAIN}, 'unknown field "spec.provider.'),
    ("generated", {"generate": True}, 'unknown field "spec.provider.'),
    ("no-key", {"secretKeyRef": {"name": "keys"}}, "secretKeyRef.key: Required value"),
    ("no-name", {"secretKeyRef": {"key": "a"}}, "secretKeyRef.name: Required value"),
    ("other-namespace", {"secretKeyRef": {"name": "keys", "key": "a", "namespace": "kube-system"}}, "unknown field"),
    ("name-in-capitals", ref("a", "Keys"), "secretKeyRef.name in body should match"),
    ("key-with-slash", ref("a/b"), "secretKeyRef.key in body should match"),
    ("sealed-in-plain", {"sealed": PLAIN}, "A sealed value begins with -----BEGIN AGE ENCRYPTED FILE-----"),
)
URLS: tuple[tuple[str, Any, str], ...] = (
    ("no-scheme", "files.example.com", "must begin with https:// or http://."),
    ("other-scheme", "ftp://files.example.com", "must begin with https:// or http://."),
    ("blank", "https://files.example.com/a b", "must not hold blanks."),
    ("user", "https://me:word@files.example.com", "has no user and password: they have fields of their own."),
    ("no-host", "https://", "has no valid host name after https://"),
    ("port", "https://files.example.com:port", "has no valid host name after https://"),
    ("number", 7, "must be of type string"),
    ("too-long", "https://files.example.com/" + "a" * 1100, "may not be more than 1024"),
)
HOSTS: tuple[tuple[str, Any, str], ...] = (
    ("scheme", "sftp://nas.example.com", "is a name without https://"),
    ("path", "nas.example.com/backups", "is a name without a path"),
    ("backslash", r"nas\backups", "is a name without a path"),
    ("user", "me@nas.example.com", "is a name without a user"),
    ("port", "nas.example.com:22", "is a name without a port"),
    ("blank", "nas example", "must not hold blanks"),
    ("empty", "", "should be at least 1 chars long"),
)
PORTS: tuple[tuple[str, Any, str], ...] = (
    ("zero", 0, "should be greater than or equal to 1"),
    ("high", 65536, "should be less than or equal to 65535"),
    ("negative", -1, "should be greater than or equal to 1"),
    ("text", "22", "must be of type integer"),
    ("fraction", 2.5, "must be of type integer"),
)
CHOICES = (("unknown", "NOT-THERE", "supported values"), ("list", ["NONE"], "must be of type"))
BOOLEANS = (("word", "perhaps", "must be of type boolean"), ("number", 1, "must be of type boolean"))
INTEGERS = (("word", "many", "must be of type integer"), ("huge", 10**13, "should be less than or equal to"))
TEXTS = (("too-long", "a" * 70_000, "Too long"), ("list", ["a"], "must be of type string"))

ROWS: dict[Kind, tuple[tuple[str, Any, str], ...]] = {
    Kind.URL: URLS,
    Kind.HOST: HOSTS,
    Kind.PORT: PORTS,
    Kind.CHOICE: CHOICES,
    Kind.BOOLEAN: BOOLEANS,
    Kind.INTEGER: INTEGERS,
    Kind.TEXT: TEXTS,
    Kind.SUGGESTION: TEXTS,
    Kind.LONG_TEXT: TEXTS,
}


def rows_of(field: Field) -> tuple[tuple[str, Any, str], ...]:
    """Return what no field of this kind may be."""
    if field.secret:
        return SECRETS
    values = {choice.value for choice in field.choices}
    if field.kind is Kind.CHOICE and (values <= {"", "true", "false"} or all(map(str.isdigit, values))):
        return (("word", "NOT-THERE", "must be of type"), ("list", ["NONE"], "must be of type"))
    return ROWS[field.kind]


def wrong_values() -> Iterator[Refused]:
    """Give every field of every provider with every value that it must not have."""
    for member, known in members().items():
        for field in offered(known) if member in BLOCKS else ():
            for name, value, sentence in rows_of(field):
                key = camel(field.key)
                yield Refused(f"{member}.{key}-{name}", spec(member, **{key: value}), sentence)


def missing_values() -> Iterator[Refused]:
    """Give every provider without each of the fields that it must have."""
    for member, known in members().items():
        for field in offered(known) if member in BLOCKS else ():
            if field.required and not field.shown_when:
                key = camel(field.key)
                yield Refused(f"{member}-without-{key}", spec(member, **{key: None}), f"{key}: Required value")


SETS: tuple[Refused, ...] = (
    Refused("sftp-without-password-and-key", spec("sftp", keyPem=None), "Enter a password or a private key."),
    Refused("azure-without-key", spec("azureblob", key=None), "Enter an account name and its key, or a SAS URL"),
    Refused("azure-without-account", spec("azureblob", account=None), "Enter an account name and its key"),
    Refused("azure-two-ways", spec("azureblob", sasUrl=ref("sas")), "only one way"),
    Refused(
        "azure-principal-without-tenant",
        spec("azureblob", key=None, clientId="a", clientSecret=ref("b")),
        "Enter an account name and its key",
    ),
    Refused(
        "azure-key-and-principal",
        spec("azureblob", tenant="t", clientId="a", clientSecret=ref("b")),
        "only one way",
    ),
    Refused("azure-empty-account", spec("azureblob", account=""), "should be at least 1 chars long"),
    Refused("drive-without-token-and-key", spec("googleDrive", serviceAccountCredentials=None), "Paste a token"),
    Refused("drive-token-and-key", spec("googleDrive", token=ref("token")), "only one of them"),
    Refused("webdav-two-ways", spec("webdav", bearerToken=ref("b")), "Enter user and password, or a bearer token"),
    Refused("swift-without-address", spec("openstackSwift", auth=None), "Enter user, password and authentication URL"),
    Refused("swift-without-key", spec("openstackSwift", key=None), "Enter user, password and authentication URL"),
    Refused("swift-without-user", spec("openstackSwift", user=None), "Enter user, password and authentication URL"),
    Refused(
        "swift-credential-without-secret",
        spec("openstackSwift", user=None, key=None, applicationCredentialId="a"),
        "Enter user, password and authentication URL",
    ),
    Refused("swift-version-5", spec("openstackSwift", authVersion=5), 'supported values: "0", "1", "2", "3"'),
    Refused("s3-endpoint-with-path", spec("s3", endpoint="https://s3.example.com/bucket"), "Leave the path away"),
    Refused("s3-region-with-blank", spec("s3", region="eu central"), "spec.provider.s3.region"),
    Refused("s3-key-id-with-blank", spec("s3", accessKeyId="AK IA"), "spec.provider.s3.accessKeyId"),
    Refused("s3-target-in-the-block", spec("s3", verifyTarget="backups"), "unknown field"),
    Refused("sftp-stored-keypair", spec("sftp", privateKey="nas"), "unknown field"),
    Refused("b2-account-is-mail", spec("b2", account="me@example.com"), "Copy keyID, not the key's name."),
    Refused("azure-account-is-address", spec("azureblob", account="https://a"), "it is not an address"),
)

ONE = "Give the credential once: under provider, or as store"
PROVIDERS: tuple[Refused, ...] = (
    Refused("nothing", {}, ONE),
    Refused("provider-and-store", {**spec("b2"), "store": {"name": "Nightly"}}, ONE),
    Refused("no-provider", {"provider": {}}, "should have at least 1 properties"),
    Refused("two-providers", {"provider": {**spec("b2")["provider"], **spec("s3")["provider"]}}, "Too many: 2"),
    Refused(
        "three-providers",
        {"provider": {**spec("b2")["provider"], **spec("s3")["provider"], **spec("box")["provider"]}},
        "Too many: 3",
    ),
    Refused("hubic", {"provider": {"hubic": {"token": ref("token")}}}, "Hubic cannot be used."),
    Refused("hubic-in-plain", {"provider": {"hubic": {"token": PLAIN}}}, "Hubic cannot be used."),
    Refused("unknown-provider", {"provider": {"floppy": {}}}, 'unknown field "spec.provider.floppy"'),
    Refused("type-as-provider", {"provider": {"S3": BLOCKS["s3"]}}, 'unknown field "spec.provider.S3"'),
    Refused("text-as-provider", {"provider": "s3"}, "must be of type object"),
    Refused("empty-block", {"provider": {"s3": None}}, "spec.provider"),
    Refused("store-without-name", {"store": {}}, "spec.store.name: Required value"),
    Refused("store-empty-name", {"store": {"name": ""}}, "should be at least 1 chars long"),
    Refused("store-as-text", {"store": "Nightly"}, "must be of type object"),
    Refused("unknown-member", {**spec("b2"), "schedule": "daily"}, 'unknown field "spec.schedule"'),
)


def beside(**more: Any) -> Spec:
    """Return a right credential with more members of the specification."""
    return {**spec("b2"), **more}


def output(**changes: Any) -> Spec:
    """Return a right credential with one output, changed."""
    item = {"name": "nightly-rclone", "format": "rclone", **changes}
    return beside(secrets=[{key: value for key, value in item.items() if value is not None}])


OUTPUTS: tuple[Refused, ...] = (
    Refused(
        "two-of-one-name",
        beside(secrets=[{"name": "a", "format": "rclone"}, {"name": "a", "format": "env"}]),
        'spec.secrets[1]: Duplicate value: {"name":"a"}',
    ),
    Refused("no-name", output(name=None), "spec.secrets[0].name: Required value"),
    Refused("no-format", output(format=None), "spec.secrets[0].format: Required value"),
    Refused("unknown-format", output(format="duplicati"), "supported values"),
    Refused("name-in-capitals", output(name="Nightly"), "name in body should match"),
    Refused("name-with-blank", output(name="a b"), "name in body should match"),
    Refused("name-with-slash", output(name="other/a"), "name in body should match"),
    Refused("name-too-long", output(name="a" * 254), "may not be more than 253"),
    Refused("name-empty", output(name=""), "should be at least 1 chars long"),
    Refused("namespace", output(namespace="kube-system"), "unknown field"),
    Refused("type", output(type="Opaque"), "unknown field"),
    Refused("unknown-option", output(options={"colour": "red"}), "unknown field"),
    Refused("restic-without-options", output(format="restic"), ": repository (needed)"),
    Refused("restic-without-repository", output(format="restic", options={}), ": repository (needed)"),
    Refused(
        "restic-empty-repository",
        output(format="restic", options={"repository": ""}),
        ": repository (needed)",
    ),
    Refused("kopia-without-repository", output(format="kopia"), ": repository (needed)"),
    Refused("lokistack-without-bucket", output(format="lokistack"), ": bucket (needed)"),
    Refused("pgbackrest-without-bucket", output(format="pgbackrest"), ": bucket (needed)"),
    Refused("template-without-template", output(format="template"), ": template (needed)"),
    Refused(
        "password-in-plain",
        output(format="restic", options={"repository": "a", "password": PLAIN}),
        "must be of type object",
    ),
    Refused(
        "password-two-ways",
        output(format="restic", options={"repository": "a", "password": {"generate": True, **ref("a")}}),
        "takes exactly one of secretKeyRef, sealed or generate",
    ),
    Refused(
        "password-generate-false",
        output(format="restic", options={"repository": "a", "password": {"generate": False}}),
        'supported values: "true"',
    ),
    Refused(
        "password-nothing",
        output(format="restic", options={"repository": "a", "password": {}}),
        "takes exactly one of secretKeyRef, sealed or generate",
    ),
    Refused(
        "password-sealed-in-plain",
        output(format="restic", options={"repository": "a", "password": {"sealed": PLAIN}}),
        "A sealed value begins with",
    ),
    Refused("remote-with-dash", output(options={"remote": "a-b"}), "letters, digits and underscores only"),
    Refused("token-choice", output(options={"token": "all"}), "supported values"),
    Refused("bucket-with-folder", output(format="lokistack", options={"bucket": "a/b"}), "without a folder"),
    Refused("folder-relative", output(format="rclone-env", options={"folder": "a"}), "This is an absolute path"),
    Refused("label-value", output(labels={"a": "with blank"}), "labels.a in body should match"),
    Refused("label-too-long", output(labels={"a": "a" * 64}), "may not be more than 63"),
    Refused("label-key", output(labels={"with blank": "a"}), "The name of a label"),
    Refused("label-number", output(labels={"a": 1}), "must be of type string"),
    Refused("too-many-labels", output(labels={f"a{n}": "b" for n in range(33)}), "must have at most 32 items"),
    Refused("annotation-key", output(annotations={"a/b/c": "a"}), "The name of an annotation"),
    Refused("reserved-label", output(labels={"backupcredentials.dev/owner": "a"}), "The name of a label"),
    Refused("annotation-number", output(annotations={"a": 1}), "must be of type string"),
    Refused(
        "too-many-outputs",
        beside(secrets=[{"name": f"a{n}", "format": "rclone"} for n in range(33)]),
        "must have at most 32 items",
    ),
    Refused("secrets-as-object", beside(secrets="a"), "must be of type array"),
    Refused("interval-words", beside(verification={"interval": "daily"}), "An interval is a number with s, m, h or d"),
    Refused("interval-without-unit", beside(verification={"interval": "30"}), "An interval is a number with"),
    Refused("interval-negative", beside(verification={"interval": "-1h"}), "An interval is a number with"),
    Refused("interval-number", beside(verification={"interval": 30}), "must be of type string"),
    Refused("interval-too-often", beside(verification={"interval": "5s"}), "Verify once a minute at most."),
    Refused("gate-as-text", beside(verification={"gate": "yes"}), "must be of type boolean"),
    Refused("target-too-long", beside(verification={"target": "a" * 1025}), "may not be more than 1024"),
    Refused("verification-unknown", beside(verification={"when": "daily"}), "unknown field"),
    Refused("deletion-unknown", beside(deletionPolicy="Orphan"), 'supported values: "Delete", "Retain"'),
    Refused("rollout-empty", beside(rolloutRestart={}), "Name targets or matchLabels."),
    Refused("rollout-job", beside(rolloutRestart={"targets": [{"kind": "Job", "name": "a"}]}), "supported values"),
    Refused("rollout-nameless", beside(rolloutRestart={"targets": [{"kind": "Deployment"}]}), "name: Required value"),
    Refused(
        "rollout-label", beside(rolloutRestart={"matchLabels": {"app": "a b"}}), "matchLabels.app in body should match"
    ),
    Refused("rollout-no-labels", beside(rolloutRestart={"matchLabels": {}}), "should have at least 1 properties"),
)


def refused() -> list[Refused]:
    """Return every row."""
    return [*wrong_values(), *missing_values(), *SETS, *PROVIDERS, *OUTPUTS]
