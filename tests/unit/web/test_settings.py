"""Settings come from the environment, once, and nothing is overlooked."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from web import settings
from web.settings import Settings, SettingsError


def test_without_anything_set_the_house_is_embedded_in_one_folder() -> None:
    found = settings.read({})
    assert found.database_url == "sqlite:///var/guichet.db"
    assert found.base_url == "http://127.0.0.1:8000"
    assert not found.secure


def test_a_value_says_where_it_came_from() -> None:
    found = settings.read({"GUICHET_PORT": "9000", "PATH": "/bin"})
    origins = {one.name: one.origin for one in settings.described(found)}
    assert (found.port, origins["port"], origins["host"]) == (9000, "environment", "default")


def test_an_unknown_setting_refuses_to_start_and_is_named() -> None:
    with pytest.raises(SettingsError, match="GUICHET_PROT"):
        settings.read({"GUICHET_PROT": "9000"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "many"),
        ("WORKER", "perhaps"),
        ("LOCALE", "tlh"),
        ("TIMEZONE", "Europe/Nowhere"),
        ("SECRET_KEY", "short"),
        ("PUBLIC_URL", "guichet.example"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_value_that_cannot_be_understood_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"GUICHET_{name}"):
        settings.read({f"GUICHET_{name}": value})


def test_the_key_is_made_once_and_closed_to_others(tmp_path: Path) -> None:
    chosen = replace(Settings(), home=tmp_path / "data")
    first = settings.secret_key(chosen)
    assert settings.secret_key(chosen) == first
    assert len(first) >= 48
    assert stat.S_IMODE((tmp_path / "data" / "secret.key").stat().st_mode) == 0o600


def test_processes_that_share_a_server_must_be_given_one_key(tmp_path: Path) -> None:
    chosen = replace(Settings(), home=tmp_path, database="postgresql+psycopg://guichet@db/guichet")
    with pytest.raises(SettingsError, match="GUICHET_SECRET_KEY"):
        settings.secret_key(chosen)


def test_https_outside_makes_cookies_secure() -> None:
    assert settings.read({"GUICHET_PUBLIC_URL": "https://guichet.example/"}).secure
