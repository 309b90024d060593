"""What we say: the only Jinja2 for residents' words. Sandboxed and strict: an unknown variable is an error.

`templates/KIND/NAME.LANGUAGE.txt` is one text; `templates/region.toml` holds the county's own facts.
Everything is parsed and checked when loaded, so a launch cannot fail on its four-thousandth person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from outreach.files import read_text
from outreach.model import SMS, BadInput, ChannelName, Problem
from outreach.region import LANGUAGES, Region

__all__ = ["LANGUAGES", "STOPPABLE", "Templates", "Text", "day_words", "time_words"]

# Purposes a resident can stop; a reply to what they just wrote carries no stop line.
STOPPABLE = ("care", "reminders", "surveys")

_APPOINTMENT = {"day", "time", "place"}
_REPLIES: dict[str, set[str]] = {
    "answer": {"text", "basis", "guide"},
    "guide_ask": {"lead", "title", "note", "text"},
    "guide_outcome": {"text", "basis", "answer_by"},
    "guide_left": set(),
    "guide_over": set(),
    "guide_person": {"answer_by"},
    "button_guide_back": set(),
    "button_guide_why": set(),
    "button_guide_leave": set(),
    "clarify": {"options"},
    "handoff": {"answer_by"},
    "survey_thanks_low": {"answer_by"},
    "appointment_confirmed": _APPOINTMENT,
    "appointment_move": {"answer_by"},
    "appointment_cancelled": {"day"},
    "greeting": set(),
    "help": set(),
    "stopped": set(),
    "stopped_already": set(),
    "stopped_topic": {"what", "back"},
    "started": {"what"},
    "purpose_care": set(),
    "purpose_reminders": set(),
    "purpose_surveys": set(),
    "purpose_other": set(),
    "who": {"options"},
    "link_code": {"url"},
    "link_too_many": set(),
    "link_elsewhere": set(),
    "link_expired": set(),
    "link_number": set(),
    "township": {"options"},
    "township_set": {"place"},
    "event_loss": {"answer_by"},
    "event_death": {"answer_by"},
    "event_moved": set(),
    "event_done": set(),
    "event_noted": set(),
    "event_wrong_number": set(),
    "event_unsure": {"answer_by"},
    "survey_thanks": set(),
    "linked": set(),
    "contact_unknown": set(),
    "contact_mismatch": set(),
    "unreadable": set(),
    "danger_self_harm": set(),
    "danger_violence": set(),
    "danger_birth": set(),
    "danger_child": set(),
    "danger_emergency": set(),
    "unpaid_scheme": {"options"},
    "unpaid_since": set(),
    "unpaid_township": {"options"},
    "unpaid_noted": {"answer_by"},
    "unpaid_known": {"answer_by"},
    "unpaid_quiet": {"answer_by"},
    "case_paid": set(),
    "case_not_entitled": set(),
    "case_in_process": set(),
    "case_other": set(),
    "person": {"answer_by"},
    "helpful_thanks": set(),
    "unhelpful": set(),
    "foreign": set(),
    "rude": set(),
    "button_helpful": set(),
    "button_unhelpful": set(),
    "button_none": set(),
    "button_skip": set(),
    "button_subscribe": set(),
    "button_share_contact": set(),
    "button_confirm": set(),
    "button_move": set(),
    "button_cancel": set(),
}
_KINDS: dict[str, set[str]] = {
    "care": {"name", "township"},
    "reminders": {"name"} | _APPOINTMENT,
    "surveys": {"name"},
}


_FACT = re.compile("[a-z][a-z0-9_]*")
_PLAIN = "write words, and facts as {{ region.NAME }}"

# What an expression in a text can come to, besides Jinja2's own errors.
_UNSAYABLE = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError)


@dataclass(frozen=True, slots=True)
class Text:
    """One template file, compiled."""

    file: str
    template: Template


@dataclass(frozen=True, slots=True)
class Passage:
    """An article's words, found sound; compiled when they are first said, since there are hundreds."""

    file: str
    source: str


class Templates:
    """Every text residents read. `say` renders one for a channel and a language."""

    def __init__(self, folder: Path, county: Path | None = None) -> None:
        """`county`: the file of the county's facts, where it is not the folder's own."""
        self.folder = folder
        self.problems: list[Problem] = []
        self._environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
        self._passages: dict[str, Template] = {}
        self.county = Region(county or folder / "region.toml")
        self.problems += self.county.problems
        self.region = {language: self.county.words(language) for language in LANGUAGES}
        self.is_sample = self.county.is_sample
        self._texts = self._load_texts()

    def say(self, template: str, language: str, channel: ChannelName, /, **values: object) -> str:
        """The text `template` (`care/hello`) in `language`, complete: signature and stop line on SMS."""
        text = self._texts.get((template, language)) or self._texts.get((template, LANGUAGES[0]))
        if text is None:
            raise BadInput(
                f"there is no text {template!r} in {language}", where=str(self.folder), fix="add the file"
            )
        body = self.render(text, language, values)
        return self.dress(body, language, channel, stoppable=template.split("/")[0] in STOPPABLE)

    def attempt(
        self, template: str, language: str, channel: ChannelName, /, **values: object
    ) -> tuple[str, str | None]:
        """As `say`, for one person of many: the text, or "" and why there is none."""
        try:
            return self.say(template, language, channel, **values), None
        except BadInput as problem:
            return "", f"the text cannot be filled in: {problem}"

    def dress(self, body: str, language: str, channel: ChannelName, *, stoppable: bool) -> str:
        """What a body needs around it: who speaks (SMS shows only a number), and how to stop."""
        if channel == SMS:
            # Chinese gateways require 【】; in English it would force UCS-2, and 70 signs a segment for 160.
            sign = "[{}] {}" if language == "en" else "【{}】{}"
            body = sign.format(self.fact("sms_signature", language), body)
        if stoppable:
            body = f"{body}{' ' if language == 'en' else '。' if body[-1].isalnum() else ''}" + self.fact(
                "sms_optout_text", language
            )
        return body

    def render(self, text: Text, language: str, values: Mapping[str, object]) -> str:
        try:
            return text.template.render({**values, "region": self.region[language]}).strip()
        except _UNSAYABLE as error:
            raise BadInput(str(error), where=text.file, fix="correct the template or the value") from None

    def _compiled(self, source: str) -> Template:
        if source not in self._passages:
            self._passages[source] = self._environment.from_string(source)
        return self._passages[source]

    def answer(self, text: Passage, language: str, today: date | None) -> str:
        """An article's words on a day: a fact that is old says so, one that is missing says whom to call."""
        try:
            return self._compiled(text.source).render(region=self.county.on(language, today)).strip()
        except _UNSAYABLE as error:
            raise BadInput(str(error), where=text.file, fix="correct the article") from None

    def fact(self, name: str, language: str) -> str:
        return self.region[language].get(name, "")

    def neutral(self, name: str, language: str) -> str:
        """The text to use where others read along: `NAME_neutral`, for a sensitive text that has one."""
        return f"{name}_neutral" if self.has(f"{name}_neutral", language) else name

    def has(self, name: str, language: str) -> bool:
        return (name, language) in self._texts

    def names(self, beginning: str) -> list[str]:
        """The texts whose names begin like that."""
        return sorted({name for name, _ in self._texts if name.startswith(beginning)})

    def compile(self, file: str, source: str, allowed: Iterable[str], first_line: int = 1) -> Text | None:
        """Parses one text and notes its problems; None where it cannot be parsed at all."""
        try:
            tree = self._environment.parse(source)
            text = Text(file, self._environment.from_string(source))
        except TemplateSyntaxError as error:
            self._note(file, first_line + error.lineno - 1, "template", error.message or "syntax error")
            return None
        known = len(self.problems)
        self._check_names(tree, file, set(allowed) | {"region"}, first_line)
        if len(self.problems) == known:
            self._rehearse(text, allowed, first_line)
        return text

    def article(
        self, file: str, source: str, first_line: int, problems: list[Problem]
    ) -> tuple[Passage, dict[str, int]] | None:
        """Parses an article's words, which may hold facts alone, each returned with its first line."""
        try:
            tree = self._environment.parse(source)
        except TemplateSyntaxError as error:
            line = first_line + error.lineno - 1
            problems.append(Problem(file, line, "template", error.message or "syntax error", _PLAIN))
            return None
        # The parser goes deep, and so does whoever walks its tree; an article never does.
        except RecursionError:
            problems.append(Problem(file, first_line, "template", "it is nested too deeply", _PLAIN))
            return None
        facts, strange = _facts_in(tree)
        problems += [Problem(file, first_line + line - 1, name, told, _PLAIN) for name, line, told in strange]
        text = Passage(file, source)
        return None if strange else (text, {name: first_line + line - 1 for name, line in facts.items()})

    def _rehearse(self, text: Text, allowed: Iterable[str], line: int) -> None:
        """Says the text once to nobody: what fails here would fail for everyone."""
        values: dict[str, object] = {name: ["一"] if name == "options" else "一" for name in allowed}
        try:
            said = self.render(text, LANGUAGES[0], values)
        except BadInput as problem:
            self._note(text.file, line, "template", problem.problem)
            return
        if not said:
            self._note(text.file, line, "template", "this text says nothing", "write it")

    def _check_names(self, tree: nodes.Template, file: str, allowed: set[str], first_line: int) -> None:
        own = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "store"} | {"loop", "range"}
        for node in tree.find_all(nodes.Name):
            if node.name not in allowed | own:
                fix = f"use one of: {', '.join(sorted(allowed))}"
                self._note(
                    file, first_line + node.lineno - 1, node.name, f"unknown variable {node.name!r}", fix
                )
        for attribute in tree.find_all(nodes.Getattr):
            if isinstance(attribute.node, nodes.Name) and attribute.node.name == "region":
                self._check_fact(attribute, file, first_line)

    def _check_fact(self, attribute: nodes.Getattr, file: str, first_line: int) -> None:
        if attribute.attr not in self.county.facts:
            self._note(
                file,
                first_line + attribute.lineno - 1,
                f"region.{attribute.attr}",
                f"region.toml has no fact {attribute.attr!r}",
                f"add [{attribute.attr}] to {self.folder / 'region.toml'}",
            )

    def _load_texts(self) -> dict[tuple[str, str], Text]:
        texts: dict[tuple[str, str], Text] = {}
        written: set[tuple[str, str]] = set()
        for kind in (*_KINDS, "replies"):
            for file in sorted((self.folder / kind).glob("*.txt")):
                name, _, language = file.name.removesuffix(".txt").partition(".")
                allowed = _REPLIES.get(name, set()) if kind == "replies" else _KINDS[kind]
                written.add((f"{kind}/{name}", language))
                if text := self.compile(str(file), read_text(file), allowed):
                    texts[f"{kind}/{name}", language] = text
        self._check_languages(written)
        return texts

    def _check_languages(self, written: set[tuple[str, str]]) -> None:
        wanted = {name for name, _ in written} | {f"replies/{name}" for name in _REPLIES}
        for name in sorted(wanted):
            for language in LANGUAGES:
                if (name, language) not in written:
                    self._note(
                        f"{self.folder / name}.{language}.txt", 1, "file", "this text is missing", "write it"
                    )

    def _note(self, file: str, line: int, field: str, problem: str, fix: str = "correct the file") -> None:
        self.problems.append(Problem(file, line, field, problem, fix))


def _facts_in(tree: nodes.Template) -> tuple[dict[str, int], list[tuple[str, int, str]]]:
    """Facts with their lines; and whatever is neither words nor a fact, which nobody asked to have run."""
    facts: dict[str, int] = {}
    strange: list[tuple[str, int, str]] = []
    for part in tree.body:
        pieces = part.nodes if isinstance(part, nodes.Output) else [part]
        for piece in pieces:
            if isinstance(piece, nodes.TemplateData):
                continue
            name = _fact_of(piece)
            if name:
                facts.setdefault(name, piece.lineno)
            else:
                strange.append(_strangeness(piece))
    return facts, strange


def _fact_of(piece: nodes.Node) -> str | None:
    if not isinstance(piece, nodes.Getattr) or not isinstance(piece.node, nodes.Name):
        return None
    return piece.attr if piece.node.name == "region" and _FACT.fullmatch(piece.attr) else None


def _strangeness(piece: nodes.Node) -> tuple[str, int, str]:
    names = [node.name for node in piece.find_all(nodes.Name)] or ["template"]
    if isinstance(piece, nodes.Name):
        names = [piece.name]
    strange = next((name for name in names if name != "region"), "")
    if strange and strange != "template":
        return strange, piece.lineno, f"unknown variable {strange!r}"
    return "template", piece.lineno, "only words and facts may stand here: no conditions, filters or calls"


def day_words(moment: datetime, language: str) -> str:
    """A local day as people say it: 12月3日（周四）, Thu 3 Dec."""
    if language == "en":
        return f"{moment:%a} {moment.day} {moment:%b}"
    return f"{moment.month}月{moment.day}日（周{'一二三四五六日'[moment.weekday()]}）"


def time_words(moment: datetime) -> str:
    return f"{moment:%H:%M}"
