"""Commands about what is said: campaigns, surveys, knowledge."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from json import JSONDecodeError, dumps, loads
from pathlib import Path
from typing import Annotated, Any

import typer

from outreach import audit, campaigns, staff, surveys
from outreach.app import Content, wall_clock
from outreach.cli.output import JsonFlag, database, mistakes, run, say, settings, show_json, show_table
from outreach.knowledge.answering import decide
from outreach.knowledge.matching import Index
from outreach.model import JSON, SMS, BadInput, Problem

campaign_commands = typer.Typer(no_args_is_help=True, help="What staff send.")
survey_commands = typer.Typer(no_args_is_help=True, help="Satisfaction.")
knowledge_commands = typer.Typer(no_args_is_help=True, help="The policy answers.")

Name = Annotated[str, typer.Argument(metavar="NAME")]
Launch = Annotated[int, typer.Argument(metavar="ID")]


def as_problem(problem: BadInput) -> Problem:
    return problem.as_problem()


def _content() -> Content:
    loaded = settings()
    with mistakes():
        return Content.load(loaded).must_be_sound()


@campaign_commands.command("list")
def list_campaigns(json: JsonFlag = False) -> None:
    """The campaign files, and what was launched."""
    loaded, files = settings(), _content().campaigns

    async def work() -> list[JSON]:
        async with database(loaded) as store, store.read() as connection:
            return await campaigns.recent(connection, wall_clock())

    launched = run(work())
    if json:
        show_json({"campaigns": files.names(), "launches": launched})
        return
    say("files: " + ", ".join(files.names()))
    rows = [(row["id"], row["name"], row["state"], row["total"], row["delivered"]) for row in launched]
    show_table(("id", "name", "state", "total", "delivered"), rows, "Nothing was launched yet.")


@campaign_commands.command("check")
def check(name: Annotated[str, typer.Argument(metavar="[NAME]")] = "", json: JsonFlag = False) -> None:
    """Every mistake in a campaign file, or in all of them."""
    files = _content().campaigns
    problems = []
    for one in [name] if name else files.names():
        try:
            files.load(one)
        except BadInput as problem:
            problems.append(problem)
    if json:
        found = [as_problem(problem) for problem in problems]
        listed = [
            {"file": p.file, "line": p.line, "field": p.field, "problem": p.problem, "fix": p.fix}
            for p in found
        ]
        show_json({"ok": not problems, "problems": listed})
    for mistake in () if json else problems:
        say(str(mistake))
    if problems:
        raise typer.Exit(1)
    if not json:
        say("ok")


@campaign_commands.command("preview")
def preview(name: Name, json: JsonFlag = False) -> None:
    """Who would get it, who would not and why, and how it reads. Sends nothing."""
    loaded, files = settings(), _content().campaigns

    async def work() -> JSON:
        async with database(loaded) as store, store.read() as connection:
            return await files.preview(connection, name, wall_clock())

    result = run(work())
    if json:
        show_json(result)
        return
    say(f"{result['audience']} people: {result['channels']}")
    for reason, n in result["suppressed"].items():
        say(f"  left out: {n}, {reason}")
    for reason, n in result["outside"].items():
        say(f"  not meant: {n}, {reason}")
    for sample in result["samples"]:
        say(f"[{sample['channel']}, {sample['language']}] {sample['text']}")


@campaign_commands.command("launch")
def launch(name: Name, json: JsonFlag = False) -> None:
    """Starts a campaign. The service or a worker that runs sends it."""
    loaded, files, now = settings(), _content().campaigns, wall_clock()

    async def work() -> JSON:
        async with database(loaded) as store, store.write() as connection:
            result = await files.launch(connection, name, by="cli", now=now)
            await audit.note(connection, "cli", "campaign.launch", f"{name} #{result['id']}", now)
        return result

    result = run(work())
    if json:
        show_json(result)
    else:
        say(f"launch {result['id']}: {result['state']}; see `outreach campaign status {result['id']}`")


@campaign_commands.command("status")
def status(launch: Launch, json: JsonFlag = False) -> None:
    """One launch's account; the counts add up to its total."""
    loaded = settings()

    async def work() -> JSON:
        async with database(loaded) as store, store.read() as connection:
            return await campaigns.status(connection, launch, wall_clock())

    _show(run(work()), json)


def _show(result: JSON, json: bool) -> None:
    if json:
        show_json(result)
    else:
        show_table(("", ""), list(result.items()), "")


def _move(verb: str, launch: int, json: bool) -> None:
    loaded, now = settings(), wall_clock()

    async def work() -> JSON:
        async with database(loaded) as store, store.write() as connection:
            result = await campaigns.move(connection, launch, verb, now)
            await audit.note(connection, "cli", f"campaign.{verb}", f"{result['name']} #{launch}", now)
        return result

    _show(run(work()), json)


@campaign_commands.command("pause")
def pause(launch: Launch, json: JsonFlag = False) -> None:
    """Holds what is not yet on its way."""
    _move("pause", launch, json)


@campaign_commands.command("approve")
def approve(
    launch: Launch,
    by: Annotated[str, typer.Option(help="Who approves: the name of a staff account.")],
    json: JsonFlag = False,
) -> None:
    """Lets a launch go that the approval rule holds (OUTREACH_APPROVAL_ABOVE)."""
    loaded, now = settings(), wall_clock()

    async def work() -> JSON:
        async with database(loaded) as store, store.write() as connection:
            await staff.must_approve(connection, by)
            result = await campaigns.move(connection, launch, "approve", now)
            await audit.note(connection, by, "campaign.approve", f"{result['name']} #{launch}", now)
        return result

    _show(run(work()), json)


@campaign_commands.command("resume")
def resume(launch: Launch, json: JsonFlag = False) -> None:
    """Goes on where it was paused."""
    _move("resume", launch, json)


@campaign_commands.command("cancel")
def cancel(launch: Launch, json: JsonFlag = False) -> None:
    """Ends it for good; what was sent stays sent."""
    _move("cancel", launch, json)


@survey_commands.command("list")
def list_surveys(json: JsonFlag = False) -> None:
    """The survey files."""
    names = _content().surveys.names()
    show_json({"surveys": names}) if json else say("\n".join(names))


@survey_commands.command("results")
def results(name: Name, json: JsonFlag = False) -> None:
    """What residents thought."""
    loaded, files = settings(), _content().surveys

    async def work() -> JSON:
        files[name]
        async with database(loaded) as store, store.read() as connection:
            return await surveys.results(connection, name)

    result = run(work())
    if json:
        show_json(result)
        return
    say(f"asked {result['sent']}, answered {result['answered']}")
    for question in result["questions"]:
        share, low, high = (round(100 * question[key]) for key in ("csat", "csat_low", "csat_high"))
        say(f"satisfied or better: {share} % ({low} to {high} %), n = {question['n']}")


def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION")],
    lang: Annotated[str, typer.Option(help="zh-Hans or en; unset: the question's own.")] = "",
    json: JsonFlag = False,
) -> None:
    """Answers as a resident would be answered."""
    loaded, files = settings(), _content()
    language = lang or ("zh-Hans" if any("\u3400" <= sign <= "\u9fff" for sign in question) else "en")
    if language not in ("zh-Hans", "en"):
        raise typer.BadParameter(f"{language!r} is no language of ours: zh-Hans or en")
    found = files.knowledge.ask(question, language, wall_clock().astimezone(loaded.zone).date())
    text, sources = "", list[str]()
    if found.article:
        text, _ = files.knowledge.text(found.article, SMS)
        sources = found.article.front.sources
    elif found.outcome == "clarify":
        titles = [article.front.title for article, _ in found.candidates[:3]]
        text = files.templates.say("replies/clarify", language, "telegram", options=titles)
    result = {
        "outcome": found.outcome,
        "topic": found.article.topic if found.article else None,
        "confidence": found.confidence,
        "candidates": [
            {"topic": article.topic, "title": article.front.title, "score": score}
            for article, score in found.candidates
        ],
        "text": text,
        "sources": sources,
    }
    if json:
        show_json(result)
    else:
        say(text or "(a person would answer this)")


@knowledge_commands.command("list")
def list_topics(json: JsonFlag = False) -> None:
    """The topics there are articles for."""
    found = _content().knowledge
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


@knowledge_commands.command("eval")
def evaluate(
    kb: Annotated[Path | None, typer.Option(help="Entries to search instead of ours (JSONL).")] = None,
) -> None:
    """The matching engine as a filter: queries on stdin, one JSON line each on stdout."""
    index = Index(_foreign(kb)) if kb else _own()
    for line in sys.stdin:
        ranked = index.rank(_query(line))
        confidence = ranked[0].confidence if ranked else 0.0
        answer = {"ranked": [m.id for m in ranked[:10]], "confidence": confidence, "outcome": decide(ranked)}
        sys.stdout.write(dumps(answer, ensure_ascii=False) + "\n")
        sys.stdout.flush()


def _own() -> Index:
    found = _content().knowledge
    entries: dict[str, tuple[str, list[str]]] = {}
    for topic in found.topics():
        articles = [a for language in ("zh-Hans", "en") if (a := found.article(topic, language))]
        titles = " ".join(a.front.title for a in articles)
        entries[topic] = (titles, [example for a in articles for example in a.front.examples])
    return Index(entries)


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
        except (KeyError, TypeError, AttributeError) as error:
            raise BadInput(f"an entry lacks {error}", where=str(file)) from None


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
