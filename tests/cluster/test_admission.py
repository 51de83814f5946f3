"""What the API server takes and refuses, asked of a real one, without storing anything."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from cluster.accepted import accepted
from cluster.refused import PLAIN, Refused, refused
from cluster.samples import BLOCKS, Spec, resource
from servers.kinds.kubernetes import ControlPlane

from credential_operator.names import GROUP, PLURAL, VERSION
from webapp.core.naming import members
from webapp.core.providers.base import Support

PATH = f"/apis/{GROUP}/{VERSION}/namespaces/default/{PLURAL}?dryRun=All&fieldValidation=Strict"
"""As kubectl asks, and nothing is kept."""


@pytest.fixture(scope="module")
def client(cluster: ControlPlane) -> Iterator[httpx.Client]:
    with cluster.client() as opened:
        yield opened


def test_the_tables_are_large_and_their_rows_have_names() -> None:
    assert len({row.name for row in refused()}) == len(refused()) >= 200
    assert len({name for name, _ in accepted()}) == len(accepted()) >= 200
    assert list(BLOCKS) == [name for name, known in members().items() if known.support is not Support.UNSUPPORTED]


@pytest.mark.server
@pytest.mark.parametrize("row", refused(), ids=lambda row: row.name)
def test_what_cannot_work_is_refused_with_its_sentence(client: httpx.Client, row: Refused) -> None:
    answer = client.post(PATH, json=resource(row.spec))
    said = answer.json()["message"]
    assert answer.status_code in {400, 422}, said
    assert row.sentence in said
    assert PLAIN not in said


@pytest.mark.server
@pytest.mark.parametrize(("name", "spec"), accepted(), ids=[name for name, _ in accepted()])
def test_what_can_work_is_taken(client: httpx.Client, name: str, spec: Spec) -> None:
    answer = client.post(PATH, json=resource(spec))
    assert answer.is_success, answer.json()["message"]
    assert answer.json()["spec"] == spec, "the definition dropped or changed something"
