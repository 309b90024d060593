"""Commands about the policy answers: asked, listed, and as a filter."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from json import JSONDecodeError, dumps, loads
from pathlib import Path
from typing import Annotated, Any

import typer

from outreach import knowledge
from outreach.app import wall_clock
from outreach.cli.content import sound_content
from outreach.cli.output import (
    JsonFlag,
    complain,
    database,
    mistakes,
    run,
    say,
    settings,
    show_json,
    show_problems,
    show_table,
)
from outreach.conversation.asking import Asking
from outreach.conversation.turn import language_of
from outreach.knowledge import danger, regression
from outreach.knowledge.answering import decide
from outreach.knowledge.articles import load
from outreach.model import JSON, BadInput, iso
from outreach.templates import LANGUAGES, Templates

knowledge_commands = typer.Typer(no_args_is_help=True, help="The policy answers.")


def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION")],
    lang: Annotated[str, typer.Option(help="zh-Hans or en; unset: the question's own.")] = "",
    json: JsonFlag = False,
) -> None:
    """Answers as a resident would be answered."""
    loaded, files = settings(), sound_content()
    language = lang or language_of(question, loaded.language)
    if language not in LANGUAGES:
        raise typer.BadParameter(f"{language!r} is no language of ours: {' or '.join(LANGUAGES)}")
    found = Asking(files.knowledge, files.templates, loaded.zone).ask(question, language, wall_clock())
    result = {
        "outcome": found.outcome,
        "topic": found.topic,
        "confidence": found.confidence,
        "candidates": [
            {"topic": article.topic, "title": article.front.title, "score": score}
            for article, score in found.candidates
        ],
        "text": found.text,
        "sources": list(found.sources),
    }
    if json:
        show_json(result)
    else:
        say(found.text)


@knowledge_commands.command("list")
def list_topics(json: JsonFlag = False) -> None:
    """The topics there are articles for."""
    found = sound_content().knowledge
    rows = [
        (topic, article.front.title, str(article.front.valid_from), str(article.front.next_review))
        for topic in found.topics()
        if (article := found.article(topic, "zh-Hans"))
    ]
    if json:
        show_json(
            {
                "topics": [
                    dict(zip(("topic", "title", "valid_from", "next_review"), r, strict=True)) for r in rows
                ]
            }
        )
    else:
        show_table(("topic", "title", "valid from", "next review"), rows, "No articles.")


@knowledge_commands.command("check")
def check(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="A folder of templates, or of articles.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Every mistake in every article, and every fact of the county that is missing or old."""
    loaded = settings()
    today = wall_clock().astimezone(loaded.zone).date()
    given = folder or loaded.templates_dir
    own = given / "knowledge"
    articles = own if own.is_dir() else given
    try:
        if not articles.is_dir():
            raise BadInput("there is no such folder", where=str(articles), fix="name a folder of articles")
        templates = _templates_for(articles, loaded.templates_dir)
        found = knowledge.check(articles, templates, today)
        found += templates.county.problems
        found += knowledge.county(templates, load(articles, templates)[0].values(), today)
    except BadInput as problem:
        found = [problem.as_problem()]
    show_problems(found, json)


def _templates_for(articles: Path, usual: Path) -> Templates:
    """The texts around an answer are the usual ones; the county's facts those that lie nearest."""
    for near in (articles, articles.parent):
        if (near / "region.toml").is_file():
            return Templates(usual, near / "region.toml")
    return Templates(usual)


@knowledge_commands.command("test")
def regress(
    accept: Annotated[bool, typer.Option("--accept", help="What comes out is expected from now on.")] = False,
    json: JsonFlag = False,
) -> None:
    """Asks the regression questions; fails where an answer is wrong that was not, whatever got better."""
    loaded, files = settings(), sound_content()
    folder = loaded.templates_dir / "knowledge"
    with mistakes():
        asked = regression.questions(folder)
        tried = regression.run(files.knowledge, asked, wall_clock().astimezone(loaded.zone).date())
        counted = regression.figures(tried, asked)
        worse = [] if accept else regression.worse(folder, tried)
        if accept:
            regression.accept(folder, tried, counted)
    if json:
        wrong = [one.question.model_dump() | {"got": one.best[0]} for one in tried if one.result == "wrong"]
        show_json({"ok": not worse, "figures": counted, "worse": worse, "wrong": wrong})
    else:
        show_table(("", ""), list(counted.items()), "")
        for line in worse:
            complain(line)
    if worse:
        raise typer.Exit(1)


@knowledge_commands.command("gaps")
def gaps(
    since: Annotated[int, typer.Option(min=1, help="Look back so many days.")] = 30, json: JsonFlag = False
) -> None:
    """Questions without an answer, or without a good one, grouped; the largest group first."""
    loaded, found, now = settings(), sound_content().knowledge, wall_clock()
    begin = now - timedelta(days=since)

    async def work() -> list[JSON]:
        async with database(loaded) as store, store.read() as connection:
            return await knowledge.gaps(connection, found, begin, now.astimezone(loaded.zone).date())

    groups = run(work())
    if json:
        show_json({"since": iso(begin), "groups": groups})
        return
    rows = [
        (group["n"], _counts(group["kinds"]), group["example"], (group["nearest"] or {}).get("topic", ""))
        for group in groups
    ]
    show_table(("n", "what became of it", "for example", "nearest topic"), rows, "No gaps.")


def _counts(kinds: JSON) -> str:
    return ", ".join(f"{kind} {n}" for kind, n in kinds.items())


@knowledge_commands.command("eval")
def evaluate(
    kb: Annotated[Path | None, typer.Option(help="Entries to search instead of ours (JSONL).")] = None,
) -> None:
    """The matching engine as a filter: queries on stdin, one JSON line each on stdout."""
    answered = _in_foreign(kb) if kb else _in_own()
    for line in sys.stdin:
        sys.stdout.write(dumps(answered(_query(line)), ensure_ascii=False) + "\n")
        sys.stdout.flush()


def _in_foreign(kb: Path) -> Callable[[str], JSON]:
    # The arrays are loaded where they are needed alone.
    from outreach.knowledge.matching import Index

    index = Index(_foreign(kb))
    return lambda question: _ranked([(m.id, m.confidence) for m in index.rank(question)])


def _in_own() -> Callable[[str], JSON]:
    """Our own articles, in the language of the question; what is dangerous goes before all else."""
    loaded, found = settings(), sound_content().knowledge
    today = wall_clock().astimezone(loaded.zone).date()

    def answered(question: str) -> JSON:
        ranked = found.ranked(question, language_of(question, loaded.language), today)
        result = _ranked([(match.id, match.confidence) for match in ranked])
        alarming = danger(question)
        if alarming and alarming.topic:
            others = [topic for topic in result["ranked"] if topic != alarming.topic]
            return {"ranked": [alarming.topic, *others], "confidence": 1.0, "outcome": "handoff"}
        return result

    return answered


def _ranked(matches: Sequence[tuple[str, float]]) -> JSON:
    ids = [name for name, _ in matches[:10]]
    first, second = [*(confidence for _, confidence in matches[:2]), 0.0, 0.0][:2]
    return {"ranked": ids, "confidence": first, "outcome": decide(first, second)}


def _foreign(file: Path) -> dict[str, tuple[str, list[str]]]:
    with mistakes():
        try:
            return {
                str(entry["id"]): (
                    str(entry.get("title") or ""),
                    [str(e) for e in entry.get("examples") or ()],
                )
                for entry in _lines(file)
            }
        except (KeyError, TypeError, AttributeError):
            shape = 'write each line as {"id": "…", "title": "…", "examples": ["…"]}'
            raise BadInput("an entry is not of that shape", where=str(file), fix=shape) from None


def _lines(file: Path) -> Iterator[Any]:
    try:
        with file.open(encoding="utf-8") as lines:
            yield from (loads(line) for line in lines if line.strip())
    except (OSError, ValueError) as error:
        raise BadInput(f"this is no JSONL file: {error}", where=str(file)) from None


def _query(line: str) -> str:
    try:
        value = loads(line)
    except JSONDecodeError:
        return line.strip()
    if isinstance(value, dict):
        return str(value.get("text", ""))
    return value if isinstance(value, str) else line.strip()
