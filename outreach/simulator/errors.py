"""Refusals, as exceptions: ApiError is Telegram's, RestError is Twilio's."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    def __init__(self, status: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.retry_after = retry_after

    def as_json(self) -> dict[str, Any]:
        """{ok: false, error_code, description, parameters?: {retry_after}}"""
        shape: dict[str, Any] = {"ok": False, "error_code": self.status, "description": self.description}
        if self.retry_after is not None:
            shape["parameters"] = {"retry_after": self.retry_after}
        return shape


def bad_request(text: str) -> ApiError:
    return ApiError(400, f"Bad Request: {text}")


class RestError(Exception):
    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def as_json(self) -> dict[str, Any]:
        """{code, message, more_info, status}"""
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
