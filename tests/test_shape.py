"""The shape of the house: what stands where, and how large it may grow."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

from conftest import ROOT

TOP = {
    ".ci", ".gitignore", "ARCHITECTURE.md", "CHANGELOG.md", "LICENSE", "Makefile", "README.md",
    "bot.py", "campaigns", "outreach", "pyproject.toml", "templates", "tests", "uv.lock",
}  # fmt: skip
NAMELESS = {
    "utils",
    "helpers",
    "common",
    "base",
    "core",
    "services",
    "manager",
    "managers",
    "handlers",
    "misc",
}
ONE_ROOM = {
    "telegram": "outreach/channels",
    "twilio": "outreach/channels",
    "aiogram": "outreach/staffbot",
    "aiosqlite": "outreach/store",
    "asyncpg": "outreach/store",
    "alembic": "outreach/store",
}
MADE = {
    ".git",
    ".venv",
    "var",
    ".env",
    "__pycache__",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".import_linter_cache",
    ".hypothesis",
}
LONGEST_FILE, LONGEST_FUNCTION = 400, 60


def tracked(*patterns: str) -> list[Path]:
    """The project's own files; without git, all that is not made by running it."""
    try:
        command = ["git", "ls-files", "-co", "--exclude-standard", *patterns]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    except (OSError, subprocess.CalledProcessError):
        found = {file for pattern in patterns or ("**/*",) for file in ROOT.glob(pattern)}
        listed = [
            str(file.relative_to(ROOT)) for file in found if not MADE & set(file.relative_to(ROOT).parts)
        ]
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


def sources() -> list[Path]:
    return tracked("outreach/*.py", "outreach/**/*.py")


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_the_top_level_is_fixed() -> None:
    assert {file.relative_to(ROOT).parts[0] for file in tracked()} == TOP


def test_nothing_is_called_by_a_name_that_says_nothing() -> None:
    named = {part for file in sources() for part in (*file.relative_to(ROOT).parts[:-1], file.stem)}
    assert not named & NAMELESS


def test_each_provider_library_lives_in_one_room() -> None:
    strays = [
        (str(file.relative_to(ROOT)), name)
        for file in sources()
        for name in imported(file)
        if (room := ONE_ROOM.get(name.split(".")[0])) and not str(file.relative_to(ROOT)).startswith(room)
    ]
    assert strays == []


def test_production_code_knows_of_no_tests() -> None:
    words = ("pytest", "if testing", "unittest", "mock")
    found = [
        (file.name, word) for file in sources() for word in words if word in file.read_text("utf-8").lower()
    ]
    assert found == []


def test_files_and_functions_can_be_read_in_one_sitting() -> None:
    long = []
    for file in sources():
        if "migrations" in file.parts:
            continue
        text = file.read_text("utf-8")
        if text.count("\n") > LONGEST_FILE:
            long.append((file.name, text.count("\n")))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                long += [(f"{file.name}:{node.name}", lines)] if lines > LONGEST_FUNCTION else []
    assert long == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(file.relative_to(ROOT))
        for file in sources()
        if not ast.get_docstring(ast.parse(file.read_text("utf-8")))
    ]
    assert [name for name in silent if "migrations" not in name] == []


def test_tests_use_no_mocks_and_do_not_sleep() -> None:
    words = ("import mock", "MagicMock", "monkeypatch.setattr", "time.sleep(")
    found = [
        (file.name, word)
        for file in tracked("tests/*.py")
        for word in words
        if word in file.read_text("utf-8") and file.name != "test_shape.py"
    ]
    assert found == []


def test_a_module_and_its_test_share_a_name() -> None:
    rooms = {file.stem for file in (ROOT / "outreach").rglob("*")} | {"faults", "journeys", "shape", "setup"}
    tests = {file.stem.removeprefix("test_") for file in (ROOT / "tests").glob("test_*.py")}
    assert tests - rooms == set()
