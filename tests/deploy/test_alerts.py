"""The chart's alerts in Prometheus' own evaluation: each fires when it should, and no other does then."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from deploy.prometheus import rules
from servers.runs import CLEAN, need

pytestmark = pytest.mark.server
ONE = 'namespace="db",name="nightly"'
WELL = {
    f"backup_credentials_verified{{{ONE}}}": "1x120",
    f"backup_credentials_ready{{{ONE}}}": "1x120",
    f"backup_credentials_token_ends_timestamp_seconds{{{ONE}}}": "7300x120",
    "backup_credentials_locked": "0x120",
    'backup_credentials_reconciles_total{result="error"}': "0x120",
    'backup_credentials_reconciles_total{result="synced"}': "0+30x120",
    "backup_credentials_queue_oldest_seconds": "5x120",
    "backup_credentials_queue_length": "3x120",
}
"""An hour and more in which nothing is wrong, a value a minute."""
ERRORS = 'backup_credentials_reconciles_total{result="error"}'


@dataclass(frozen=True)
class Case:
    """What happens, and when which alert fires.

    Attributes:
        what: In a word.
        series: What is other than well.
        fires: The alert; empty for none.
        at: Minutes at which it fires.
        quiet: Minutes at which nothing does.
        labels: What the alert names.
    """

    what: str
    series: Mapping[str, str]
    fires: str = ""
    at: Sequence[int] = ()
    quiet: Sequence[int] = ()
    labels: Mapping[str, str] = field(default_factory=dict[str, str])


NAMED = {"namespace": "db", "name": "nightly"}


def goes_wrong(what: str, state: str, alert: str) -> Case:
    """Return the case of one resource whose state is good for ten minutes and bad from then on."""
    series = {f"backup_credentials_{state}{{{ONE}}}": "1x9 0x60"}
    return Case(what, series, alert, at=(26, 60), quiet=(9, 24), labels=NAMED)


CASES = [
    Case("well", {}, quiet=(1, 15, 30, 60, 90)),
    goes_wrong("refused", "verified", "BackupCredentialInvalid"),
    Case("refused-for-a-moment", {f"backup_credentials_verified{{{ONE}}}": "1x9 0x9 1x60"}, quiet=(15, 30, 60)),
    Case("provider-away", {f"backup_credentials_verified{{{ONE}}}": "1x9 _x60"}, quiet=(15, 30, 60)),
    goes_wrong("not-ready", "ready", "BackupCredentialNotReady"),
    Case(
        "token-not-renewed",
        {f"backup_credentials_token_ends_timestamp_seconds{{{ONE}}}": "3600x120"},
        "BackupCredentialTokenEnding",
        at=(57, 60, 90),
        quiet=(30, 50, 54),
        labels=NAMED,
    ),
    Case(
        "token-renewed",
        {f"backup_credentials_token_ends_timestamp_seconds{{{ONE}}}": "3600x50 7300x60"},
        quiet=(50, 57, 60, 90),
    ),
    Case(
        "seed-missing",
        {**dict.fromkeys(WELL, "_x120"), "backup_credentials_locked": "1x120"},
        "BackupCredentialsLocked",
        at=(6, 15, 60),
        quiet=(1, 4),
    ),
    Case("one-resource-keeps-failing", {ERRORS: "0x9 1x14 2x17 3x17 4x17 5x40"}, "BackupCredentialsSyncFailing", (41, 60, 80), (9, 30, 38)),
    Case("api-server-was-away", {ERRORS: "0x9 3000x100"}, quiet=(11, 25, 40, 60, 90)),
    Case(
        "too-slow",
        {"backup_credentials_queue_oldest_seconds": "5x9 10+60x60"},
        "BackupCredentialsQueueStuck",
        at=(18, 60),
        quiet=(9, 14),
    ),
    Case("stopped", {name: f"{text.partition('x')[0]}x9 _x100" for name, text in WELL.items()}, "BackupCredentialsDown", (27, 60), (9, 18)),
    Case("replaced", {name: f"{text.partition('x')[0]}x9 _x8 {text}" for name, text in WELL.items()}, quiet=(9, 15, 20, 30)),
]  # fmt: skip


@cache
def alerts() -> Mapping[str, dict[str, Any]]:
    """Return the alerts by name."""
    return {rule["alert"]: rule for group in rules()["groups"] for rule in group["rules"]}


def expected(case: Case, alert: str, minute: int) -> list[dict[str, Any]]:
    """Return the alerts that promtool shall find."""
    if alert != case.fires or minute not in case.at:
        return []
    rule = alerts()[alert]
    texts = dict(rule["annotations"])
    for key, text in texts.items():
        for name, value in case.labels.items():
            texts[key] = texts[key].replace(f"{{{{ $labels.{name} }}}}", value)
        assert "{{" not in texts[key], text
    return [{"exp_labels": {**rule["labels"], **case.labels}, "exp_annotations": texts}]


def test_each_fires_when_it_should_and_not_otherwise(tmp_path: Path) -> None:
    tests = [
        {
            "name": case.what,
            "interval": "1m",
            "input_series": [{"series": key, "values": text} for key, text in {**WELL, **case.series}.items()],
            "alert_rule_test": [
                {"eval_time": f"{minute}m", "alertname": alert, "exp_alerts": expected(case, alert, minute)}
                for alert in alerts()
                for minute in (*case.at, *case.quiet)
            ],
        }
        for case in CASES
    ]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules()))
    (tmp_path / "tests.yaml").write_text(yaml.safe_dump({"rule_files": ["rules.yaml"], "tests": tests}))
    promtool(tmp_path, "check", "rules", "rules.yaml")
    promtool(tmp_path, "test", "rules", "tests.yaml")


def test_every_alert_has_a_case_in_which_it_fires() -> None:
    assert {case.fires for case in CASES} - {""} == set(alerts())


def promtool(folder: Path, *arguments: str) -> None:
    """Run promtool; what it says of a failure becomes the error."""
    argv = [str(need("promtool")), *arguments]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, env=CLEAN, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
