"""How each provider's verification was proven, case by case: by which test, against what, with which answer.

The tests write down what they saw (`pytest tests/core/verification/servers --write-proofs`) into `proofs.json`, and each
later run fails when it sees something else. So nothing in the table is a guess: what is not in the file has a reason
here, and a test holds that every cell has one or the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from webapp.core.providers import PROVIDERS

FILE = Path(__file__).with_name("proofs.json")
FAKE = "fake internet"
"""Against what a test ran, when it was no real server."""


class Case(StrEnum):
    """What may happen; the value is the table's heading."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ENDED = "ended"
    DENIED = "no permission to list"
    UNREACHABLE = "unreachable"
    PLACE = "wrong region, bucket, folder or drive"
    RENEWED = "renewed by the check"


@dataclass(frozen=True, slots=True, order=True)
class Proof:
    """What a test saw.

    Attributes:
        provider: Whose check it was.
        case: What was the matter.
        against: A real server by its name, or `FAKE`.
        state: The state that the check gave.
        field: The key of the field that it belongs to; empty for none.
        message: The sentence.
        test: The test's file below `tests` and its name.
    """

    provider: str
    case: Case
    against: str
    state: str
    field: str
    message: str
    test: str

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Proof:
        """Read one from the file."""
        return cls(**{**values, "case": Case(values["case"])})  # pyright: ignore[reportArgumentType]  a case is a text


NO_RENEWAL = "there is nothing to renew"
ONE_PLACE = "the log-in leads to one place alone"
SAME = "the answer is the one to a wrong password"
OAUTH: Mapping[Case, str] = {Case.PLACE: ONE_PLACE}
REASONS: Mapping[str, Mapping[Case, str]] = {
    "S3": {Case.RENEWED: NO_RENEWAL},
    "B2": {Case.ENDED: "Backblaze deletes a key at its end: it is rejected", Case.RENEWED: NO_RENEWAL},
    "BOX": OAUTH,
    "DROPBOX": OAUTH,
    "FTP": {Case.ENDED: SAME, Case.PLACE: ONE_PLACE, Case.RENEWED: NO_RENEWAL},
    "GOOGLE_CLOUD_STORAGE": {
        Case.ENDED: "Google answers to a key that has ended as to one that it does not know",
        Case.RENEWED: NO_RENEWAL,
    },
    "GOOGLE_DRIVE": {},
    "GOOGLE_PHOTOS": OAUTH,
    "HTTP": {Case.ENDED: SAME, Case.RENEWED: NO_RENEWAL},
    "HUBIC": dict.fromkeys(Case, "the service is gone"),
    "MEGA": {
        Case.ENDED: "a password has no end",
        Case.DENIED: "an account may always list its own files",
        Case.PLACE: ONE_PLACE,
        Case.RENEWED: NO_RENEWAL,
    },
    "AZUREBLOB": {Case.RENEWED: NO_RENEWAL},
    "ONEDRIVE": {},
    "OPENSTACK_SWIFT": {Case.RENEWED: NO_RENEWAL},
    "PCLOUD": {Case.ENDED: "its tokens have no end", Case.RENEWED: NO_RENEWAL},
    "SFTP": {Case.ENDED: SAME, Case.PLACE: ONE_PLACE, Case.RENEWED: NO_RENEWAL},
    "WEBDAV": {Case.ENDED: SAME, Case.RENEWED: NO_RENEWAL},
    "YANDEX": OAUTH,
}
"""Why a case cannot be proven, by provider."""


@cache
def proofs() -> tuple[Proof, ...]:
    """Return what the tests have seen, in the order of providers and cases."""
    order, cases = list(PROVIDERS), list(Case)
    read = (Proof.of(values) for values in json.loads(FILE.read_text(encoding="utf-8")))
    return tuple(sorted(read, key=lambda proof: (order.index(proof.provider), cases.index(proof.case), proof)))


def write(seen: frozenset[Proof]) -> None:
    """Write down what the tests have seen."""
    FILE.write_text(
        json.dumps([asdict(proof) for proof in sorted(seen)], indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def proven(provider: str, case: Case) -> tuple[Proof, ...]:
    """Return the proofs of one cell."""
    return tuple(proof for proof in proofs() if (proof.provider, proof.case) == (provider, case))


def table() -> str:
    """Return how each case of each provider was proven, as Markdown."""
    head = f"| Provider | {' | '.join(Case)} |\n|{' --- |' * (len(Case) + 1)}"
    rows = (f"| {known.label} | {' | '.join(_cell(key, case) for case in Case)} |" for key, known in PROVIDERS.items())
    return "\n".join((head, *rows))


def _cell(provider: str, case: Case) -> str:
    found = proven(provider, case)
    if not found:
        return f"not possible: {REASONS[provider][case]}"
    states = " or ".join(dict.fromkeys(f"`{proof.state}`" for proof in found))
    return f"{states}: {', '.join(dict.fromkeys(proof.against for proof in found))}"


def answers() -> str:
    """Return every answer that was seen, as Markdown."""
    head = "| Provider | Case | State | Field | Sentence | Against | Test |\n|" + " --- |" * 7
    return "\n".join((head, *_lines()))


def _lines() -> Iterator[str]:
    for proof in proofs():
        name = f"`{proof.test.rpartition('::')[2]}`"
        field = f"`{proof.field}`" if proof.field else ""
        cells = (PROVIDERS[proof.provider].label, proof.case, f"`{proof.state}`", field, proof.message, proof.against)
        yield f"| {' | '.join((*cells, name))} |"
