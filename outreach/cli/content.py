"""Commands about what is sent: campaigns and surveys."""

from __future__ import annotations

from typing import Annotated

import typer

from outreach import audit, campaigns, staff, surveys
from outreach.app import Content, wall_clock
from outreach.cli.output import (
    JsonFlag,
    database,
    mistakes,
    run,
    say,
    settings,
    show_json,
    show_problems,
    show_table,
)
from outreach.model import JSON, BadInput

campaign_commands = typer.Typer(no_args_is_help=True, help="What staff send.")
survey_commands = typer.Typer(no_args_is_help=True, help="Satisfaction.")

Name = Annotated[str, typer.Argument(metavar="NAME")]
Launch = Annotated[int, typer.Argument(metavar="ID")]


def sound_content() -> Content:
    loaded = settings()
    with mistakes():
        return Content.load(loaded).must_be_sound()


@campaign_commands.command("list")
def list_campaigns(json: JsonFlag = False) -> None:
    """The campaign files, and what was launched."""
    loaded, files = settings(), sound_content().campaigns

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
    files = sound_content().campaigns
    problems = []
    for one in [name] if name else files.names():
        try:
            files.load(one)
        except BadInput as problem:
            problems.append(problem)
    show_problems([problem.as_problem() for problem in problems], json)


@campaign_commands.command("preview")
def preview(name: Name, json: JsonFlag = False) -> None:
    """Who would get it, who would not and why, and how it reads. Sends nothing."""
    loaded, files = settings(), sound_content().campaigns

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
def launch(
    name: Name,
    by: Annotated[str, typer.Option(help="Who launches it: the name of a staff account.")] = "",
    json: JsonFlag = False,
) -> None:
    """Starts a campaign. The service or a worker that runs sends it."""
    loaded, files, now = settings(), sound_content().campaigns, wall_clock()

    async def work() -> JSON:
        async with database(loaded) as store, store.write() as connection:
            if by:
                await staff.must_work_here(connection, by)
            result = await files.launch(connection, name, by=by or "cli", now=now)
            await audit.note(connection, by or "cli", "campaign.launch", f"{name} #{result['id']}", now)
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
            await campaigns.must_be_another(connection, launch, by)
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
    names = sound_content().surveys.names()
    show_json({"surveys": names}) if json else say("\n".join(names))


@survey_commands.command("results")
def results(name: Name, json: JsonFlag = False) -> None:
    """What residents thought."""
    loaded, files = settings(), sound_content().surveys

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
