"""Makes the virtual environment from uv.lock, on a machine that has Python 3.11 and nothing else.

Uses the uv on the PATH; where there is none, fetches the one uv.lock names, checks its hash, and runs that.
Needs no pip, no venv package and no compiler.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import shutil
import ssl
import stat
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ATTEMPTS = 3


def main() -> None:
    venv = ROOT / (sys.argv[1] if len(sys.argv) > 1 else ".venv")
    if sys.version_info < (3, 11):
        sys.exit(f"Python 3.11 or later is needed; this is {platform.python_version()}: set PYTHON=…")
    say("setting up (once)…")
    uv = shutil.which("uv") or locked_uv(ROOT / "var" / "uv")
    environment = os.environ | {"UV_PROJECT_ENVIRONMENT": str(venv), "UV_PYTHON_DOWNLOADS": "never"}
    command = [uv, "sync", "--frozen", "--quiet", "--python", sys.executable]
    if not postgres_here():
        command += ["--group", "postgres"]
    if subprocess.run(command, cwd=ROOT, env=environment).returncode:
        sys.exit("setting up failed: see the lines above, then run `make setup` again")
    say("ready")


def postgres_here() -> bool:
    """Whether the tests find a PostgreSQL of the machine's own."""
    return bool(shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb")))


def locked_uv(folder: Path) -> str:
    """The uv of uv.lock, unpacked into `folder`."""
    wheel = locked_wheel()
    program = folder / wheel["hash"].split(":")[1][:16] / "uv"
    if not program.exists():
        say(f"fetching uv ({wheel['size'] // 1_000_000} MB)…")
        data = fetch(wheel["url"])
        if f"sha256:{hashlib.sha256(data).hexdigest()}" != wheel["hash"]:
            sys.exit(
                "the uv that was fetched is not the one uv.lock names: try again, or install uv yourself"
            )
        unpack(data, program)
    return str(program)


def locked_wheel() -> dict:
    lock = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
    package = next(package for package in lock["package"] if package["name"] == "uv")
    for wheel in package["wheels"]:
        if fits(wheel["url"].rsplit("/", 1)[1]):
            return wheel
    sys.exit("uv.lock has no uv for this machine: install uv, then run make again")


def fits(name: str) -> bool:
    machine = platform.machine().lower().replace("amd64", "x86_64").replace("arm64", "aarch64")
    if sys.platform == "darwin":
        return "macosx" in name and machine.replace("aarch64", "arm64") in name
    libc = "musllinux" if platform.libc_ver()[0] == "" else "manylinux"
    return sys.platform == "linux" and libc in name and machine in name


def fetch(url: str) -> bytes:
    """What stands at `url`.

    A bare machine may have no certificates to check the server's name with. The caller checks what arrives
    against the hash in uv.lock, so that is no reason to stop.
    """
    context = ssl.create_default_context()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with urllib.request.urlopen(url, timeout=60, context=context) as answer:
                return answer.read()
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            if isinstance(getattr(error, "reason", None), ssl.SSLCertVerificationError):
                context = ssl._create_unverified_context()
            if attempt == ATTEMPTS:
                sys.exit(f"{url} cannot be fetched ({error}): see to the network, or install uv yourself")
            say(f"no answer ({error}); once more…")
    raise AssertionError


def unpack(wheel: bytes, program: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(wheel)) as files:
        inside = next(name for name in files.namelist() if name.endswith(".data/scripts/uv"))
        content = files.read(inside)
    program.parent.mkdir(parents=True, exist_ok=True)
    partial = program.with_suffix(f".{os.getpid()}")
    partial.write_bytes(content)
    partial.chmod(partial.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    partial.rename(program)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
