"""Text and its entities: HTML parse mode, and the bot commands Telegram finds by itself.

Entity offsets and lengths count UTF-16 code units. Of the parse modes only HTML is simulated.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from outreach.simulator.errors import bad_request

Entity = dict[str, Any]

_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "blockquote": "blockquote",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
}
_COMMAND = re.compile(r"(?<![\w/])/[A-Za-z0-9_]{1,32}(?:@[A-Za-z0-9_]+)?")


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def command_entities(text: str) -> list[Entity]:
    """The bot_command entities of what a person typed."""
    if "/" not in text:
        return []
    return [
        {"type": "bot_command", "offset": utf16_length(text[: m.start()]), "length": utf16_length(m.group())}
        for m in _COMMAND.finditer(text)
    ]


def parse(text: str, mode: str | None) -> tuple[str, list[Entity]]:
    """The plain text and its entities."""
    if not mode:
        return text, []
    if mode.lower() != "html":
        raise bad_request(f"unsupported parse_mode {mode} (the simulator knows HTML only)")
    parser = _Html()
    parser.feed(text)
    parser.close()
    return parser.finish()


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._text: list[str] = []
        self._length = 0
        self._open: list[tuple[str, Entity]] = []
        self._entities: list[Entity] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            raise bad_request(f'can\'t parse entities: Unsupported start tag "{tag}"')
        entity: Entity = {"type": _TAGS[tag], "offset": self._length}
        if tag == "a":
            entity["url"] = dict(attrs).get("href") or ""
        self._open.append((tag, entity))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1][0] != tag:
            raise bad_request(f'can\'t parse entities: Unexpected end tag "{tag}"')
        _, entity = self._open.pop()
        entity["length"] = self._length - entity["offset"]
        if entity["length"]:
            self._entities.append(entity)

    def handle_data(self, data: str) -> None:
        self._text.append(data)
        self._length += utf16_length(data)

    def finish(self) -> tuple[str, list[Entity]]:
        if self._open:
            raise bad_request(f"can't parse entities: Can't find end tag for \"{self._open[-1][0]}\"")
        return "".join(self._text), sorted(self._entities, key=lambda e: (e["offset"], -e["length"]))
