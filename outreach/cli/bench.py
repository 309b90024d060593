"""`outreach bench`: how fast it is, each figure beside a baseline of the same run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import typer

from outreach.bench.asking import ask
from outreach.bench.counting import audience
from outreach.bench.figures import Figure
from outreach.bench.ground import POSTGRESQL, SQLITE, Options
from outreach.bench.importing import import_list
from outreach.bench.send import PARTS, send
from outreach.cli.output import JsonFlag, complain, mistakes, set_up_logging, show_json, show_table
from outreach.settings import load

BENCHES: Mapping[str, Callable[[Options], list[Figure]]] = {
    "send": send,
    "import": import_list,
    "audience": audience,
    "ask": ask,
}
DATABASES = {"both": (SQLITE, POSTGRESQL), "sqlite": (SQLITE,), "postgresql": (POSTGRESQL,)}
_NAMES, _PARTS = ", ".join(BENCHES), ", ".join(PARTS)
PACED, PACED_IN_FULL = 20.0, 60.0


def bench(
    name: Annotated[str, typer.Argument(help=f"Which: {_NAMES}. Without one: all.")] = "",
    only: Annotated[list[str] | None, typer.Option(help=f"Only this part, repeatable: {_PARTS}.")] = None,
    database: Annotated[Literal["sqlite", "postgresql", "both"], typer.Option(help="On which.")] = "both",
    messages: Annotated[int, typer.Option(min=10, max=1_000_000, help="Messages a run.")] = 2000,
    rows: Annotated[int, typer.Option(min=10, max=1_000_000, help="Of a list to import.")] = 100_000,
    people: Annotated[
        int, typer.Option(min=100, max=10_000_000, help="Residents, where these are counted.")
    ] = 1_000_000,
    rounds: Annotated[int | None, typer.Option(min=1, max=100, help="Of each comparison.")] = None,
    seconds: Annotated[float | None, typer.Option(min=2, max=3600, help="Of the paced run.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Longer runs, a million rows.")] = False,
    json: JsonFlag = False,
) -> None:
    """The project's own benchmarks: what it does, beside a baseline measured in the same run."""
    if name and name not in BENCHES:
        raise typer.BadParameter(f"there is no bench {name!r}; known: {_NAMES}", param_hint="NAME")
    for part in only or ():
        if part not in PARTS:
            raise typer.BadParameter(f"there is no part {part!r}; known: {_PARTS}", param_hint="--only")
    set_up_logging("ERROR", "text")
    with mistakes():
        settings = load()
        options = Options(
            folders={
                "templates_dir": settings.templates_dir.resolve(),
                "campaigns_dir": settings.campaigns_dir.resolve(),
            },
            tell=complain,
            only=only or (),
            databases=DATABASES[database],
            messages=messages,
            rows=rows,
            people=people,
            rounds=rounds,
            seconds=seconds or (PACED_IN_FULL if full else PACED),
            full=full,
        )
        figures = [figure for chosen in ([name] if name else BENCHES) for figure in BENCHES[chosen](options)]
    if json:
        show_json([figure.as_json() for figure in figures])
    else:
        columns = ("", "value", "baseline", "ratio", "target", "")
        show_table(columns, [figure.row for figure in figures], "Nothing was measured.")
