"""Starting and stopping: a bad start is one sentence that names what to mend; a good one ends when told."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from aiohttp import ClientSession
from conftest import ROOT
from terminal import Ran, Terminal
from world import ACCOUNT, NUMBER, TOKEN, free_port, until

from outreach.simulator import Simulator

SECRETS = {
    "telegram_token": "4200:a-secret-token-of-tests",
    "twilio_auth_token": "a-secret-auth-token",
    "secret_key": "a-secret-key-of-this-office",
}
TWILIO = {
    "twilio_account_sid": ACCOUNT,
    "twilio_auth_token": SECRETS["twilio_auth_token"],
    "twilio_from": NUMBER,
}
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
async def simulator() -> AsyncIterator[str]:
    running = Simulator()
    await running.start()
    yield running.url
    await running.stop()


@pytest.fixture
def terminal(tmp_path: Path, simulator: str) -> Terminal:
    """Everything as it should be; each test spoils one thing."""
    return Terminal(
        tmp_path,
        port=0,
        secret_key=SECRETS["secret_key"],
        telegram_token=SECRETS["telegram_token"],
        telegram_api_base=simulator,
        twilio_api_base=simulator,
        **TWILIO,
    )


async def refused(terminal: Terminal, *named: str, **settings: object) -> Ran:
    """The start fails with one message that names all of this, and tells no secret."""
    ran = await terminal.runs("serve", **settings)
    assert ran.code == 1, ran.said
    for words in named:
        assert words in ran.err
    assert "Traceback" not in ran.said
    assert len([line for line in ran.err.splitlines() if line.startswith("→")]) <= 1, "one message"
    for secret in (*SECRETS.values(), *(str(value) for value in settings.values() if "secret" in str(value))):
        assert secret not in ran.said
    return ran


# What is spoilt -> what the message names.
SETTINGS = {
    "no channel": (
        {"telegram_token": "", **dict.fromkeys(TWILIO, "")},
        ("OUTREACH_TELEGRAM_TOKEN", "OUTREACH_TWILIO_ACCOUNT_SID"),
    ),
    "Twilio without its token": ({"twilio_auth_token": ""}, ("OUTREACH_TWILIO_AUTH_TOKEN",)),
    "Twilio without a sender": ({"twilio_from": ""}, ("OUTREACH_TWILIO_FROM",)),
    "Twilio without its account": ({"twilio_account_sid": ""}, ("OUTREACH_TWILIO_ACCOUNT_SID",)),
    "a sender that is no number": ({"twilio_from": "15005550006"}, ("OUTREACH_TWILIO_FROM", "E.164")),
    "a revoked token": ({"telegram_token": "4200:secret-token-revoked"}, ("OUTREACH_TELEGRAM_TOKEN",)),
    "a token that is none": ({"telegram_token": "my secret token"}, ("OUTREACH_TELEGRAM_TOKEN",)),
    "no Bot API": ({"telegram_api_base": NOBODY}, ("OUTREACH_TELEGRAM_API_BASE", NOBODY)),
    "no Twilio": ({"twilio_api_base": NOBODY}, ("OUTREACH_TWILIO_API_BASE", NOBODY)),
    "a public URL that is none": ({"public_url": "care.example"}, ("OUTREACH_PUBLIC_URL", "https://")),
    "a Bot API that is none": ({"telegram_api_base": "ftp://x"}, ("OUTREACH_TELEGRAM_API_BASE",)),
    "a Twilio that is none": ({"twilio_api_base": "http://"}, ("OUTREACH_TWILIO_API_BASE",)),
    "a port in a URL that is none": ({"public_url": "http://a:b/"}, ("OUTREACH_PUBLIC_URL",)),
    "a webhook without a URL": ({"telegram_mode": "webhook"}, ("OUTREACH_PUBLIC_URL",)),
    "hours that are none": ({"quiet_hours": "9pm-8am"}, ("OUTREACH_QUIET_HOURS",)),
    "a zone that is none": ({"timezone": "Asia/Shangri-La"}, ("OUTREACH_TIMEZONE",)),
    "a rate that is none": ({"telegram_rate": "0"}, ("OUTREACH_TELEGRAM_RATE",)),
    "a port that is none": ({"port": "many"}, ("OUTREACH_PORT",)),
    "a language without texts": ({"language": "fr"}, ("OUTREACH_LANGUAGE",)),
    "no templates": ({"templates_dir": "no/such/folder"}, ("OUTREACH_TEMPLATES_DIR", "no/such/folder")),
    "no campaigns": ({"campaigns_dir": "no/such/folder"}, ("OUTREACH_CAMPAIGNS_DIR", "no/such/folder")),
    "a database that is none": ({"database_url": "mysql://root@db/x"}, ("OUTREACH_DATABASE_URL",)),
    "no database server": (
        {"database_url": "postgresql://me:secret-word@127.0.0.1:9/x"},
        ("OUTREACH_DATABASE_URL", "127.0.0.1"),
    ),
}


@pytest.mark.parametrize("case", SETTINGS)
async def test_wrong_setting_is_named(terminal: Terminal, case: str) -> None:
    settings, named = SETTINGS[case]
    ran = await refused(terminal, *named, **settings)
    assert "secret-word" not in ran.said


async def test_port_in_use_is_named(terminal: Terminal) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        await refused(terminal, "OUTREACH_PORT", str(port), port=port)


async def test_database_of_a_newer_version_is_left_alone(terminal: Terminal) -> None:
    file = terminal.folder / "outreach.db"
    assert (await terminal.runs("db", "upgrade")).code == 0
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    before = file.read_bytes()
    await refused(terminal, "OUTREACH_DATABASE_URL", "newer version", "9999")
    assert file.read_bytes() == before


async def test_folder_that_cannot_be_written_is_named(terminal: Terminal) -> None:
    """A file stands where a folder should: that stops root too."""
    (terminal.folder / "file").write_text("")
    for path in ("file/outreach.db", "file/deeper/outreach.db"):
        url = f"sqlite+aiosqlite:///{terminal.folder}/{path}"
        await refused(terminal, "OUTREACH_DATABASE_URL", database_url=url)


async def test_file_that_is_no_database_is_named(terminal: Terminal) -> None:
    (terminal.folder / "outreach.db").write_text("谁的文件？" * 1000)
    await refused(terminal, "OUTREACH_DATABASE_URL", "not a database")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
async def test_folder_of_somebody_else_is_named(terminal: Terminal) -> None:
    terminal.folder.chmod(0o500)
    await refused(terminal, "OUTREACH_DATABASE_URL")
    terminal.folder.chmod(0o700)


SPOILT = {
    "templates/care/hello.zh-Hans.txt": ("您好\n{{ nmae }}\n", ":2", "nmae"),
    "templates/replies/help.en.txt": ("one\ntwo\n{% if x %}", ":3", "help.en.txt"),
    "templates/replies/stopped.en.txt": ("{{ region.no_such_fact }}", ":1", "no_such_fact"),
    "templates/region.toml": ("sample = true\n[office_phone\n", ":2", "region.toml"),
    "templates/knowledge/folic-acid.en.md": ("no front matter", ":1", "folic-acid.en.md"),
    "campaigns/plans/prenatal.toml": ('title = {en = "x"}\nstep = 1\n', ":2", "prenatal.toml"),
    "campaigns/surveys/service.toml": ('title = {en = "x"}\ncolour = 1\n', ":2", "colour"),
}


def own_files(terminal: Terminal) -> dict[str, str]:
    """Copies to spoil, and the settings that point at them."""
    for folder in ("templates", "campaigns"):
        shutil.copytree(ROOT / folder, terminal.folder / folder)
    return {"templates_dir": "templates", "campaigns_dir": "campaigns"}


@pytest.mark.parametrize("file", SPOILT)
async def test_mistake_in_a_file_is_named_with_its_line(terminal: Terminal, file: str) -> None:
    own, (text, line, word) = own_files(terminal), SPOILT[file]
    (terminal.folder / file).write_text(text, "utf-8")
    await refused(terminal, file + line, word, **own)


async def test_mistake_in_a_campaign_is_named_before_it_can_be_launched(terminal: Terminal) -> None:
    """It does not keep the service from starting: what is under way was frozen when it was launched."""
    own = own_files(terminal)
    text = 'purpose = "care"\ntemplat = "care/hello"\n'
    (terminal.folder / "campaigns/hello.toml").write_text(text, "utf-8")
    for command in (("check",), ("campaign", "check"), ("campaign", "launch", "hello")):
        ran = await terminal.runs(*command, **own)
        assert ran.code == 1, command
        assert "campaigns/hello.toml:2" in ran.said
        assert "templat" in ran.said
        assert "Traceback" not in ran.said


async def test_missing_text_is_named(terminal: Terminal) -> None:
    shutil.copytree(ROOT / "templates", terminal.folder / "templates")
    (terminal.folder / "templates/replies/stopped.en.txt").unlink()
    await refused(terminal, "replies/stopped.en.txt", "missing", templates_dir="templates")


async def test_told_to_stop_it_ends_cleanly(terminal: Terminal) -> None:
    port = free_port()
    running = terminal.start("serve", port=port, telegram_token=TOKEN)
    async with ClientSession() as session:

        async def ready() -> bool:
            assert running.poll() is None, running.communicate()[0]
            try:
                async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    return answer.status == 200
            except OSError:
                return False

        await until(ready)
    running.terminate()
    output, _ = await asyncio.to_thread(running.communicate, timeout=10)
    assert running.returncode == 0, output
    assert "Traceback" not in output
    for secret in (TOKEN, SECRETS["twilio_auth_token"], SECRETS["secret_key"]):
        assert secret not in output
