"""What one article must be like, beyond being readable: its front matter, and its lengths."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from outreach.folding import fold
from outreach.knowledge import wording
from outreach.knowledge.articles import Article, Front, Reading
from outreach.knowledge.sheets import Sheet
from outreach.model import SMS, TELEGRAM, BadInput, ChannelName, Problem
from outreach.segments import segments
from outreach.templates import Templates

EXAMPLES = {"zh-Hans": 8, "en": 4}
LONGEST = {"title": 80, "example": 300}
SEGMENTS, SIGNS = 3, 4096
# Every fact there is, by its kind: the highest number of each.
FACTS = {"LAW": 15, "REG": 11, "CASH": 21, "RWD": 14, "HLT": 28, "MIG": 4, "PIP": 9, "SMS": 11, "SAT": 9}
_REVIEWED_WITHIN = timedelta(days=3 * 366)
_FIRST = date(1980, 1, 1)
_TOPIC = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FACT = re.compile(r"([A-Z]{3,4})-(\d{2})")
_YEAR = re.compile(r"(19|20)\d")
_EMERGENCY = re.compile(r"(?<!\d)(120|110|96110|12356)(?!\d)")

# key, the words there, what is wrong, how to mend it
Told = Iterator[tuple[str, str, str, str]]


def problems(reading: Reading, templates: Templates, today: date) -> Iterator[Problem]:
    """Everything that is wrong with one article on a day, whether or not it can be used."""
    file = str(reading.file)
    yield from (*reading.problems, *reading.untidy)
    if not _TOPIC.fullmatch(reading.topic):
        fix = "use small letters, digits and hyphens: childcare-subsidy-amount"
        yield Problem(file, 1, "file", f"{reading.topic!r} is no name of a topic", fix)
    front, sheet = reading.front, reading.sheet
    if sheet is None:
        return
    for one, told, fix in wording.said_wrongly(
        wording.passages(sheet, front.title if front else ""), reading.language
    ):
        yield Problem(file, one.line, one.field, told, fix)
    if front:
        for key, words, told, fix in _front(reading, front, today):
            yield Problem(file, sheet.line_of(key, words), key, told, fix)
    if reading.article:
        yield from _said(sheet, reading.article, templates, today)


def _front(reading: Reading, front: Front, today: date) -> Told:
    rules: tuple[Callable[[Front, str, date], Told], ...] = (_names, _dates, _examples, _sources, _facts)
    for rule in rules:
        yield from rule(front, reading.language, today)
    for key, listed in (("related", front.related), ("local", front.local), ("facts", front.facts)):
        for twice in sorted({one for one in listed if listed.count(one) > 1}):
            yield key, twice, f"{twice!r} is listed twice", "list it once"
    if reading.topic in front.related:
        yield "related", reading.topic, "it is related to itself", "take it away"


def _names(front: Front, language: str, _today: date) -> Told:
    if not front.title.strip():
        yield "title", "", "the title is empty", "write what the article is about"
    elif len(front.title) > LONGEST["title"] or "\n" in front.title:
        yield "title", "", f"the title is longer than a line of {LONGEST['title']} signs", "shorten it"
    elif language == "zh-Hans" and not wording.is_chinese(front.title):
        yield "title", "", "no Chinese in a Chinese title", "write it in Chinese"
    if not front.owner.strip():
        yield "owner", "", "nobody owns it", "name the section that looks after it"


def _dates(front: Front, _language: str, today: date) -> Told:
    if front.valid_to and front.valid_to < front.valid_from:
        yield "valid_to", "", "it ends before it begins", "correct valid_from or valid_to"
    elif front.valid_to and front.valid_to < today:
        told = f"it held until {front.valid_to} and answers nobody any more"
        yield "valid_to", "", told, "write what holds now, or take the article away"
    if front.valid_from < _FIRST:
        yield "valid_from", "", f"{front.valid_from} cannot be meant", "correct the year"
    if front.next_review < front.valid_from:
        yield "next_review", "", "it is to be reviewed before it begins", "correct valid_from or next_review"
    elif front.next_review < today:
        told = f"its review was due on {front.next_review}"
        yield "next_review", "", told, "check it against its sources, and set the next day"
    elif front.next_review - today > _REVIEWED_WITHIN:
        yield "next_review", "", "its next review is more than three years away", "set an earlier day"


def _examples(front: Front, language: str, _today: date) -> Told:
    least = EXAMPLES.get(language, 1)
    seen = set[str]()
    for example in front.examples:
        folded = fold(example)
        if not folded:
            yield "examples", example, "an example is empty", "write a question, or take it away"
        elif folded in seen:
            yield "examples", example, f"{example!r} is there twice", "take one away"
        elif len(example) > LONGEST["example"]:
            yield "examples", example, f"an example is longer than {LONGEST['example']} signs", "shorten it"
        elif language == "en" and wording.is_chinese(example):
            yield "examples", example, f"Chinese in an English example: {example!r}", "move it to its twin"
        elif wording.is_personal(example) or wording.has_link(example):
            yield "examples", example, "an example holds a number of a person, or a link", "take that away"
        seen.add(folded)
    useful = len(seen - {""})
    if useful < least:
        told = f"{useful} different examples, and there must be {least}"
        yield "examples", "", told, "add questions as residents really ask them"
    if language == "zh-Hans" and not any(map(wording.is_chinese, front.examples)):
        yield "examples", "", "no Chinese in the examples of a Chinese article", "write them in Chinese"


def _sources(front: Front, _language: str, _today: date) -> Told:
    for source in front.sources:
        if not source.strip():
            yield "sources", source, "a source is empty", "name the document and its date"
        elif wording.has_link(source):
            yield "sources", source, "a source holds a link", "name the document and its date instead"
        elif not _YEAR.search(source):
            yield "sources", source, f"the source {source!r} has no date", "add the date of the document"


def _facts(front: Front, _language: str, _today: date) -> Told:
    if not front.facts:
        yield "facts", "", "it rests on no fact", 'name them: facts = ["CASH-01"]'
    for fact in front.facts:
        found = _FACT.fullmatch(fact)
        if not found:
            yield "facts", fact, f"{fact!r} is no name of a fact", "write it as CASH-01"
        elif not 1 <= int(found[2]) <= FACTS.get(found[1], 0):
            yield "facts", fact, f"there is no fact {fact}", "name one of the fact file"


def _said(sheet: Sheet, article: Article, templates: Templates, today: date) -> Iterator[Problem]:
    file, front = str(sheet.file), article.front
    for name in sorted(article.uses.keys() - set(front.local)):
        fix = f"add {name!r} to local"
        yield Problem(file, article.uses[name], f"region.{name}", f"the fact {name!r} is not declared", fix)
    for name in sorted(set(front.local) - article.uses.keys()):
        fix = "take it away, or say it in the words"
        yield Problem(
            file, sheet.line_of("local", name), "local", f"the fact {name!r} is declared and not said", fix
        )
    for field, channel, part in (("short", SMS, sheet.short), ("full", TELEGRAM, sheet.full)):
        line = part.line + _blank_lines(part.text)
        yield from (
            Problem(file, line, field, told, fix) for told, fix in _length(article, channel, templates, today)
        )
        yield from (Problem(file, line, field, told, fix) for told, fix in _content(article, part.text))


def _blank_lines(text: str) -> int:
    return len(text) - len(text.lstrip("\n"))


def _length(
    article: Article, channel: ChannelName, templates: Templates, today: date
) -> Iterator[tuple[str, str]]:
    """How long it is as residents get it: signed, and with its source."""
    body = article.short if channel == SMS else article.full
    try:
        text = templates.answer(body, article.language, today)
        basis = article.front.sources[0]
        said = templates.say("replies/answer", article.language, channel, text=text, basis=basis)
    except BadInput as problem:
        yield f"it cannot be said: {problem.problem}", problem.fix
        return
    if channel == SMS and (parts := segments(said)) > SEGMENTS:
        told = f"it takes {parts} SMS segments with signature and source, and may take {SEGMENTS}"
        yield told, "shorten the answer, or name the shortest source first"
    signs = len(said.encode("utf-16-le")) // 2
    if channel == TELEGRAM and signs > SIGNS:
        yield f"it takes {signs} signs with its source, and Telegram takes {SIGNS}", "shorten it"


def _content(article: Article, text: str) -> Iterator[tuple[str, str]]:
    front = article.front
    if article.language == "zh-Hans" and not wording.is_chinese(text):
        yield "no Chinese in a Chinese answer", "write it in Chinese"
    if front.risk == "emergency" and not _EMERGENCY.search(text):
        yield "an emergency without 120, 110, 96110 or 12356", "say first whom to call"
    doubtful = front.risk == "review" or (front.confidence == "C" and front.risk != "normal")
    if doubtful and wording.amounts(text):
        told = "a sum of money that nobody confirmed is written out"
        yield told, "put it into region.toml and write {{ region.NAME }}, or say whom to ask"
