"""Photos and documents, as the Message objects that carry them."""

from __future__ import annotations

from typing import Any, Literal

from outreach.simulator.bots import Bot
from outreach.simulator.errors import bad_request
from outreach.simulator.schema import Upload

_PNG = b"\x89PNG\r\n\x1a\n"
_PICTURES = {_PNG: "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"RIFF": "image/webp"}


def media(bot: Bot, kind: Literal["photo", "document"], given: Upload | str) -> dict[str, Any]:
    """{"photo": [PhotoSize]} or {"document": Document}, for an upload or the id of an earlier one."""
    upload = given if isinstance(given, Upload) else _earlier(bot, given)
    if not upload.data:
        raise bad_request("file must be non-empty")
    if kind == "photo" and picture_type(upload.data) is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    file_id, unique_id = bot.add_file(upload)
    common = {"file_id": file_id, "file_unique_id": unique_id, "file_size": len(upload.data)}
    if kind == "document":
        return {"document": common | {"file_name": upload.name, "mime_type": upload.content_type}}
    width, height = _size(upload.data)
    return {"photo": [common | {"width": width, "height": height}]}


def picture_type(data: bytes) -> str | None:
    """The content type of a picture, by how it begins; what the sender called it proves nothing."""
    return next((kind for start, kind in _PICTURES.items() if data.startswith(start)), None)


def _earlier(bot: Bot, given: str) -> Upload:
    if given.startswith(("http://", "https://")):
        # The real service would fetch it; the simulator makes no such requests.
        raise bad_request("failed to get HTTP URL content")
    upload = bot.files.get(given)
    if upload is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    return upload


def _size(data: bytes) -> tuple[int, int]:
    """The size a PNG states; a usual one for other formats, which nothing here depends on."""
    if data.startswith(_PNG) and len(data) >= 24:
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    return 1280, 960
