"""Keyboards: what Telegram refuses in them, and their buttons as the ledger shows them."""

from __future__ import annotations

from typing import Any

from outreach.simulator.errors import bad_request
from outreach.simulator.schema import TYPES

Button = dict[str, Any]

_ACTIONS = TYPES["InlineKeyboardButton"].fields.keys() - {"text", "icon_custom_emoji_id", "style"}


def check_markup(markup: dict[str, Any]) -> None:
    for row in markup.get("inline_keyboard", []):
        for button in row:
            _check_inline(button)
    for row in markup.get("keyboard", []):
        for button in row:
            if not button["text"]:
                raise bad_request("keyboard button text must be non-empty")


def _check_inline(button: Button) -> None:
    if not button["text"]:
        raise bad_request("inline keyboard button text must be non-empty")
    actions = [name for name in _ACTIONS if name in button]
    if not actions:
        raise bad_request("Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad_request("exactly one optional field of an inline keyboard button must be used")
    if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= 64:
        raise bad_request("BUTTON_DATA_INVALID")


def buttons_of(markup: dict[str, Any] | None) -> list[list[Button]]:
    """[[{text, data, url?, contact?}]] of an inline or a reply keyboard; a reply button's data is None."""
    if markup is None:
        return []
    rows = markup.get("inline_keyboard") or markup.get("keyboard") or []
    return [[_button(button) for button in row] for row in rows]


def _button(button: Button) -> Button:
    shown: Button = {"text": button["text"], "data": button.get("callback_data")}
    if "url" in button:
        shown["url"] = button["url"]
    if button.get("request_contact"):
        shown["contact"] = True
    return shown
