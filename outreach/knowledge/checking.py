"""`knowledge check`: every mistake in every article, by file and line; and which county facts are old."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from difflib import get_close_matches
from fnmatch import fnmatch
from pathlib import Path

from outreach.folding import fold
from outreach.knowledge import elsewhere, rules, wording
from outreach.knowledge.articles import Article, Front, Reading, missing_twins, read_all
from outreach.knowledge.finding import WORDS, own_words
from outreach.knowledge.sheets import Sheet
from outreach.model import Problem
from outreach.templates import Templates

# What the two languages of a topic must say alike.
_ALIKE = ("facts", "risk", "confidence", "valid_from", "valid_to", "next_review", "related", "local")
_STRAY = {".markdown", ".txt", ".mdx", ".rst", ".docx", ".html", ".bak", ".yaml", ".yml", ".MD"}


_Whole = tuple[Reading, Front, Sheet]


def check(folder: Path, templates: Templates, today: date, drafts: Iterable[Path] = ()) -> list[Problem]:
    """Every problem of the articles in a folder. `drafts` stand in the place of the files called the same."""
    readings = read_all(folder, templates, drafts)
    found = [one for reading in readings for one in rules.problems(reading, templates, today)]
    found += missing_twins(folder, readings)
    found += [
        *_stray(folder),
        *_twins(readings),
        *_related(readings),
        *_same_titles(readings),
        *_asked_twice(readings),
        *_beside(folder, readings),
    ]
    return sorted(set(found), key=lambda one: (one.file, one.line, one.field, one.problem))


def county(templates: Templates, articles: Iterable[Article], today: date) -> list[Problem]:
    """What is missing, old or unproved among the county's facts, and who says it. None stops an answer."""
    used: dict[str, list[str]] = defaultdict(list)
    missing = []
    for article in articles:
        for name, line in article.uses.items():
            used[name].append(article.topic)
            if name not in templates.county.facts:
                told = f"region.toml has no fact {name!r}, so that residents are told to call"
                near = get_close_matches(name, templates.county.facts, 1)
                fix = f"add [{name}] to {templates.county.file}" + (f", or write {near[0]!r}" if near else "")
                missing.append(Problem(article.short.file, line, f"region.{name}", told, fix))
    return [*templates.county.cautions(today, used), *missing]


def _beside(folder: Path, readings: Sequence[Reading]) -> Iterator[Problem]:
    """The lists beside the articles: what is nobody's here, and the office's own words."""
    near, problems = elsewhere.load(folder)
    yield from (*problems, *own_words(folder)[1])
    answered = {
        fold(example): reading.file.name
        for reading in readings
        if reading.article
        for example in reading.article.front.examples
    }
    for one in near.near:
        for text in (*one.chinese, *one.english):
            if name := answered.get(fold(text)):
                told = f"{text!r} is nobody's here, and an example of {name}"
                yield Problem(str(folder / elsewhere.FOLDER), 1, one.title, told, "keep one of the two")


def _stray(folder: Path) -> Iterator[Problem]:
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        known = fnmatch(file.name, WORDS)
        if file.is_file() and not known and (file.suffix in _STRAY or file.name.endswith("~")):
            fix = "call it TOPIC.LANGUAGE.md, or take it away"
            yield Problem(str(file), 1, "file", "this is no article, and nobody reads it", fix)


def _by_topic(readings: Sequence[Reading]) -> dict[str, list[Reading]]:
    topics: dict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        topics[reading.topic].append(reading)
    return topics


def _twins(readings: Sequence[Reading]) -> Iterator[Problem]:
    for pair in _by_topic(readings).values():
        whole = [(one, one.front, one.sheet) for one in pair if one.front and one.sheet]
        for one in whole[1:]:
            yield from _disagreements(whole[0], one)


def _disagreements(first: _Whole, second: _Whole) -> Iterator[Problem]:
    there, front, sheet = second
    for key in _ALIKE:
        one, other = _plain(getattr(first[1], key)), _plain(getattr(front, key))
        if one != other:
            told = f"{key} is not the same in {first[0].file.name}: here {other}, and there {one}"
            fix = "make both languages say the same"
            yield Problem(str(there.file), sheet.line_of(key), key, told, fix)
    sums = [wording.amounts(part.full.text) for part in (first[2], sheet)]
    # One may give an example more than the other; where each has its own, one of them is wrong.
    if sums[0] - sums[1] and sums[1] - sums[0]:
        told = f"its sums of money are not those of {first[0].file.name}: {_listed(sums[0] ^ sums[1])}"
        yield Problem(str(there.file), sheet.full.line, "full", told, "make both say the same")


def _plain(value: object) -> str:
    return ", ".join(sorted(set(value))) if isinstance(value, list) else str(value)


def _listed(sums: Iterable[float]) -> str:
    return ", ".join(f"{one:g}" for one in sorted(sums))


def _related(readings: Sequence[Reading]) -> Iterator[Problem]:
    known = {reading.topic for reading in readings}
    for reading in readings:
        for topic in dict.fromkeys(reading.front.related if reading.front else ()):
            if topic not in known and reading.sheet:
                near = get_close_matches(topic, known, 1)
                fix = f"write {near[0]!r}" if near else "take it away, or write that article"
                line = reading.sheet.line_of("related", topic)
                yield Problem(str(reading.file), line, "related", f"there is no topic {topic!r}", fix)


def _same_titles(readings: Sequence[Reading]) -> Iterator[Problem]:
    first: dict[tuple[str, str], Reading] = {}
    for reading in readings:
        if not (reading.front and reading.sheet and fold(reading.front.title)):
            continue
        before = first.setdefault((reading.language, fold(reading.front.title)), reading)
        if before is not reading:
            told = f"{before.file.name} has the same title"
            fix = "say what is different: residents choose by it"
            yield Problem(str(reading.file), reading.sheet.line_of("title"), "title", told, fix)


def _asked_twice(readings: Sequence[Reading]) -> Iterator[Problem]:
    first: dict[str, Reading] = {}
    for reading in readings:
        for example in reading.front.examples if reading.front else ():
            before = first.setdefault(fold(example), reading)
            if before.topic != reading.topic and fold(example) and reading.sheet:
                told = f"{before.file.name} has the same question: {example!r}"
                line = reading.sheet.line_of("examples", example)
                fix = "leave it where it is answered best"
                yield Problem(str(reading.file), line, "examples", told, fix)
