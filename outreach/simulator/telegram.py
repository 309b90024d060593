"""The Bot API over HTTP: /bot<TOKEN>/<method>, GET or POST.

Answers are {"ok": true, "result": ...}, or ApiError's shape with its HTTP status. Methods of Telegram's that
are not simulated are answered 404, as unknown ones are.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from outreach.simulator.bots import Bots
from outreach.simulator.errors import ApiError, bad_request
from outreach.simulator.magic import PLAIN, Cut, Script
from outreach.simulator.methods import HANDLERS, SENDING
from outreach.simulator.schema import METHODS, Mismatch, Upload, read
from outreach.simulator.wire import cut, form_fields, json_answer
from outreach.simulator.world import World

# Method names are matched without regard to case.
_NAMES = {name.lower(): name for name in HANDLERS}
_MISSING = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "photo": "there is no photo in the request",
    "document": "there is no document in the request",
    "message_id": "message identifier is not specified",
    "callback_query_id": "query ID is invalid",
    "action": "wrong parameter action in request",
}


class TelegramApi:
    def __init__(self, world: World, bots: Bots) -> None:
        self._world = world
        self._bots = bots

    async def handle(self, request: web.Request) -> web.StreamResponse:
        try:
            result = await self._answer(request)
        except ApiError as error:
            return json_answer(error.as_json(), error.status)
        except Cut:
            return cut(request)
        return json_answer({"ok": True, "result": result}, 200)

    async def _answer(self, request: web.Request) -> Any:
        bot = self._bots.get(request.match_info["token"])
        name = _NAMES.get(request.match_info["method"].lower())
        if name is None:
            raise ApiError(404, "Not Found")
        self._world.ledger.calls[name] += 1
        params = self._checked(name, await _read(request))
        if self._world.settings.latency:
            await asyncio.sleep(self._world.settings.latency)
        script = self._script(name, params)
        _refuse(script)
        result = HANDLERS[name](bot, params)
        if name == "getUpdates":
            return await result
        return await self._finish(script, result)

    def _checked(self, method: str, raw: Mapping[str, object]) -> dict[str, Any]:
        """The parameters as Python values; ApiError if one is missing or of a wrong type."""
        shape = METHODS[method]
        fields = shape.fields
        params: dict[str, Any] = {}
        for name, value in raw.items():
            if name not in fields:
                # The real service ignores it; a test may want to know.
                if not isinstance(value, Upload):
                    self._world.ledger.unknown_parameters[f"{method}.{name}"] += 1
            elif value != "" or fields[name].required:
                params[name] = _typed(name, _attached(value, raw), fields[name].types)
        for name in shape.required:
            if name not in params:
                raise bad_request(_MISSING.get(name, f"parameter {name} is required"))
        return params

    def _script(self, method: str, params: dict[str, Any]) -> Script:
        """What is scripted for the chat; only sending a message plays a failure that comes once."""
        if "chat_id" not in params or not isinstance(params.get("chat_id"), int):
            return PLAIN
        script = self._world.magic.telegram(params["chat_id"], consume=method in SENDING)
        return script if method in SENDING or script.refusal else PLAIN

    async def _finish(self, script: Script, result: Any) -> Any:
        if script.cut == "after":
            raise Cut
        if script.slow:
            await asyncio.sleep(self._world.settings.slow)
        return result


def _refuse(script: Script) -> None:
    if script.cut == "before":
        raise Cut
    if script.refusal is not None:
        raise ApiError(script.refusal.status, script.refusal.text, script.refusal.retry_after)


def _typed(name: str, value: object, types: tuple[str, ...]) -> Any:
    if value == "" and name in _MISSING:
        raise bad_request(_MISSING[name])
    try:
        typed = read(value, types)
    except Mismatch as mismatch:
        raise bad_request(f"can't parse {name}: {mismatch}") from None
    if name == "chat_id" and not isinstance(typed, int):
        raise bad_request("chat not found")
    return typed


def _attached(value: object, raw: Mapping[str, object]) -> object:
    """A file named by attach://NAME is another part of the same request."""
    if isinstance(value, str) and value.startswith("attach://"):
        return raw.get(value.removeprefix("attach://"), value)
    return value


async def _read(request: web.Request) -> dict[str, object]:
    """The parameters as they came, from the query and from a body of any of the accepted kinds."""
    raw: dict[str, object] = dict(request.query) if request.query_string else {}
    if not request.can_read_body:
        return raw
    if request.content_type == "application/json":
        return raw | _read_json(await request.read())
    if request.content_type == "multipart/form-data":
        return raw | await _read_multipart(request)
    return raw | form_fields(await request.read())


def _read_json(body: bytes) -> dict[str, object]:
    try:
        given = json.loads(body or b"{}")
    except ValueError:
        raise bad_request("can't parse JSON object") from None
    if not isinstance(given, dict):
        raise bad_request("object expected as JSON")
    return {name: value for name, value in given.items() if value is not None}


async def _read_multipart(request: web.Request) -> dict[str, object]:
    raw: dict[str, object] = {}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            raw[name] = Upload(value.filename, value.content_type, value.file.read())
        else:
            raw[name] = value.decode() if isinstance(value, (bytes, bytearray)) else value
    return raw
