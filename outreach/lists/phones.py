"""Telephone numbers as people and spreadsheets write them: brought to E.164, or refused; never guessed."""

from __future__ import annotations

import functools
import re
import unicodedata

import phonenumbers

from outreach.lists.cells import digits_of, shape
from outreach.lists.reporting import BadRow

_QUOTES = " '\"`´‘’“”＇＂＝="
_LABEL = re.compile(r"^(?:手机号码|手机号|手机|电话号码|联系电话|电话|phone|mobile|tel)\s*[:.]?\s*(?=[+(\d])")
_SEVERAL = re.compile(r"[/\\、,;|\n]|或者?|和|及|\bor\b|\band\b|(?<=\d{7})\s+(?=[+\d]{7})")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.0*)?")
# A single dot may be a decimal point, and then its digits are not all there.
_GAPS = re.compile(r"[\s\-‐‑‒–—―−_~·()\[\]【】（）]+")
_DOTTED = re.compile(r"(\+?\d{2,4})?(?:\.\d{3,4}){2,4}|\+86\.\d{11}|\d{3}\.\d{4}\.\d{4}")
_CHINESE = re.compile(r"(?:(?:\+|00|\+00|0)?86)?0?(1\d{10})", re.ASCII)
_DIGITS = re.compile(r"\+?\d+", re.ASCII)
_AMERICAN = re.compile(r"\+1\d{10}", re.ASCII)
_PLAIN = re.compile(r"1\d{10}")
_MOBILE = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
_SEE = "correct it, or remove the row"


@functools.cache
def _mobile_ranges() -> re.Pattern[str]:
    """The library's own, once: asking it for each number costs thirty times as much."""
    china = phonenumbers.PhoneMetadata.metadata_for_region("CN")
    if china is None or china.mobile is None or china.mobile.national_number_pattern is None:
        raise RuntimeError("the telephone library has no metadata for China")
    return re.compile(china.mobile.national_number_pattern)


def phone(text: str) -> str | None:
    """A mobile number as E.164, None for an empty cell; BadRow where it cannot receive SMS.

    Whatever is not plainly one number whose digits are all there is refused.
    """
    if _PLAIN.fullmatch(text) and text.isascii() and _mobile_ranges().fullmatch(text):
        return f"+86{text}"
    if not text:
        return None
    plain = unicodedata.normalize("NFKC", text).strip(_QUOTES).casefold()
    plain = _LABEL.sub("", plain).strip(_QUOTES)
    if not plain:
        return None
    return _read(_joined(_one(plain, text), text), text)


def _one(plain: str, text: str) -> str:
    if _THOUSANDS.fullmatch(plain):
        return plain.replace(",", "")
    plain = digits_of(plain, "phone")
    parts = [part for part in _SEVERAL.split(plain) if sum(sign.isdigit() for sign in part) >= 5]
    if len(parts) > 1:
        raise BadRow("phone", "there are two numbers in this cell: keep the one that takes SMS", shape(text))
    return plain.strip("/\\、,;| \n")


def _joined(plain: str, text: str) -> str:
    """Digits with at most a plus before them."""
    if "." in plain:
        if not _DOTTED.fullmatch(plain):
            raise BadRow("phone", "this is no phone number: write its digits and nothing else", shape(text))
        plain = plain.replace(".", "")
    return _GAPS.sub("", plain)


def _read(number: str, text: str) -> str:
    if found := _CHINESE.fullmatch(number):
        if _mobile_ranges().fullmatch(found[1]):
            return f"+86{found[1]}"
        raise BadRow("phone", f"no mobile number in China begins like this: {_SEE}", shape(text))
    if not _DIGITS.fullmatch(number):
        raise BadRow("phone", "this is no phone number: write its digits and nothing else", shape(text))
    if number.startswith("+") and not number.startswith("+86"):
        return _foreign(number, text)
    if number.startswith("00") and not number.startswith(("000", "0086")):
        return _foreign(f"+{number[2:]}", text)
    raise BadRow("phone", _why_not(number.lstrip("+")), shape(text))


def _foreign(number: str, text: str) -> str:
    # A number in China after a plus, with the 86 forgotten, is also one in America.
    together = _AMERICAN.fullmatch(unicodedata.normalize("NFKC", text).strip(_QUOTES))
    if together and _mobile_ranges().fullmatch(number[1:]):
        problem = "China or America? Write +86 before it, or a space after +1"
        raise BadRow("phone", problem, shape(text))
    try:
        found = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        raise BadRow("phone", f"this is no phone number: {_SEE}", shape(text)) from None
    if not phonenumbers.is_valid_number(found):
        raise BadRow("phone", f"there is no such number in that country: {_SEE}", shape(text))
    if phonenumbers.number_type(found) not in _MOBILE:
        raise BadRow("phone", "this number cannot receive SMS: give a mobile number", shape(text))
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)


def _why_not(digits: str) -> str:
    try:
        is_line = phonenumbers.is_valid_number(phonenumbers.parse(digits, "CN"))
    except phonenumbers.NumberParseException:
        is_line = False
    if is_line or len(digits) <= 6 or digits.startswith(("400", "800", "95", "96")):
        return "this number cannot receive SMS: give a mobile number"
    if len(digits) == 11 and digits.startswith("1"):
        return f"no mobile number in China begins like this: {_SEE}"
    few = "few" if len(digits) < 11 else "many"
    return f"this number has too {few} digits: {_SEE}; before one from abroad write + and the country"
