"""Names, numbers and words are sealed in the database, and found again by keyed hashes.

XChaCha20-Poly1305 with a random nonce; the column is authenticated with each value, so that none can be
moved to another. A hash is BLAKE2b with a key of its own, derived from the same secret. Keys lie in the file
that the settings name, or else in the table `keys`: then a copy of the database is no safer than its reader.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt as decrypt
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt as encrypt
from nacl.exceptions import CryptoError
from sqlalchemy import Connection, String, Text, TypeDecorator, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.operators import OperatorType, is_, is_not

from outreach.model import BadInput

SETTING = "OUTREACH_KEY_FILE"
# What begins like that is sealed; what does not was written before there were keys.
MARK = "~"
_ID_BYTES, _NONCE_BYTES, _SECRET_BYTES = 4, 24, 32


class _Key(NamedTuple):
    name: str
    data: bytes
    lookup: bytes


def _key(secret: bytes) -> _Key:
    """A secret's two keys, and the name by which what it sealed says so."""

    def derived(use: bytes, size: int) -> bytes:
        return blake2b(secret, digest_size=size, person=use).digest()

    return _Key(derived(b"name", _ID_BYTES).hex(), derived(b"data", 32), derived(b"lookup", 32))


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A row of the table `keys`. `secret`: base64, or None where it lies in the key file."""

    name: str
    secret: str | None
    current: bool


class Seals:
    """The keys of one database. Seals with the current one, opens with whichever it was.

    `file`: where secrets lie, if not in the database itself.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = file
        self._keys: dict[str, _Key] = {}
        self._current: _Key | None = None

    def take(self, rows: Iterable[KeyRow]) -> None:
        """Learns the keys. Raises BadInput where the current one is not at hand."""
        kept = _read(self.file) if self.file else {}
        for row in rows:
            secret = base64.b64decode(row.secret) if row.secret else kept.get(row.name)
            if secret:
                self._keys[row.name] = _key(secret)
            if row.current:
                self._current = self._keys.get(row.name) or self._missing(row.name)

    def _missing(self, name: str) -> Any:
        where = f"{self.file} does not hold it" if self.file else "no key file is named in the settings"
        raise BadInput(
            f"the key {name} of this database is not at hand: {where}",
            where=SETTING,
            fix="put the key file back that belongs to this database; without it nobody can read the names",
        )

    @property
    def current(self) -> str | None:
        """The name of the key that seals."""
        return self._current.name if self._current else None

    def _now(self) -> _Key:
        if self._current is None:
            raise BadInput("the database has no key yet", where="database", fix="run `outreach db upgrade`")
        return self._current

    def seal(self, plain: str, place: str) -> str:
        """`place`: the column, as table.column."""
        key, nonce = self._now(), os.urandom(_NONCE_BYTES)
        # Half of a surrogate pair is kept as it came.
        sealed = encrypt(plain.encode("utf-8", "surrogatepass"), place.encode(), nonce, key.data)
        return MARK + base64.b64encode(bytes.fromhex(key.name) + nonce + sealed).decode()

    def open(self, sealed: str, place: str) -> str:
        """Raises BadInput where it was changed, belongs elsewhere, or its key is not at hand."""
        if not sealed.startswith(MARK):
            return sealed
        try:
            raw = base64.b64decode(sealed[1:], validate=True)
            name, nonce = raw[:_ID_BYTES].hex(), raw[_ID_BYTES : _ID_BYTES + _NONCE_BYTES]
            key = self._keys.get(name) or self._missing(name)
            opened: bytes = decrypt(raw[_ID_BYTES + _NONCE_BYTES :], place.encode(), nonce, key.data)
            return opened.decode("utf-8", "surrogatepass")
        except (CryptoError, ValueError, TypeError):
            raise BadInput(
                "a sealed value was changed from outside",
                where=place,
                fix="restore the last backup; `outreach db verify` says whether anything else is wrong",
            ) from None

    def lookup(self, plain: str) -> str:
        """The hash by which a sealed value is found again."""
        return _hashed(plain, self._now().lookup)

    def lookups(self, plain: str) -> list[str]:
        """The same with every key there ever was: what was erased cannot be hashed anew."""
        return [_hashed(plain, key.lookup) for key in self._keys.values()]

    def add(self, connection: Connection, now: datetime) -> str:
        """Makes a new key, keeps it, and makes it the current one; returns its name."""
        secret = secrets.token_bytes(_SECRET_BYTES)
        name, packed = _key(secret).name, base64.b64encode(secret).decode()
        if self.file:
            _append(self.file, f"{name} {packed}")
        connection.execute(text("UPDATE keys SET current = false"))
        row = {"name": name, "secret": None if self.file else packed, "now": _plain_time(connection, now)}
        connection.execute(
            text("INSERT INTO keys (name, secret, current, made_at) VALUES (:name, :secret, true, :now)"), row
        )
        self.load(connection)
        return name

    def load(self, connection: Connection) -> None:
        rows = connection.execute(text("SELECT name, secret, current FROM keys"))
        self.take(KeyRow(name, secret, bool(current)) for name, secret, current in rows)


def seals_of(connection: AsyncConnection) -> Seals:
    """What this connection's sealed columns are opened with, for statements that are plain text."""
    found: Seals = connection.dialect.seals  # type: ignore[attr-defined]
    return found


def _plain_time(connection: Connection, now: datetime) -> Any:
    return now.replace(tzinfo=None).isoformat(" ") if connection.dialect.name == "sqlite" else now


def _hashed(plain: str, key: bytes) -> str:
    digest = blake2b(plain.encode("utf-8", "surrogatepass"), key=key, digest_size=16).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


# -- the key file: a line a key, its name and its secret

_ABOUT = "# Whoever has this and the database reads every name and number. Keep it apart from the backups.\n"


def _read(file: Path) -> dict[str, bytes]:
    try:
        lines = file.read_text("ascii").splitlines() if file.exists() else []
        pairs = [line.split() for line in lines if line.strip() and not line.startswith("#")]
        return {name: base64.b64decode(secret, validate=True) for name, secret in pairs}
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}", where=SETTING) from None
    except ValueError:
        fix = "put the right file back: a line a key, its name and its secret"
        raise BadInput(f"{file} is no key file", where=SETTING, fix=fix) from None


def _append(file: Path, line: str) -> None:
    """Whole or not at all, and for nobody else to read. Raises BadInput where it is no key file."""
    known = _read(file)
    before = file.read_text("ascii").rstrip("\n") + "\n" if known else _ABOUT
    beside = file.with_name(f"{file.name}.{os.getpid()}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(
            os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii"
        ) as new:
            new.write(f"{before}{line}\n")
            new.flush()
            os.fsync(new.fileno())
        beside.replace(file)
    except OSError as error:
        raise BadInput(f"{file} cannot be written: {error.strerror}", where=SETTING) from None


# -- columns


class _Closed(TypeDecorator.Comparator[str]):
    """A sealed value is another one each time: comparing it in SQL would never find anything."""

    def operate(self, op: OperatorType, *other: Any, **more: Any) -> Any:
        if op in (is_, is_not):
            return super().operate(op, *other, **more)
        raise TypeError("a sealed column cannot be compared: compare its look-up")


class Sealed(TypeDecorator[str]):
    """Text that nobody reads without the key. `place`: this column, as table.column."""

    impl = Text
    cache_ok = True
    comparator_factory = _Closed

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else dialect.seals.seal(value, self.place)

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else dialect.seals.open(value, self.place)


class SealedJSON(Sealed):
    """The same for a document."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return None if value is None else super().process_bind_param(json.dumps(value), dialect)

    def process_result_value(self, value: str | None, dialect: Any) -> Any:
        opened = super().process_result_value(value, dialect)
        return None if opened is None else json.loads(opened)


class Lookup(TypeDecorator[str]):
    """The keyed hash of a sealed value: written and compared with the plain one."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else dialect.seals.lookup(value)

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:
        return value


@dataclass(frozen=True, slots=True)
class LooksUp:
    """A look-up's default: whatever is written into the sealed column beside it."""

    column: str

    def __call__(self, context: Any) -> Any:
        return context.get_current_parameters()[self.column]
