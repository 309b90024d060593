"""Every knob, from the environment or `.env`, prefix `OUTREACH_`. Read once, by app and cli alone."""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from outreach.model import BadInput

PREFIX = "OUTREACH_"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", hide_input_in_errors=True
    )

    database_url: str = Field(
        "sqlite+aiosqlite:///var/outreach.db", description="where everything is kept", repr=False
    )
    key_file: Path | None = Field(
        None, description="where the keys lie that names and numbers are sealed with; empty: in the database"
    )
    host: str = Field("127.0.0.1", description="address the service listens on")
    port: int = Field(8080, ge=0, le=65535, description="port the service listens on")
    public_url: str = Field("", description="how the providers reach us, e.g. https://care.example.gov.cn")
    secret_key: SecretStr = Field(
        SecretStr(""), description="signs the console's sign-in link; at least 16 signs"
    )
    timezone: str = Field("Asia/Shanghai", description="local time of the county")
    language: Literal["zh-Hans", "en"] = Field(
        "zh-Hans", description="language where a resident has named none"
    )
    campaigns_dir: Path = Field(Path("campaigns"), description="campaign, plan and survey files")
    templates_dir: Path = Field(Path("templates"), description="what residents read")

    telegram_token: SecretStr = Field(SecretStr(""), description="residents' bot; empty: Telegram is off")
    telegram_staff_token: SecretStr = Field(SecretStr(""), description="staff bot; empty: off")
    telegram_api_base: str = Field("https://api.telegram.org", description="Bot API server")
    telegram_mode: Literal["polling", "webhook"] | None = Field(
        None, description="polling, or webhook; unset: webhook where PUBLIC_URL is https and a secret is set"
    )
    telegram_webhook_secret: SecretStr = Field(
        SecretStr(""), description="secret token of Telegram's webhook; unset: made from the bot token"
    )
    telegram_rate: float = Field(30, gt=0, description="messages a second from the residents' bot")

    twilio_account_sid: str = Field("", description="Twilio account; empty: SMS is off")
    twilio_auth_token: SecretStr = Field(SecretStr(""), description="signs requests both ways")
    twilio_from: str = Field("", description="sender numbers, E.164, comma-separated")
    twilio_messaging_service_sid: str = Field("", description="messaging service, instead of sender numbers")
    twilio_api_base: str = Field("https://api.twilio.com", description="Twilio's REST server")
    twilio_rate: float = Field(1, gt=0, description="message segments a second and sender")

    quiet_hours: str = Field("21:00-08:00", description="no campaign, reminder or survey; empty: none")
    approval_above: int | None = Field(
        None, ge=0, description="recipients from which a second person approves"
    )
    daily_message_cap: int | None = Field(
        None, ge=1, description="messages a resident and day, replies apart"
    )
    retain_messages_days: int | None = Field(
        365, ge=60, description="then a message's text and address go; its outcome stays for the account"
    )
    retain_inbound_days: int | None = Field(
        365, ge=60, description="then what a resident wrote goes, survey remarks with it"
    )
    retain_cases_days: int | None = Field(730, ge=60, description="after it was closed, a case goes")
    retain_checkups_days: int | None = Field(730, ge=60, description="after its day, an appointment goes")
    retain_strangers_days: int | None = Field(
        180, ge=60, description="after the last word, who is on no list and never agreed is erased"
    )
    retain_consent_days: int | None = Field(
        1095, ge=365, description="after the last message, words of consent that no longer hold go"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="least that is logged"
    )
    log_format: Literal["text", "json"] = Field("text", description="text for people, json for machines")

    @field_validator(
        "key_file",
        "approval_above",
        "daily_message_cap",
        "telegram_mode",
        "retain_messages_days",
        "retain_inbound_days",
        "retain_cases_days",
        "retain_checkups_days",
        "retain_strangers_days",
        "retain_consent_days",
        mode="before",
    )
    @classmethod
    def _empty_is_off(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no time zone; write one such as Asia/Shanghai") from error
        return value

    @field_validator("public_url", "telegram_api_base", "twilio_api_base")
    @classmethod
    def _http_url(cls, value: str) -> str:
        if not value:
            return value
        try:
            parts = urlsplit(value)
            sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            sound = False
        if not sound:
            raise ValueError(f"{value!r} is no web address; write one such as https://example.org")
        return value.rstrip("/")

    @field_validator("quiet_hours")
    @classmethod
    def _hours(cls, value: str) -> str:
        if value:
            parse_hours(value)
        return value

    @field_validator("twilio_from")
    @classmethod
    def _numbers(cls, value: str) -> str:
        for number in filter(None, map(str.strip, value.split(","))):
            if not re.fullmatch(r"\+[1-9]\d{6,14}", number):
                raise ValueError(f"{number!r} is no E.164 number such as +15005550006")
        return value

    @model_validator(mode="after")
    def _whole_channels(self) -> Settings:
        twilio = {
            "TWILIO_ACCOUNT_SID": bool(self.twilio_account_sid),
            "TWILIO_AUTH_TOKEN": bool(self.twilio_auth_token.get_secret_value()),
            "TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID": bool(
                self.senders or self.twilio_messaging_service_sid
            ),
        }
        missing = [name for name, there in twilio.items() if not there]
        if missing and len(missing) < len(twilio):
            raise ValueError(f"SMS is half set up: {PREFIX}{missing[0]} is missing; set it, or none of them")
        if self.telegram_mode == "webhook" and not _reachable_by_telegram(self.public_url):
            raise ValueError(
                f"TELEGRAM_MODE=webhook needs an https address in {PREFIX}PUBLIC_URL; set it, or use polling"
            )
        return self

    @property
    def telegram_by_webhook(self) -> bool:
        if self.telegram_mode:
            return self.telegram_mode == "webhook"
        return self.public_url.startswith("https://") and bool(
            self.telegram_webhook_secret.get_secret_value()
        )

    @property
    def senders(self) -> list[str]:
        return [number.strip() for number in self.twilio_from.split(",") if number.strip()]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def quiet(self) -> tuple[time, time] | None:
        return parse_hours(self.quiet_hours) if self.quiet_hours else None


def _reachable_by_telegram(url: str) -> bool:
    """Telegram posts to https alone; a stand-in on this machine may use http."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in ("127.0.0.1", "localhost", "::1")


def parse_hours(text: str) -> tuple[time, time]:
    match = re.fullmatch(r"\s*(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})\s*", text)
    try:
        if match is None:
            raise ValueError
        start, end = (time.fromisoformat(part.zfill(5)) for part in match.groups())
    except ValueError as error:
        raise ValueError(f"{text!r} is no span of hours such as 21:00-08:00") from error
    return start, end


def load(**overrides: object) -> Settings:
    """The settings, or BadInput that names the first setting that is wrong."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper() if first["loc"] else "settings"
        raise BadInput(
            first["msg"].removeprefix("Value error, "), where=name, fix="set it in the environment or in .env"
        ) from None
