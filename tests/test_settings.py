"""Every knob has a default, and a wrong value is told by its name."""

from __future__ import annotations

import pytest

from outreach.model import BadInput
from outreach.settings import Settings, load

TWILIO = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "secret", "TWILIO_FROM": "+15005550006"}
WRONG = {
    "PORT": "many",
    "DATABASE_URL": None,
    "TIMEZONE": "Mars/Base",
    "QUIET_HOURS": "night",
    "PUBLIC_URL": "care.example.org",
    "TELEGRAM_API_BASE": "nonsense",
    "TELEGRAM_RATE": "-1",
    "TELEGRAM_MODE": "pigeon",
    "TWILIO_FROM": "12345",
    "LOG_LEVEL": "LOUD",
}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> pytest.MonkeyPatch:
    monkeypatch.chdir(str(tmp_path))
    return monkeypatch


def test_defaults_are_those_of_the_readme() -> None:
    settings = load()
    assert settings.database_url == "sqlite+aiosqlite:///var/outreach.db"
    assert (settings.host, settings.port, settings.timezone, settings.language) == (
        "127.0.0.1",
        8080,
        "Asia/Shanghai",
        "zh-Hans",
    )
    assert settings.quiet is not None
    assert settings.telegram_by_webhook is False


@pytest.mark.parametrize("name", [name for name, value in WRONG.items() if value])
def test_a_wrong_value_is_told_by_its_name(bare: pytest.MonkeyPatch, name: str) -> None:
    bare.setenv(f"OUTREACH_{name}", str(WRONG[name]))
    with pytest.raises(BadInput) as refused:
        load()
    assert refused.value.where == f"OUTREACH_{name}"


@pytest.mark.parametrize("missing", TWILIO)
def test_half_of_a_channel_is_told_by_what_is_missing(bare: pytest.MonkeyPatch, missing: str) -> None:
    for name, value in TWILIO.items():
        if name != missing:
            bare.setenv(f"OUTREACH_{name}", value)
    with pytest.raises(BadInput, match=f"OUTREACH_{missing}") as refused:
        load()
    assert "secret" not in str(refused.value)


def test_an_empty_value_switches_a_limit_off(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("OUTREACH_QUIET_HOURS", "")
    assert load().quiet is None


@pytest.mark.parametrize(
    ("url", "secret", "mode", "webhook"),
    [
        ("", "", "", False),
        ("https://care.example.org", "", "", False),
        ("https://care.example.org", "s3cret", "", True),
        ("https://care.example.org", "s3cret", "polling", False),
        ("https://care.example.org", "", "webhook", True),
        ("http://care.example.org", "s3cret", "", False),
    ],
)
def test_telegram_is_polled_unless_a_webhook_is_wanted(
    bare: pytest.MonkeyPatch, url: str, secret: str, mode: str, webhook: bool
) -> None:
    bare.setenv("OUTREACH_PUBLIC_URL", url)
    bare.setenv("OUTREACH_TELEGRAM_WEBHOOK_SECRET", secret)
    bare.setenv("OUTREACH_TELEGRAM_MODE", mode)
    assert load().telegram_by_webhook is webhook


def test_a_webhook_without_an_https_address_is_refused(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("OUTREACH_TELEGRAM_MODE", "webhook")
    for url in ("", "http://care.example.org"):
        bare.setenv("OUTREACH_PUBLIC_URL", url)
        with pytest.raises(BadInput, match="OUTREACH_PUBLIC_URL"):
            load()


def test_secrets_are_not_shown() -> None:
    settings = Settings(_env_file=None, telegram_token="123:very-secret", secret_key="hidden")
    assert "very-secret" not in repr(settings)
    assert "hidden" not in repr(settings)


MORE_WRONG = [
    ("QUIET_HOURS", "25:00-08:00"),
    ("QUIET_HOURS", "21:00"),
    ("PORT", "-1"),
    ("PORT", "70000"),
    ("TWILIO_RATE", "0"),
    ("TWILIO_API_BASE", "ftp://x"),
    ("TWILIO_FROM", "+15005550006, 12"),
    ("APPROVAL_ABOVE", "-1"),
    ("APPROVAL_ABOVE", "many"),
    ("DAILY_MESSAGE_CAP", "0"),
    ("LOG_FORMAT", "xml"),
    ("LANGUAGE", "fr"),
    ("TIMEZONE", "../etc/passwd"),
    ("TIMEZONE", ""),
]


@pytest.mark.parametrize(("name", "value"), MORE_WRONG)
def test_each_wrong_value_is_told_by_its_name(bare: pytest.MonkeyPatch, name: str, value: str) -> None:
    bare.setenv(f"OUTREACH_{name}", value)
    with pytest.raises(BadInput) as refused:
        load()
    assert refused.value.where == f"OUTREACH_{name}"


@pytest.mark.parametrize("name", ["QUIET_HOURS", "APPROVAL_ABOVE", "DAILY_MESSAGE_CAP"])
def test_every_limit_is_switched_off_by_an_empty_value(bare: pytest.MonkeyPatch, name: str) -> None:
    bare.setenv(f"OUTREACH_{name}", "")
    settings = load()
    assert {"QUIET_HOURS": settings.quiet}.get(name, getattr(settings, name.lower())) in (None, "")


def test_no_secret_is_shown_wherever_it_stands(bare: pytest.MonkeyPatch) -> None:
    secrets = {
        "DATABASE_URL": "postgresql+asyncpg://outreach:hush1@db/outreach",
        "SECRET_KEY": "hush2-hush2-hush2",
        "TELEGRAM_TOKEN": "1:hush3",
        "TELEGRAM_STAFF_TOKEN": "1:hush4",
        "TELEGRAM_WEBHOOK_SECRET": "hush5",
        "TWILIO_ACCOUNT_SID": "AC1",
        "TWILIO_AUTH_TOKEN": "hush6",
        "TWILIO_FROM": "+15005550006",
    }
    for name, value in secrets.items():
        bare.setenv(f"OUTREACH_{name}", value)
    assert "hush" not in f"{load()!r} {load()}"
    bare.setenv("OUTREACH_TWILIO_FROM", "")
    with pytest.raises(BadInput) as refused:
        load()
    assert "hush" not in str(refused.value)
