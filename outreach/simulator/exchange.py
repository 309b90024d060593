"""JSON requests and answers of the control API and the phones; an error is {"error": text}."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from outreach.simulator.courier import is_loopback_host
from outreach.simulator.errors import ApiError
from outreach.simulator.residents import Impossible

Json = dict[str, Any]
Answer = Callable[[web.Request], Awaitable[Any]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Unclear(Exception):
    """A request that makes no sense."""


def answering(handler: Answer) -> Handler:
    """A route for this machine only, answering what `handler` returns as JSON."""
    answer = answering_anyone(handler)

    async def route(request: web.Request) -> web.StreamResponse:
        if not is_loopback_host(request.remote or ""):
            return web.json_response({"error": "only from this machine"}, status=403)
        return await answer(request)

    return route


def answering_anyone(handler: Answer) -> Handler:
    """A route answering what `handler` returns as JSON, and its errors in one shape."""

    async def route(request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response(await handler(request))
        except Unclear as error:
            return web.json_response({"error": str(error)}, status=400)
        except (Impossible, ApiError) as error:
            return web.json_response({"error": str(error)}, status=404)

    return route


def read_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise Unclear("JSON is expected") from None


def read_object(body: bytes) -> Json:
    return as_object(read_json(body))


def as_object(given: Any) -> Json:
    if not isinstance(given, dict):
        raise Unclear("a JSON object is expected")
    return given


def read_text(given: Json, name: str, *, optional: bool = False) -> Any:
    value = given.get(name)
    if (value is None and optional) or isinstance(value, str):
        return value
    raise Unclear(f"{name} must be text")


def read_integer(given: Json, name: str) -> int:
    value = given.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise Unclear(f"{name} must be an integer")
