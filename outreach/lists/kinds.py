"""What a file is, told by how it begins and never by its name."""

from __future__ import annotations

import zipfile
from pathlib import Path

from outreach.model import BadInput

AS_CSV = "save the list as CSV (UTF-8) or as an Excel workbook (.xlsx)"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS = {
    b"%PDF": "this is a PDF, no list",
    b"\x89PNG": "this is a picture: no text file and no workbook",
    b"\xff\xd8\xff": "this is a picture: no text file and no workbook",
    b"GIF8": "this is a picture: no text file and no workbook",
    b"Rar!": "this is a packed archive: unpack it first",
    b"7z\xbc\xaf": "this is a packed archive: unpack it first",
    b"\x1f\x8b": "this is a packed archive: unpack it first",
    b"{\\rtf": "this is a word processor's document, no list",
}
# Some systems call a web page .xls, and spreadsheets open it.
_PAGES = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")
_INSIDE = {
    "word/": "this is a Word document, no list",
    "ppt/": "this is a presentation, no list",
    "Index/": "this is an Apple Numbers document",
    "index.apxl": "this is an Apple Numbers document",
    "xl/workbook.bin": "this is a binary workbook (.xlsb)",
    "content.xml": "this is an OpenDocument file",
}


def is_workbook(file: Path) -> bool:
    """Whether it is an XLSX workbook; else it is taken for text. BadInput for whatever cannot be a list."""
    start = _start(file)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        _must_be_xlsx(file)
        return True
    _must_not_be_other(file, start)
    return False


def _start(file: Path) -> bytes:
    where = str(file)
    try:
        if file.is_dir():
            raise BadInput("this is a folder", where=where, fix="name the list in it")
        if not file.exists():
            raise BadInput("there is no such file", where=where, fix="check the name and the folder")
        if not file.is_file():
            raise BadInput("this is no ordinary file", where=where, fix=AS_CSV)
        with file.open("rb") as raw:
            start = raw.read(1024)
    except OSError as error:
        fix = "make sure that you may read it and that no other program holds it"
        raise BadInput(f"cannot be read: {error.strerror}", where=where, fix=fix) from None
    if not start:
        raise BadInput("the file is empty: no headings, no rows", where=where, fix="save the list again")
    return start


def _must_not_be_other(file: Path, start: bytes) -> None:
    for beginning, problem in _OTHERS.items():
        if start.startswith(beginning):
            raise BadInput(problem, where=str(file), fix=AS_CSV)
    if start.startswith(_OLD_EXCEL):
        raise _old_excel(file)
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGES):
        fix = f"open it in a spreadsheet, then {AS_CSV}"
        raise BadInput("this is a web page, whatever its name says", where=str(file), fix=fix)


def _old_excel(file: Path) -> BadInput:
    """A protected new workbook is wrapped in the old format."""
    with file.open("rb") as raw:
        protected = "EncryptedPackage".encode("utf-16-le") in raw.read(4_000_000)
    if protected:
        fix = "take the password off and save it again"
        return BadInput("this workbook is protected with a password", where=str(file), fix=fix)
    return BadInput("this is an old Excel workbook (.xls)", where=str(file), fix=f"open it and {AS_CSV}")


def _must_be_xlsx(file: Path) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            locked = any(member.flag_bits & 1 for member in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        fix = "open it in a spreadsheet and save it again, or get it once more"
        raise BadInput("this workbook is damaged: no text file either", where=str(file), fix=fix) from None
    if locked:
        raise BadInput("it is protected with a password", where=str(file), fix="take the password off")
    if "xl/workbook.xml" in names:
        return
    for name, problem in _INSIDE.items():
        if any(entry.startswith(name) for entry in names):
            raise BadInput(problem, where=str(file), fix=f"open it and {AS_CSV}")
    raise BadInput("this is a packed archive: no text file and no workbook", where=str(file), fix=AS_CSV)
