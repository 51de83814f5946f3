"""What a resource asks for, and every way in which it cannot be had."""

from __future__ import annotations

import base64
import dataclasses
from typing import Any

import pytest
from reconcile.samples import KEY, PLACE, S3, read, resolver, spec

from credential_operator.crd.fields import plain_node
from credential_operator.crd.providers import offered
from credential_operator.reasons import Reason, TroubleError
from credential_operator.wanted.made import Made, body_of, make, rendered, same_content
from credential_operator.wanted.spec import DAY, Spec, seconds
from credential_operator.wanted.values import attributes_of, options_of, refuse_at_once
from webapp.core.fields import Kind
from webapp.core.formats import Source
from webapp.core.naming import in_resource
from webapp.core.providers import PROVIDERS


@pytest.mark.parametrize(
    ("text", "expected"),
    [("6h", 21600), ("1h30m", 5400), ("7d", 604800), ("90s", 90), ("0", 0), ("0s", 0), ("later", DAY)],
)
def test_a_duration_is_read(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("0m5s", 60), ("1s1s", 60), ("90s", 90), ("0", 0), ("0m", 0)])
def test_nothing_is_verified_more_than_once_a_minute_however_it_is_written(text: str, expected: float) -> None:
    assert spec(verification={"interval": text}).verification.interval == expected


def test_sources_are_named_once_with_their_keys() -> None:
    asked = spec(
        {
            "s3": {
                **S3,
                "accessKeyId": "A",
                "sessionToken": {"secretKeyRef": {"name": "s3-keys", "key": "token"}},
            }
        },
        secrets=[
            {
                "name": "out",
                "format": "restic",
                "options": {"repository": "b", "password": {"secretKeyRef": {"name": "other", "key": "p"}}},
            }
        ],
    )
    assert asked.sources == {"other": frozenset({"p"}), "s3-keys": frozenset({"secret", "token"})}


def test_values_come_from_the_secret_and_a_last_newline_does_not() -> None:
    found = attributes_of(spec(), resolver(s3_keys=read(secret="hush\n")))
    assert found["secret_access_key"] == "hush"
    assert found["access_key_id"] == "AKIA"


@pytest.mark.parametrize(
    ("reads", "reason"),
    [
        ({"s3_keys": None}, Reason.SOURCE_NOT_FOUND),
        ({"s3_keys": read(other="x")}, Reason.SOURCE_KEY_NOT_FOUND),
        ({"s3_keys": dataclasses.replace(read(), data={"secret": "/w=="})}, Reason.SOURCE_UNDECODABLE),
        ({"s3_keys": read(secret="two\nlines")}, Reason.VALUE_INVALID),
    ],
)
def test_each_trouble_has_its_reason_and_repeats_no_value(reads: dict[str, Any], reason: Reason) -> None:
    with pytest.raises(TroubleError) as caught:
        attributes_of(spec(), resolver(**reads))
    assert caught.value.trouble.reason is reason
    assert "two" not in caught.value.trouble.message


def test_a_wrong_value_is_told_by_the_name_in_the_resource() -> None:
    with pytest.raises(TroubleError, match=r"^accessKeyId: .*one line"):
        attributes_of(spec({"s3": {**S3, "accessKeyId": "two\nlines"}}), resolver(s3_keys=read(secret="s")))


def test_a_sealed_value_is_opened_for_its_place_and_field() -> None:
    asked = spec({"s3": {**S3, "secretAccessKey": {"sealed": "age"}}})
    assert attributes_of(asked, resolver())["secret_access_key"] == "db/nightly/secretAccessKey/age"


def test_a_sealed_option_is_named_by_its_output() -> None:
    asked = spec(secrets=[{"name": "out", "format": "restic", "options": {"password": {"sealed": "age"}}}])
    assert options_of(asked.outputs[0], resolver()) == {"password": "db/nightly/out/password/age"}


@pytest.mark.parametrize(
    ("asked", "reason", "words"),
    [
        (spec(secrets=[{"name": "s3-keys", "format": "rclone"}]), Reason.OUTPUT_IS_SOURCE, "s3-keys"),
        (spec(secrets=[{"name": "out", "format": "ssh-auth"}]), Reason.FORMAT_UNSUPPORTED, "out: "),
        (spec({"ftp": {}}, secrets=[{"name": "o", "format": "restic"}]), Reason.FORMAT_UNSUPPORTED, "restic-rclone"),
    ],
)
def test_what_the_resource_alone_shows_is_refused_at_once(asked: Spec, reason: Reason, words: str) -> None:
    with pytest.raises(TroubleError, match=words) as caught:
        refuse_at_once(asked, asked.provider)
    assert caught.value.trouble.reason is reason


def test_an_unknown_provider_is_told() -> None:
    with pytest.raises(TroubleError) as caught:
        _ = spec({"floppy": {}}).provider
    assert caught.value.trouble.reason is Reason.PROVIDER_INVALID


def made(secret: str = "hush", labels: dict[str, str] | None = None) -> Made:
    asked = spec(secrets=[{"name": "out", "format": "rclone", "labels": labels or {}}])
    source = Source("nightly", asked.provider, attributes_of(asked, resolver(s3_keys=read(secret=secret))))
    return make(asked.outputs[0], PLACE, rendered(asked.outputs[0], source, {}), KEY)


def test_the_hash_follows_the_content_and_nothing_else() -> None:
    assert made().hash == made().hash
    assert len({made().hash, made("other").hash, made(labels={"a": "b"}).hash}) == 3
    assert "hush" not in repr(made())


def test_a_secret_of_ours_is_known_again_with_what_others_added() -> None:
    wanted = made()
    body = body_of(wanted, PLACE, "uid")
    body["metadata"]["labels"]["someone"] = "else"
    assert same_content(wanted, body, KEY)
    body["data"] = {**body["data"], "more": base64.b64encode(b"x").decode()}
    assert not same_content(wanted, body, KEY)
    assert body["metadata"]["ownerReferences"][0]["uid"] == "uid"
    assert "ownerReferences" not in body_of(wanted, PLACE, "")["metadata"]


@pytest.mark.parametrize("provider_type", PROVIDERS)
def test_a_stored_value_is_copied_as_the_definition_has_it(provider_type: str) -> None:
    """The API server takes no `"true"` for true and no `"3"` for 3."""
    kinds = {"string": str, "boolean": bool, "integer": int}
    for field in (one for one in offered(PROVIDERS[provider_type]) if not one.secret):
        node = plain_node(field)
        given = [choice.value for choice in field.choices if choice.value] or {
            "boolean": ["true"],
            "integer": ["22"],
        }.get(node["type"], ["x"])
        copied = [in_resource(field, value) for value in given]
        assert {type(value) for value in copied} == {kinds[node["type"]]}, field.key
        assert field.kind is not Kind.CHOICE or "enum" not in node or set(copied) <= set(node["enum"])
