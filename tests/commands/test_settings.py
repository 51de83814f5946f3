"""Settings: read once, wrong ones told by the name that was used."""

from __future__ import annotations

from pathlib import Path

import pytest

from webapp.settings import SETTINGS, Scope, SettingError, Settings, read_settings, unknown_names

PREFIX = "BACKUP_CREDENTIALS_"


def read(**environment: str) -> Settings:
    return read_settings({PREFIX + name: value for name, value in environment.items()})


def test_nothing_has_to_be_set() -> None:
    settings = read_settings({})
    assert (settings.host, settings.port, settings.database) == ("127.0.0.1", 8765, "")
    assert settings.data_dir.is_absolute()
    assert not settings.is_public


def test_every_setting_is_complete() -> None:
    assert len({known.key for known in SETTINGS}) == len(SETTINGS)
    for known in SETTINGS:
        assert known.help.endswith(".")
        assert known.environment == PREFIX + known.key.upper()
        assert known.default


def test_what_may_hold_a_secret_is_no_option_and_not_in_the_repr() -> None:
    hidden = {known.key for known in SETTINGS if known.scope is Scope.ENVIRONMENT}
    assert {"database", "seed"} <= hidden
    settings = read(DATABASE="postgresql://u:canary@h/d", SEED="canary")
    assert settings.database == "postgresql://u:canary@h/d"
    assert "canary" not in repr(settings)


def test_an_option_wins_and_an_empty_text_is_none() -> None:
    environment = {PREFIX + "PORT": "1", PREFIX + "HOST": ""}
    assert read_settings(environment, {"port": "2"}).port == 2
    assert read_settings(environment, {"port": None}).port == 1
    assert read_settings(environment).host == "127.0.0.1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "x"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "٣"),
        ("POOL_SIZE", "0"),
        ("REVERIFY_HOURS", "nan"),
        ("REVERIFY_HOURS", "-1"),
        ("REVERIFY_HOURS", "inf"),
        ("REVERIFY_HOURS", "often"),
        ("BEHIND_PROXY", "maybe"),
        ("HOST", "http://x"),
        ("HOST_NAMES", "https://x"),
        ("HOST_NAMES", "a@b"),
        ("TLS_KEY", "/nope"),
        ("DATABASE", "mysql://u:canary@h/d"),
        ("DATABASE", "sqlite:///"[:9]),
        ("DATABASE", "postgresql://u:canary@ho\u2100st/d"),
        ("SESSION_IDLE_HOURS", "0"),
        ("AUDIT_DAYS", "-1"),
        ("DATA_DIR", "~nobody-of-this-name/x"),
        ("DATA_DIR", "a\0b"),
    ],
)
def test_a_wrong_value_is_one_line_with_the_name(name: str, value: str) -> None:
    with pytest.raises(SettingError) as caught:
        read(**{name: value})
    assert caught.value.message.startswith(PREFIX + name + " ")
    assert caught.value.field == name.lower()
    assert "\n" not in caught.value.message
    assert "canary" not in caught.value.message


def test_days_are_no_hours() -> None:
    assert read(AUDIT_DAYS="10000").audit_days == 10_000
    with pytest.raises(SettingError, match="a number of days"):
        read(AUDIT_DAYS="x")


def test_a_wrong_option_is_told_by_its_own_name() -> None:
    with pytest.raises(SettingError, match=r"^--port must be"):
        read_settings({}, {"port": "x"})


def test_certificate_and_key_go_together(tmp_path: Path) -> None:
    file = tmp_path / "x.pem"
    file.touch()
    for name in ("TLS_CERTIFICATE", "TLS_KEY"):
        with pytest.raises(SettingError, match="both"):
            read(**{name: str(file)})
    assert read(TLS_CERTIFICATE=str(file), TLS_KEY=str(file)).scheme == "https"


def test_the_seed_is_given_once(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="not both"):
        read(SEED="x", SEED_FILE=str(tmp_path / "seed"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "[::1]", "localhost"])
def test_addresses_of_this_machine(host: str) -> None:
    assert not read(HOST=host).is_public


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "backup.example.com", "2001:db8::1"])
def test_addresses_that_others_reach(host: str) -> None:
    assert read(HOST=host).is_public


def test_names_that_requests_may_be_for() -> None:
    names = read(HOST="::1", HOST_NAMES="A.example, b.example").allowed_hosts
    assert names == ("a.example", "b.example", "localhost", "127.0.0.1", "[::1]")


def test_variables_of_a_kubernetes_service_are_not_for_us() -> None:
    environment = {
        PREFIX + "PORT": "tcp://10.0.0.1:80",
        PREFIX + "SERVICE_HOST": "10.0.0.1",
        PREFIX + "PORT_80_TCP": "x",
    }
    assert read_settings(environment).port == 8765
    assert unknown_names(environment) == []


def test_misspelt_names_are_found() -> None:
    assert unknown_names({PREFIX + "DATABSE": "x", PREFIX + "DATABASE": "x", "OTHER": "x"}) == [PREFIX + "DATABSE"]
