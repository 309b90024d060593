"""Files that staff write: read with every mistake named by file and line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from outreach.model import BadInput, Problem

Shape = TypeVar("Shape", bound=BaseModel)


def read_text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot be read: {error}", where=str(file), fix="save it as UTF-8") from None


def read_toml(file: Path) -> dict[str, Any]:
    """A TOML file's contents, or BadInput with file and line."""
    if not file.exists():
        raise BadInput(
            "there is no such file", where=str(file), fix="add it, or correct the folder's setting"
        )
    try:
        return tomllib.loads(read_text(file))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+)", str(error))
        ended = "end of document" in str(error)
        line = found.group(1) if found else str(read_text(file).count("\n")) if ended else "1"
        problem = re.sub(r" \(at .*\)$", "", str(error))
        raise BadInput(problem, where=f"{file}:{line}", fix="correct the TOML") from None


def line_of(file: Path, *path: str | int) -> int:
    """The line where a key stands in a TOML file; 1 where it is not written there.

    A number after a key means that so many tables of this name come before: ("steps", 1, "at").
    """
    lines = file.read_text("utf-8").splitlines()
    found, after = 1, 0
    for place, key in enumerate(path):
        if isinstance(key, int):
            continue
        ahead = path[place + 1] if place + 1 < len(path) else 0
        for _ in range(1 + (ahead if isinstance(ahead, int) else 0)):
            number = _next_line(lines, key, after)
            if number is None:
                break
            found = after = number
    return found


def _next_line(lines: list[str], key: str, after: int) -> int | None:
    """The first line from `after` on, itself included at the start, where the key is written."""
    pattern = re.compile(rf"^\s*(\[+\s*)?(\w+\.)*[\"']?{re.escape(key)}[\"']?\s*([=\].]|$)")
    return next((n + 1 for n in range(after, len(lines)) if pattern.match(lines[n])), None)


def parse(file: Path, shape: type[Shape]) -> Shape:
    """The file as `shape`, or BadInput for its first mistake."""
    data = read_toml(file)
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        raise _problems(file, error)[0].raised() from None


def _problems(file: Path, error: ValidationError) -> list[Problem]:
    found = []
    # A misspelt key is also a missing one: the spelling is what the writer can see.
    for mistake in sorted(error.errors(), key=lambda one: one["type"] != "extra_forbidden"):
        path = mistake["loc"]
        key = ".".join(map(str, mistake["loc"]))
        unknown = mistake["type"] == "extra_forbidden"
        problem = (
            f"unknown key {key!r}" if unknown else f"{key}: {mistake['msg'].removeprefix('Value error, ')}"
        )
        fix = "remove it, or correct its spelling" if unknown else "correct the value"
        found.append(Problem(str(file), line_of(file, *path), key, problem, fix))
    return found


def named(folder: Path, name: str, what: str) -> Path:
    """The file `folder/name.toml`, or BadInput that lists the names there are."""
    file = folder / f"{name}.toml"
    if not re.fullmatch(r"[\w-]+", name) or not file.is_file():
        known = ", ".join(sorted(found.stem for found in folder.glob("*.toml"))) or "none"
        raise BadInput(f"there is no {what} of this name", where=name, fix=f"known in {folder}: {known}")
    return file
