"""Checks Bot API requests against the public specification.

`bot_api.json` is the part of it the simulator needs: for each method and each type met in its parameters,
{"field": "Type|Other"}, a required field's name ending in "!". A type it does not list is any JSON object.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SPEC = json.loads(Path(__file__).with_name("bot_api.json").read_text("utf-8"))
_TRUE = {"true", "1", "yes", "t", "y"}
_FALSE = {"false", "0", "no", "f", "n", ""}
_ARRAY = "Array of "


class Mismatch(Exception):
    """A value that is not of the type the specification asks for."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file sent in a multipart request."""

    name: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Field:
    types: tuple[str, ...]
    required: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of an object, or the parameters of a method."""

    fields: dict[str, Field]
    required: tuple[str, ...]


def _shape(listed: Mapping[str, str]) -> Shape:
    fields = {name.rstrip("!"): Field(tuple(t.split("|")), name.endswith("!")) for name, t in listed.items()}
    return Shape(fields, tuple(name for name, field in fields.items() if field.required))


METHODS: dict[str, Shape] = {name: _shape(listed) for name, listed in _SPEC["methods"].items()}
# A type that is one of several others is kept apart from those that have fields.
TYPES = {name: _shape(listed) for name, listed in _SPEC["types"].items() if isinstance(listed, dict)}
UNIONS = {name: tuple(t.split("|")) for name, t in _SPEC["types"].items() if isinstance(t, str)}


def read(raw: object, types: tuple[str, ...]) -> Any:
    """A top-level parameter, which arrives as text, an upload, or a JSON value."""
    if isinstance(raw, str):
        return _read_text(raw, types)
    return check(raw, types)


def _read_text(raw: str, types: tuple[str, ...]) -> Any:
    for kind in types:
        try:
            reader = _READERS.get(kind)
            return reader(raw) if reader is not None else check(_loads(raw), (kind,))
        except Mismatch as error:
            mismatch = error
    raise mismatch


def _read_integer(raw: str) -> int:
    try:
        return int(raw)
    except ValueError:
        raise Mismatch("must be of type Integer") from None


def _read_float(raw: str) -> float:
    try:
        return float(raw)
    except ValueError:
        raise Mismatch("must be of type Float") from None


def _read_boolean(raw: str) -> bool:
    lowered = raw.strip().lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise Mismatch("must be of type Boolean")


def _read_upload(raw: str) -> object:
    raise Mismatch("must be an uploaded file")


_READERS: dict[str, Callable[[str], object]] = {
    "String": str,
    "Integer": _read_integer,
    "Float": _read_float,
    "Boolean": _read_boolean,
    "InputFile": _read_upload,
}


def _loads(raw: str) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        raise Mismatch("object expected as JSON") from None


def check(value: Any, types: tuple[str, ...]) -> Any:
    """`value` if it is of one of the types, else Mismatch."""
    for kind in types:
        try:
            _check_one(value, kind)
            return value
        except Mismatch as error:
            mismatch = error
    raise mismatch


def _check_one(value: Any, kind: str) -> None:
    if kind.startswith(_ARRAY):
        _check_array(value, kind[len(_ARRAY) :])
    elif kind in _PYTHON:
        wanted = _PYTHON[kind]
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            raise Mismatch(f"must be of type {kind}")
    else:
        _check_object(value, kind)


_PYTHON: dict[str, type | tuple[type, ...]] = {
    "String": str,
    "Integer": int,
    "Float": (int, float),
    "Boolean": bool,
    "InputFile": Upload,
}


def _check_array(value: Any, kind: str) -> None:
    if not isinstance(value, list):
        raise Mismatch("must be of type Array")
    for item in value:
        _check_one(item, kind)


def _check_object(value: Any, kind: str) -> None:
    if not isinstance(value, dict):
        raise Mismatch(f"must be an Object ({kind})")
    if kind in UNIONS:
        check(value, UNIONS[kind])
    elif kind in TYPES:
        _check_fields(value, TYPES[kind])


def _check_fields(value: dict[str, Any], shape: Shape) -> None:
    for name in shape.required:
        if value.get(name) is None:
            raise Mismatch(f'can\'t find field "{name}"')
    for name, given in value.items():
        field = shape.fields.get(name)
        if field is not None and given is not None:
            _check_field(name, given, field)


def _check_field(name: str, given: Any, field: Field) -> None:
    try:
        check(given, field.types)
    except Mismatch as error:
        raise Mismatch(f'field "{name}" {error}') from None
