"""`outreach bench import`: a list of residents, against parsing it and inserting its rows bare."""

from __future__ import annotations

import asyncio
import csv
import itertools
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from outreach.bench.figures import Figure, Target, median, spread
from outreach.bench.ground import Ground, Options, environment, ground, interleaved
from outreach.bench.processes import LOOK_SECONDS, peak_mb, running, said_last
from outreach.lists import Report
from outreach.model import SMS, BadInput
from outreach.residents import importing, intake
from outreach.store import Store, insert_many
from outreach.store.columns import version_of
from outreach.store.tables import addresses, consent, resident_groups, residents

ROUNDS, MORE_ROUNDS = 1, 5
SLOWEST, MOST_MB = Target(most=3.0), Target(most=200, unit="MB")
HEADINGS = "姓名 手机号码 乡镇 语言 分组 出生年份 同意接收关怀 同意提醒 同意调查".split()
TOWNSHIPS, GROUPS = "青山镇 柳河乡 东关街道".split(), "孕产妇 老年人 新生儿".split()
LANGUAGE = "zh-Hans"


def import_list(options: Options) -> list[Figure]:
    """How long it takes beside the bare insert, and the memory the command needs. No parts."""
    if options.only:
        return []
    figures: list[Figure] = []
    with ground(options) as stand:
        file = stand.folder / "list.csv"
        write_list(file, options.rows)
        for kind in stand.databases:
            stand.tell(f"import: {options.rows} rows on {kind}")
            for figure in (_speed(stand, kind, file), _memory(stand, kind, file)):
                stand.tell(f"  {figure}")
                figures.append(figure)
    return figures


def write_list(file: Path, rows: int) -> None:
    """A list as a county's system exports it; no number in it belongs to anyone we know."""
    with file.open("w", encoding="utf-8-sig", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(HEADINGS)
        for n in range(rows):
            groups = "、".join(GROUPS[: n % 3])
            year, number = 1940 + n % 70, 13_900_000_000 + n
            writer.writerow(
                (
                    f"居民{n % 977}",
                    number,
                    TOWNSHIPS[n % 3],
                    "中文",
                    groups,
                    year,
                    "是",
                    "否" if n % 9 else "是",
                    "",
                )
            )


def _speed(ground: Ground, kind: str, file: Path) -> Figure:
    """The list is read, understood and joined to whom we know; bare, its cells go in as they are."""
    rows = ground.options.rows
    contestants = {
        "import": partial(_rate, _import, ground, kind),
        "bare": partial(_rate, _bare, ground, kind),
    }
    found = interleaved(contestants, ground.rounds(ROUNDS, MORE_ROUNDS), ground.tell)
    ours, bare = ([rows / rate for rate in found[name]] for name in ("import", "bare"))
    detail = f"{rows} rows, {spread(ours, 1)} against {spread(bare, 1)} s; {file.stat().st_size >> 10} KB"
    return Figure(
        f"import {kind}", median(ours), "s", median(bare), "parsed and inserted bare", SLOWEST, detail
    )


def _rate(contestant: Any, ground: Ground, kind: str) -> float:
    """Rows a second, into a new database."""
    url, file = ground.new_database(kind), ground.folder / "list.csv"

    async def timed() -> float:
        store = Store(url)
        try:
            # What the first connection costs is not the list's.
            async with store.write():
                started = time.perf_counter()
            await contestant(store, file)
            return ground.options.rows / (time.perf_counter() - started)
        finally:
            await store.close()

    return asyncio.run(timed())


async def _import(store: Store, file: Path) -> None:
    report = Report()
    with importing.read(file) as listing:
        listing.check()
        await intake.residents(listing, report, language=LANGUAGE, now=datetime.now(UTC)).write(store)
    if report.created != report.rows:
        raise BadInput(f"{report.created} of {report.rows} rows went in", where="bench import")


async def _bare(store: Store, file: Path) -> None:
    now, first = datetime.now(UTC), 1
    with file.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text)
        next(reader)
        while rows := list(itertools.islice(reader, intake.BATCH)):
            async with store.write() as connection:
                for table, values in _tables(rows, first, now):
                    await insert_many(connection, table, values)
            first += len(rows)


def _tables(
    rows: Sequence[list[str]], first: int, now: datetime
) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    numbered = list(enumerate(rows, start=first))
    yield (
        residents,
        [
            {
                "id": n,
                "name": r[0],
                "township": r[2],
                "language": LANGUAGE,
                "birth_year": int(r[5]),
                "created_at": now,
            }
            for n, r in numbered
        ],
    )
    yield (
        addresses,
        [
            {"resident_id": n, "channel": SMS, "value": to, "lookup": to, "created_at": now}
            for n, to in ((n, f"+86{r[1]}") for n, r in numbered)
        ],
    )
    yield (
        resident_groups,
        [{"resident_id": n, "name": name} for n, r in numbered for name in r[4].split("、") if name],
    )
    said = {"at": now, "channel": "import", "source": "list"}
    yield (
        consent,
        [
            {
                "resident_id": n,
                "purpose": purpose,
                "given": r[column] == "是",
                "wording": HEADINGS[column],
                "version": version_of(HEADINGS[column]),
                **said,
            }
            for n, r in numbered
            for purpose, column in (("care", 6), ("reminders", 7))
        ],
    )


def _memory(ground: Ground, kind: str, file: Path) -> Figure:
    """The most that a process of `outreach residents import` held, read from it while it works."""
    log, before = ground.folder / "import.log", peak_mb()
    command = [
        sys.executable,
        "-c",
        "from outreach.cli import main; main()",
        "residents",
        "import",
        str(file),
    ]
    peak = 0.0
    with running(command, log, environment(ground.settings(ground.new_database(kind)))) as process:
        while process.poll() is None:
            peak = max(peak, peak_mb(process.pid))
            time.sleep(LOOK_SECONDS)
    if process.returncode:
        raise BadInput(f"the import failed: {said_last(log)}", where="bench import")
    return Figure(
        f"import memory {kind}", peak, "MB", before, "this process", MOST_MB, f"{ground.options.rows} rows",
        judged=peak > 0,
    )  # fmt: skip
