"""Fields are drawn once while nobody touched them, and never kept with what somebody typed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from markupsafe import Markup

from webapp.app import create_app
from webapp.core.fields import Choice, Field, Kind
from webapp.core.providers import PROVIDERS
from webapp.core.runtime import Runtime
from webapp.pages.drawing import Shown, draw_field, option_tags
from webapp.settings import Settings

REGION, VENDOR = (next(known for known in PROVIDERS["S3"].fields if known.key == key) for key in ("region", "provider"))
TOUCHED = (
    Shown("typed-canary"),
    Shown(errors=("Wrong.",)),
    Shown(warnings=("Unusual.",)),
    Shown(stored_on=datetime(2026, 1, 1, tzinfo=UTC)),
    Shown(kept=True),
    Shown(answer="The provider says no."),
    Shown(beside=Markup("<b>beside</b>")),
)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    settings = Settings(data_dir=tmp_path / "data", reverify_hours=0, pool_size=0)
    runtime = Runtime(settings)
    made = create_app(settings, runtime)
    with made.test_request_context():
        yield made
    runtime.stop()


@pytest.mark.usefixtures("app")
def test_the_same_untouched_field_is_drawn_once() -> None:
    assert draw_field(REGION, Shown()) is draw_field(REGION, Shown())
    assert draw_field(VENDOR, Shown(refresh="/fields")) != draw_field(VENDOR, Shown())
    with_default = Field("port", "Port", "Where.", kind=Kind.PORT, default=22)
    assert draw_field(with_default, Shown("22")) is draw_field(with_default, Shown("22"))


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("shown", TOUCHED, ids=range(len(TOUCHED)))
def test_what_somebody_did_is_drawn_anew_and_kept_nowhere(shown: Shown) -> None:
    first, second = draw_field(REGION, shown), draw_field(REGION, shown)
    assert first == second != draw_field(REGION, Shown())
    assert first is not second


def test_options_are_escaped_and_one_is_selected() -> None:
    drawn = option_tags((Choice("a", "<A>"), Choice("True", "yes")), "true")
    assert drawn == '<option value="a">&lt;A&gt;</option><option value="True" selected>yes</option>'
