"""Every format with every provider it names, against golden files: `pytest tests/formats --write-golden` writes them."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
import yaml
from formats import samples
from formats.proving import proves

from webapp.core.errors import NotFoundError, PermanentError
from webapp.core.fields import as_text
from webapp.core.formats import (
    FORMATS,
    Names,
    Rendered,
    Source,
    UnsupportedFormatError,
    find_format,
    formats_for,
    render,
)
from webapp.core.formats.accounts import HOSTED
from webapp.core.formats.delivery import manifest
from webapp.core.formats.sshfiles import key_file
from webapp.core.formats.textfiles import dotenv_line, yaml_text
from webapp.core.providers import PROVIDERS
from webapp.core.rclone.obscure import reveal
from webapp.core.validation import InvalidValuesError

GOLDEN = Path(__file__).parent / "golden"
PAIRS = [(key, provider) for key, listed in FORMATS.items() for provider in listed.providers]
UNSUPPORTED = [
    (key, provider) for key, listed in FORMATS.items() for provider in PROVIDERS if provider not in listed.providers
]


def shown(made: Rendered, source: Source) -> str:
    """Return what was made as text; obscured passwords, which begin with random bytes, are shown revealed."""
    secrets = {as_text(value) for value in source.provider.secret_values(source.attributes)}

    def revealed(found: re.Match[str]) -> str:
        try:
            text = reveal(found[0])
        except (ValueError, UnicodeDecodeError, PermanentError):
            return found[0]
        return f"<obscured {text!r}>" if text in secrets else found[0]

    parts = [f"type {made.secret_type}\n"]
    for key, value in made.data.items():
        kind = f"file {key} {made.files[key]}".rstrip() if key in made.files else f"variable {key}"
        parts.append(f"--- {kind}\n{re.sub(r'[A-Za-z0-9_-]{22,}', revealed, value.decode())}\n")
    return "".join(parts)


@pytest.mark.parametrize(("key", "provider"), PAIRS)
def test_a_pair_is_written_as_its_golden_file(key: str, provider: str, write_golden: bool) -> None:
    source = samples.source(provider, key)
    path = GOLDEN / key / f"{provider}.txt"
    text = shown(render(key, source, samples.options(key)), source)
    if write_golden:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def test_no_golden_file_is_left_over() -> None:
    found = {(path.parent.name, path.stem) for path in GOLDEN.glob("*/*.txt")}
    assert found == set(PAIRS)


@pytest.mark.parametrize(("key", "provider"), PAIRS)
def test_keys_are_what_a_kubernetes_secret_takes(key: str, provider: str) -> None:
    made = render(key, samples.source(provider, key), samples.options(key))
    assert made.data
    assert all(re.fullmatch(r"[-._a-zA-Z0-9]{1,253}", name) for name in made.data)
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) for name in made.environment if name[0].isupper())


@pytest.mark.parametrize(("key", "provider"), PAIRS)
def test_secrets_stand_in_the_data_and_nowhere_else(key: str, provider: str) -> None:
    source = samples.source(provider, key)
    made = render(key, source, samples.options(key))
    used = find_format(key).usage(Names(source.name, "nightly", {"repository": "backups/db"}, provider))
    assert provider == "SFTP" or "sftp" not in used.lower(), "what only one provider needs is shown for it alone"
    for secret in source.provider.secret_values(source.attributes):
        assert as_text(secret) not in repr(made) + repr(source) + used


def telling(secret: str) -> str:
    """Return a part of a secret that stays as it is when the secret is escaped or put on one line."""
    if secret.startswith("{"):
        values: dict[str, str] = json.loads(secret)
        return values.get("access_token") or values["private_key"].splitlines()[1]
    return secret.splitlines()[1] if "PRIVATE KEY" in secret else secret


def ways_of(secret: str) -> set[str]:
    """Return how a secret may be written: as it is, in JSON, in quotes, a Basic header as its password, a key for ssh."""
    if secret == telling(samples.KEY_PEM):
        return {secret, key_file(samples.KEY_PEM).splitlines()[3]}
    if secret.startswith("Authorization,Basic "):
        return {secret, base64.b64decode(secret.split()[1]).decode().partition(":")[2]}
    return {secret, json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1], dotenv_line("", secret)[2:-2]}


OPTIONAL = {"client_secret"}
"""What is handed out with the whole token only."""


@pytest.mark.parametrize(("key", "provider"), [pair for pair in PAIRS if pair[0] != "template"])
def test_every_secret_stands_in_the_data_obscured_ones_revealed(key: str, provider: str) -> None:
    source = samples.source(provider, key)
    text = shown(render(key, source, samples.options(key)), source)
    wanted = {
        field.key: telling(as_text(source.attributes[field.key]))
        for field in source.provider.fields
        if field.secret and field.key in source.attributes and field.key not in OPTIONAL
    }
    forms = {name: ways_of(secret) for name, secret in wanted.items()}
    assert [name for name, ways in forms.items() if not any(way in text for way in ways)] == []


@pytest.mark.parametrize("key", FORMATS)
def test_the_password_of_a_repository_goes_along(key: str) -> None:
    wanted = FORMATS[key]
    if wanted.kept_by:
        made = render(key, samples.source("S3"), samples.options(key))
        assert any(samples.REPOSITORY_PASSWORD.encode() in value for value in made.data.values())
        for option in wanted.kept_options:
            given = {name: value for name, value in samples.options(key).items() if name != option.key}
            with pytest.raises(InvalidValuesError) as caught:
                render(key, samples.source("S3"), given)
            assert caught.value.field == option.key


@pytest.mark.parametrize(("key", "provider"), UNSUPPORTED)
def test_a_pair_that_cannot_work_is_refused_by_name(key: str, provider: str) -> None:
    with pytest.raises(UnsupportedFormatError) as caught:
        render(key, samples.source(provider, key), samples.options(key))
    assert PROVIDERS[provider].label.split()[0] in caught.value.message
    assert "{" not in caught.value.message


def test_restic_with_google_photos_names_the_reason_and_with_box_a_way_that_works() -> None:
    with pytest.raises(UnsupportedFormatError, match="pictures and videos only"):
        render("restic", samples.source("GOOGLE_PHOTOS"), samples.options("restic"))
    with pytest.raises(UnsupportedFormatError, match="Use the format restic-rclone"):
        render("restic", samples.source("BOX"), samples.options("restic"))


def test_an_unknown_format_or_option_is_one_clear_line() -> None:
    with pytest.raises(NotFoundError, match="Known are rclone, "):
        find_format("nothing")
    with pytest.raises(InvalidValuesError, match="It knows: remote, token"):
        render("rclone", samples.source("S3"), {"colour": "red"})


@pytest.mark.parametrize("value", ["/etc", "a\nb", 7.5, ["x"]])
def test_an_option_of_the_wrong_kind_is_refused_at_its_field(value: object) -> None:
    with pytest.raises(InvalidValuesError) as caught:
        render("rclone", samples.source("S3"), {"remote": value})
    assert caught.value.field == "remote"


def test_formats_for_a_provider_are_those_that_carry_it() -> None:
    assert [listed.key for listed in formats_for("GOOGLE_PHOTOS")] == [
        "rclone", "rclone-env", "volsync-rclone", "env", "template"
    ]  # fmt: skip


@pytest.mark.parametrize("provider", ["BOX", "DROPBOX", "ONEDRIVE", "YANDEX"])
def test_an_access_token_goes_along_without_its_refresh_token_unless_asked(provider: str) -> None:
    source = samples.source(provider)
    assert b"refresh-Aa1" not in render("rclone", source, {}).data["rclone.conf"]
    assert b"refresh-Aa1" in render("rclone", source, {"token": "whole"}).data["rclone.conf"]


def test_what_rclone_conf_cannot_hold_is_refused_with_a_way_that_works() -> None:
    source = samples.source("S3")
    awkward = Source("x", source.provider, {**source.attributes, "secret_access_key": "a%(region)sb"})
    with pytest.raises(UnsupportedFormatError, match="rclone-env"):
        render("rclone", awkward, {})
    assert b"a%(region)sb" in render("rclone-env", awkward, {}).data.values()


@pytest.mark.parametrize(
    "template",
    [
        "{% for x in name %}{% for y in name %}{% endfor %}{% endfor %}",
        "{{ name * 1000000000 }}",
        "{{ name.__class__.__mro__ }}",
        "{{ name['__class__'] }}",
        "{{ cycler.__init__.__globals__ }}",
        "{% include '/etc/passwd' %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ range(10) }}",
        "{{ nothing }}",
        "{{ name" + "|tojson" * 400 + " }}",
        "{{ name | attr('format') }}",
        "{{ 7 / 0 }}",
        "{{ 'a' ~ 'b' }}",
        "{{",
        "{{ name" + "|urlencode" * 1500,
        "{% if name %}" * 110 + "{% endif %}" * 110,
        "{{ '\\ud800' }}",
    ],
)
def test_a_template_that_errs_or_reaches_out_is_refused_at_its_field(template: str) -> None:
    with pytest.raises(PermanentError) as caught:
        render("template", samples.source("S3"), {"template": template})
    assert caught.value.field == "template"
    assert samples.AWKWARD not in caught.value.message


def test_a_template_is_compiled_once_and_filled_in_with_the_values_of_each_credential() -> None:
    swift, web = samples.source("OPENSTACK_SWIFT"), samples.source("WEBDAV")
    text = "{{ user }} at {{ domain | default(url) }}"
    made = [render("template", source, {"template": text}).data["credential"].decode() for source in (swift, web)]
    assert made == ["us er at Default", "us er at https://dav.example.com/dav/"]


def test_every_field_of_swift_is_handed_on_when_the_version_is_left_out() -> None:
    source = samples.source("OPENSTACK_SWIFT")
    assert "auth_version" not in source.attributes
    assert render("env", source, {}).environment == {
        key.upper(): as_text(value) for key, value in source.attributes.items()
    }


@pytest.mark.parametrize("secret", [" a", "a ", "a #b", "a\t;b", "'a'", '"a"', '"'])
def test_what_a_file_of_aws_cannot_hold_is_refused(secret: str) -> None:
    """The library that Velero's plugin reads it with changes each of these (aws-sdk-go-v2, config/internal/ini)."""
    given = samples.source("S3")
    changed = Source("x", given.provider, {**given.attributes, "secret_access_key": secret})
    for key in ("aws-credentials", "velero"):
        with pytest.raises(UnsupportedFormatError, match="AWS's libraries read another secret key"):
            render(key, changed, {})


@pytest.mark.parametrize(("vendor", "hosted"), [("Alibaba", True), ("Minio", False), ("Other", False)])
def test_the_bucket_stands_where_the_vendor_wants_it(vendor: str, hosted: bool) -> None:
    given = samples.source("S3")
    chosen = Source("x", given.provider, {**given.attributes, "provider": vendor})
    asked = {"bucket": "b", "cipher_pass": "x"}
    style = "host" if hosted else "path"
    assert f"repo1-s3-uri-style={style}" in render("pgbackrest", chosen, asked).data["s3.conf"].decode()
    made = yaml.safe_load(render("objstore", chosen, {"bucket": "b"}).data["objstore.yml"])
    assert made["config"]["bucket_lookup_type"] == ("virtual-hosted" if hosted else "path")
    assert ("VIRTUAL_HOSTED_STYLE" in render("longhorn", chosen, {}).data) is hosted


def test_vendors_with_the_bucket_in_the_host_name_are_vendors() -> None:
    vendors = next(field for field in PROVIDERS["S3"].fields if field.key == "provider").choices
    assert {choice.value for choice in vendors} >= HOSTED


def test_a_pair_of_keys_that_ends_is_not_handed_to_a_tool_that_reads_no_session_token() -> None:
    given = samples.source("S3")
    ending = Source("x", given.provider, {**given.attributes, "session_token": "a token"})
    with pytest.raises(UnsupportedFormatError, match="session token"):
        render("longhorn", ending, {})


def test_clusters_of_zalandos_operator_do_not_share_a_place() -> None:
    """One Secret serves all of them, and Spilo adds the cluster to these variables only."""
    options = {"bucket": "backups", "prefix": "db"}
    assert render("zalando", samples.source("S3"), options).environment["WAL_S3_BUCKET"] == "backups/db"
    google = render("zalando", samples.source("GOOGLE_CLOUD_STORAGE"), options).environment
    assert google["WAL_GS_BUCKET"] == "backups/db"
    with pytest.raises(UnsupportedFormatError, match="Name the cluster in the prefix"):
        render("zalando", samples.source("AZUREBLOB"), {"bucket": "backups"})


def test_lokistack_gets_the_regional_address_that_its_operator_demands_of_aws() -> None:
    given = samples.source("S3")
    keys = {key: text for key, text in given.attributes.items() if key not in {"endpoint", "region"}}
    made = render("lokistack", Source("x", given.provider, {**keys, "provider": "AWS"}), {"bucket": "b"}).environment
    assert (made["endpoint"], made["region"]) == ("https://s3.us-east-1.amazonaws.com", "us-east-1")


@pytest.mark.parametrize("name", ["yes", "1.0", "0x1", "null", "2026-01-01", "-"])
def test_keys_of_a_manifest_stay_texts(name: str) -> None:
    made = render("template", samples.source("S3"), {"template": "x", "file": name})
    assert list(yaml.safe_load(manifest(made, "no"))["data"]) == [name]


@pytest.mark.parametrize("value", ["a\u2028b", "\ufeffa", "a\uffffb", "🔑", "no", "a\\n"], ids=ascii)
def test_yaml_reads_every_text_back(value: str) -> None:
    assert yaml.safe_load(yaml_text({"a": {"b": value}})) == {"a": {"b": value}}


def test_a_dotenv_line_quotes_every_awkward_value() -> None:
    assert dotenv_line("A", "plain") == "A='plain'\n"
    assert dotenv_line("A", "it's $x\\") == 'A="it\'s \\$x\\\\"\n'


@proves("volsync-rclone", FORMATS["rclone"].carriers, "its rclone.conf is the one of the format rclone")
@pytest.mark.parametrize("provider", FORMATS["volsync-rclone"].carriers)
def test_volsync_gets_the_rclone_conf_that_rclone_is_proven_with(provider: str) -> None:
    source = samples.source(provider)
    ours, theirs = (shown(render(key, source, {"remote": "backup"}), source) for key in ("volsync-rclone", "rclone"))
    assert ours.partition("--- file ")[2] == theirs.partition("--- file ")[2]


@proves("restic-rclone", FORMATS["rclone-env"].carriers, "its variables for rclone are those of rclone-env")
@pytest.mark.parametrize("provider", FORMATS["restic-rclone"].carriers)
def test_restic_gets_the_variables_that_rclone_is_proven_with(provider: str) -> None:
    source = samples.source(provider)
    ours, theirs = (
        {part for part in shown(render(key, source, samples.options(key)), source).split("--- ") if "RCLONE" in part}
        for key in ("restic-rclone", "rclone-env")
    )
    assert ours == theirs
    assert ours
