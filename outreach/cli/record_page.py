"""A person's record as one page to read and to print, in their language; it asks nothing of any network."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from outreach.files import read_text, read_toml
from outreach.model import JSON, BadInput
from outreach.residents import SENSITIVE, never

CHINESE = "zh-Hans"


def record_page(record: JSON, templates: Path, zone: ZoneInfo, now: datetime) -> str:
    """`record`: as `residents.export`. BadInput where the page or its words cannot be used."""
    file = templates / "record" / "page.html"
    all_words, region = read_toml(templates / "record" / "words.toml"), read_toml(templates / "region.toml")
    language = record["language"] if record["language"] in all_words else CHINESE
    # Strict, so that a word that is missing is told and not left out.
    environment = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["local"] = lambda moment: _local(moment, language, zone)
    try:
        words = all_words[language]
        sensitive = {purpose: titles[language] for purpose, titles in SENSITIVE.items()}
        purposes = sensitive | words["purposes"]
        values = words | {"purposes": purposes, "reasons": _Reasons(words["reasons"], purposes)}
        return environment.from_string(read_text(file)).render(
            **values,
            record=record,
            language=language,
            made=_local(now.isoformat(), language, zone),
            office=_fact(region, "office_name", language),
            phone=_fact(region, "office_phone", language),
        )
    except (TemplateError, LookupError, TypeError) as error:
        raise BadInput(
            f"the page cannot be made: {error}", where=str(file), fix="correct it, or words.toml beside it"
        ) from None


class _Reasons(dict[str, str]):
    """Reasons in the person's language; one that names a purpose is made of two words."""

    def __init__(self, words: dict[str, str], purposes: dict[str, str]) -> None:
        super().__init__(words)
        for purpose, title in purposes.items():
            self.setdefault(never(purpose), words["never agreed to"].format(title))


def _fact(region: JSON, name: str, language: str) -> str:
    return str(region.get(name, {}).get(language, ""))


def _local(moment: str | None, language: str, zone: ZoneInfo) -> str:
    if not moment:
        return "—"
    at = datetime.fromisoformat(moment).astimezone(zone)
    if language == "en":
        return f"{at.day} {at:%b %Y, %H:%M}"
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"
