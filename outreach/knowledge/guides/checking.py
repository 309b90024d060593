"""What can be wrong with a guide's files: found when they are loaded, each with its line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from outreach.files import line_of
from outreach.knowledge.guides.flow import DONE, Flow, Question
from outreach.knowledge.guides.policy import Policy
from outreach.knowledge.guides.wording import Wording
from outreach.model import Problem


def flow(file: Path, flow: Flow, policy: Policy | None) -> list[Problem]:
    """The questions and where they lead."""
    if policy is None:
        return [Problem(str(file), 1, "file", "no arithmetic has this name", "correct the file's name")]
    found = [*_ways(file, flow, policy), *_reached(file, flow)]
    return found or list(_loops(file, flow))


def line(file: Path, *path: str) -> int:
    """Where a part of the file is written: [a.b], or b below a."""
    lines = file.read_text("utf-8").splitlines()
    heading = f"[{'.'.join(path)}]"
    for number, written in enumerate(lines, start=1):
        if written.strip() == heading:
            return number
    return line_of(file, *path)


def text_line(file: Path, outcome: str) -> int:
    """Where the words of an outcome begin: behind three quotation marks on the next line."""
    lines, heading = file.read_text("utf-8").splitlines(), line(file, "outcomes", outcome)
    found = next((n for n in range(heading, len(lines)) if lines[n].startswith("text")), heading - 1)
    return found + 1 + lines[found].endswith('"""')


def _ways(file: Path, flow: Flow, policy: Policy) -> Iterator[Problem]:
    if flow.first not in flow.questions:
        yield Problem(str(file), line_of(file, "first"), "first", "there is no such question", _known(flow))
    for key, question in flow.questions.items():
        at = line(file, "questions", key)
        yield from _choices(file, at, key, question)
        for way in question.then:
            if way.to != DONE and way.to not in flow.questions:
                problem = f"it leads to {way.to!r}, which is no question"
                yield Problem(str(file), at, key, problem, _known(flow))
            if way.test and way.test not in policy.tests:
                problem = f"the arithmetic has no test {way.test!r}"
                fix = f"use one of: {', '.join(policy.tests) or 'none'}"
                yield Problem(str(file), at, key, problem, fix)
        if not question.then[-1].always or any(way.always for way in question.then[:-1]):
            problem = "not every answer leads somewhere, or a way is never taken"
            yield Problem(str(file), at, key, problem, "end with one way that has neither `is` nor `test`")


def _known(flow: Flow) -> str:
    return f"use {DONE}, or one of: {', '.join(flow.questions)}"


def _choices(file: Path, at: int, key: str, question: Question) -> Iterator[Problem]:
    if question.kind == "choice" and len(question.options) < 2:
        yield Problem(str(file), at, key, "a choice has at least two options", "add options")
    said = {True, False} if question.kind == "yes_no" else set(question.options)
    for way in question.then:
        strange = [one for one in way.answers or () if said and one not in said]
        if strange:
            yield Problem(str(file), at, key, f"{strange[0]!r} is no answer to it", "use one of the options")


def _reached(file: Path, flow: Flow) -> Iterator[Problem]:
    targets = {flow.first} | {way.to for question in flow.questions.values() for way in question.then}
    for key in flow.questions:
        if key not in targets:
            at = line(file, "questions", key)
            yield Problem(str(file), at, key, "nothing leads to this question", "lead to it, or remove it")


def _loops(file: Path, flow: Flow) -> Iterator[Problem]:
    """A question that may come again on the same way: nobody could leave."""
    for key in flow.questions:
        seen, open_ = set[str](), [way.to for way in flow.questions[key].then]
        while open_:
            place = open_.pop()
            if place == key:
                at = line(file, "questions", key)
                yield Problem(str(file), at, key, "this question leads back to itself", "lead on from it")
                return
            if place != DONE and place not in seen:
                seen.add(place)
                open_ += [way.to for way in flow.questions[place].then]


def words(file: Path, words: Wording, flow: Flow) -> list[Problem]:
    """Every question and every outcome is worded, and nothing else is."""
    found = [
        *_same(file, "questions", set(words.questions), set(flow.questions)),
        *_same(file, "outcomes", set(words.outcomes), set(flow.outcomes)),
    ]
    for key in sorted(set(words.questions) & set(flow.questions)):
        said, wanted = words.questions[key], set(flow.questions[key].choices)
        at = line(file, "questions", key)
        for option in sorted(wanted ^ set(said.options)):
            problem = (
                f"the option {option!r} is not worded" if option in wanted else f"{option!r} is no option"
            )
            found.append(Problem(str(file), at, key, problem, "word the flow's options, and no others"))
        for option in sorted(set(said.also) - wanted):
            found.append(Problem(str(file), at, key, f"{option!r} is no option", "correct its spelling"))
    return found


def _same(file: Path, part: str, worded: set[str], wanted: set[str]) -> Iterator[Problem]:
    for key in sorted(wanted - worded):
        yield Problem(str(file), line_of(file, part), key, f"{part}.{key} is not worded", "write it")
    for key in sorted(worded - wanted):
        at = line(file, part, key)
        yield Problem(
            str(file), at, key, f"the flow has no {part}.{key}", "remove it, or correct its spelling"
        )
