"""The program: the commands of the contract, each a thin call into the core."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

import typer

import outreach
from outreach.app import App, Content, wall_clock
from outreach.cli import (
    bench,
    cases,
    content,
    drafting,
    events,
    guiding,
    importing,
    knowledge,
    purging,
    residents,
    sending,
    staff,
    understanding,
)
from outreach.cli import database as storage
from outreach.cli.output import (
    JsonFlag,
    NowOption,
    complain,
    database,
    moment,
    run,
    say,
    set_up_logging,
    settings,
    show_json,
    show_problems,
)
from outreach.demo import demo as run_demo
from outreach.model import JSON, BadInput, Problem
from outreach.settings import Settings
from outreach.simulator import serve as serve_simulator
from outreach.store import sole_sender

program = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Care campaigns, checkup reminders, policy answers and satisfaction, over Telegram and SMS.",
)
program.add_typer(storage.database_commands, name="db")
program.add_typer(residents.residents_commands, name="residents")
program.add_typer(residents.checkups_commands, name="checkups")
program.add_typer(content.campaign_commands, name="campaign")
program.add_typer(content.survey_commands, name="survey")
program.add_typer(knowledge.knowledge_commands, name="knowledge")
program.add_typer(sending.outbox_commands, name="outbox")
program.add_typer(cases.cases_commands, name="cases")
program.add_typer(staff.staff_commands, name="staff")
residents.residents_commands.command("import")(importing.import_residents)
residents.checkups_commands.command("import")(importing.import_checkups)
residents.residents_commands.command("event")(events.event)
residents.residents_commands.command("move")(events.move)
for command in (drafting.draft, drafting.drafts, drafting.replay, drafting.publish):
    knowledge.knowledge_commands.command(command.__name__)(command)
knowledge.knowledge_commands.command("guide")(guiding.guide)
program.command("ask")(knowledge.ask)
program.command("understand")(understanding.understanding)
program.command("status")(sending.status)
program.command("bench")(bench.bench)
storage.database_commands.command("purge")(purging.purge)

Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(outreach.__version__)
        raise typer.Exit


@program.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    """Settings come from the environment or .env, with the prefix OUTREACH_; see README.md."""


def _overrides(**given: object) -> dict[str, object]:
    return {name: value for name, value in given.items() if value is not None}


@program.command()
def serve(host: Host = None, port: Port = None) -> None:
    """The whole service in one process: bots, webhooks, console, scheduler, sender."""
    loaded = settings(**_overrides(host=host, port=port))

    async def work() -> None:
        app, ready = App(loaded), asyncio.Event()
        running = asyncio.create_task(app.run(ready=ready))
        started = asyncio.create_task(ready.wait())
        await asyncio.wait([running, started], return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        if ready.is_set():
            base = loaded.public_url or f"http://{loaded.host}:{loaded.port}"
            complain(f"Console: {base}/?key={app.key}")
        await running

    run(work())


@program.command()
def worker(
    drain: Annotated[bool, typer.Option(help="Exit when nothing is due.")] = False, json: JsonFlag = False
) -> None:
    """The sender and scheduler alone; any number of them on one PostgreSQL."""
    loaded = settings()

    async def work() -> JSON:
        app = App(loaded)
        app.content.must_be_sound()
        started = time.monotonic()
        async with app.opened():
            with sole_sender(app.store):
                await app.check_channels()
                async with sending.shown(app.crew, on=drain):
                    await app.work(drain=drain)
        tally = app.crew.tally
        return {
            "sent": tally.sent,
            "failed": tally.failed,
            "in_doubt": tally.in_doubt,
            "seconds": round(time.monotonic() - started, 3),
        }

    _told(run(work()), json, "sent {sent}, failed {failed}, in doubt {in_doubt}, {seconds} s")


@program.command()
def tick(now: NowOption = "", json: JsonFlag = False) -> None:
    """One pass of the scheduler: queues what is due."""
    loaded, at = settings(), moment(now) if now else wall_clock()

    async def work() -> JSON:
        app = App(loaded)
        app.content.must_be_sound()
        async with app.opened():
            done = await app.planner.plan(at)
            while (more := await app.planner.plan(at)).total:
                done = done.plus(more)
        queued = {"campaign": done.campaign, "reminder": done.reminder, "survey": done.survey}
        return {"queued": queued, "expired": done.expired}

    _told(run(work()), json, "queued {queued}, expired {expired}")


def _told(result: JSON, json: bool, words: str) -> None:
    if json:
        show_json(result)
    else:
        say(words.format(**result))


@program.command()
def check(json: JsonFlag = False) -> None:
    """Settings, database and every file staff write: each problem with file and line."""
    loaded = settings()
    problems = run(_problems(loaded))
    if not json:
        _hints(loaded)
    show_problems(problems, json)


def _hints(loaded: Settings) -> None:
    for name, on in (
        ("Telegram", loaded.telegram_token.get_secret_value()),
        ("SMS", loaded.twilio_account_sid),
    ):
        if not on:
            complain(f"{name} is off: it has no credentials in the settings")
    if not loaded.key_file:
        complain(
            "names and numbers are sealed with a key that lies in the database itself:"
            " set OUTREACH_KEY_FILE and run `outreach db rotate`"
        )


async def _problems(loaded: Settings) -> list[Problem]:
    found: list[Problem] = []
    try:
        async with database(loaded):
            pass
    except BadInput as problem:
        found.append(Problem(problem.where, 1, "", problem.problem, problem.fix))
    try:
        files = Content.load(loaded)
    except BadInput as problem:
        return [*found, problem.as_problem()]
    found += [*files.problems, *files.cautions(wall_clock().astimezone(loaded.zone).date())]
    for name in files.campaigns.names():
        try:
            files.campaigns.load(name)
        except BadInput as problem:
            found.append(problem.as_problem())
    return found


@program.command()
def demo(
    residents: Annotated[
        int, typer.Option(min=10, max=20000, help="How many people live in the county.")
    ] = 120,
    port: Port = None,
    once: Annotated[bool, typer.Option(help="Do it all, print the summary, exit.")] = False,
    json: JsonFlag = False,
) -> None:
    """The main job on the embedded default, with local stand-ins for Telegram and Twilio."""
    named = settings()
    # Of the settings nothing counts here but how much is logged, and only where that was asked for.
    set_up_logging(named.log_level if "log_level" in named.model_fields_set else "ERROR", named.log_format)
    result = run(run_demo(residents, port, once=once, quiet=json))
    if json:
        show_json(result.figures)
    if result.disagreements:
        for line in result.disagreements:
            complain(line)
        raise typer.Exit(1)


@program.command()
def simulator(port: Annotated[int, typer.Option(min=0, max=65535)] = 8090) -> None:
    """The stand-ins for Telegram and Twilio alone, and the residents' phone page."""

    async def work() -> None:
        try:
            await serve_simulator("127.0.0.1", port)
        except OSError as error:
            raise BadInput(
                f"port {port} cannot be used: {error.strerror}", where="--port", fix="choose another port"
            ) from None

    run(work())


def main() -> None:
    program()
