"""The row that names the columns: found under titles, in either language, however it is decorated."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from outreach.lists.cells import tidy
from outreach.model import BadInput

# So many rows may stand above the headings.
_ABOVE = 30
_HINT = re.compile(r"[(\[【〔<《「{](.*?)[)\]】〕>》」}]")
_REQUIRED = re.compile(r"(必填项?|选填项?|必须|required|optional)$")
_NUMBERED = re.compile(r"^[\d\W_]+")
# Somebody else's name or number, whatever else the heading says.
_ANOTHER = re.compile(
    "监护人|家长|父|母|配偶|丈夫|妻|爱人|子女|亲属|家属|紧急|备用|单位|办公|座机|固话|固定|宅电|传真|干部|医生|网格员"
    "|经办|guardian|parent|mother|father|spouse|emergency|kin|office|landline|fax|doctor|staff"
)


@dataclass(frozen=True, slots=True)
class Head:
    """`columns`: our field to its columns from 0, the best first; `words`: our field to its heading."""

    row: int
    columns: Mapping[str, Sequence[int]]
    words: Mapping[str, str]
    width: int

    def has(self, needed: str) -> bool:
        return not self.missing(needed)

    def missing(self, needed: str) -> list[str]:
        return [one for one in needed.split() if not set(one.split("|")) & set(self.columns)]

    @property
    def is_chinese(self) -> bool:
        return any(not word.isascii() for word in self.words.values())


class Vocabulary:
    """`headings`: our field to the words its heading may be, joined by |, the plainest first.

    `needed`: fields; those joined by | are alternatives, as in "name phone|telegram_id".
    """

    def __init__(self, headings: Mapping[str, str], needed: str) -> None:
        self.headings, self.needed = headings, needed
        self._known = {
            _plain(word): (name, rank)
            for name, words in headings.items()
            for rank, word in enumerate(words.split("|"))
        }

    def find(self, records: Iterable[Sequence[Any]]) -> Head | None:
        """The first row that has what is needed; else the one that has most; None where no row has any."""
        best: Head | None = None
        looked_at = 0
        for number, record in enumerate(records, start=1):
            if not any(tidy(cell) for cell in record):
                continue
            head = self._head(number, record)
            if head.has(self.needed):
                return head
            if head.columns and (best is None or len(head.columns) > len(best.columns)):
                best = head
            looked_at += 1
            if looked_at >= _ABOVE:
                break
        return best

    def _head(self, number: int, record: Sequence[Any]) -> Head:
        found: dict[str, list[tuple[int, int]]] = {}
        for column, cell in enumerate(record):
            if known := self._known_as(tidy(cell)):
                name, rank = known
                found.setdefault(name, []).append((rank, column))
        columns = {name: [column for _, column in sorted(ranked)] for name, ranked in found.items()}
        words = {name: " ".join(tidy(record[all_[0]]).split()) for name, all_ in columns.items()}
        used = [column for all_ in columns.values() for column in all_]
        return Head(number, columns, words, max(used, default=0) + 1)

    def _known_as(self, heading: str) -> tuple[str, int] | None:
        """Our field and how plainly the heading says so."""
        if not heading or len(heading) > 60:
            return None
        text = unicodedata.normalize("NFKC", heading).casefold()
        bare = _HINT.sub("", text)
        hints = " ".join(_HINT.findall(text))
        for form in (text, *(() if _ANOTHER.search(hints) else (bare,))):
            if known := self._known.get(_plain(form)):
                return known
        if _ANOTHER.search(text):
            return None
        return self._in_two_languages(bare)

    def _in_two_languages(self, text: str) -> tuple[str, int] | None:
        """As in 姓名/Name or 手机号码 Phone: every part must say the same."""
        parts = [part for part in re.split(r"[/|\n]|(?<=[^\x00-\x7f])\s*(?=[a-z])", text) if _plain(part)]
        found = [self._known.get(_plain(part)) for part in parts]
        names = {known[0] if known else "" for known in found}
        return found[0] if len(names) == 1 else None

    def refusal(self, head: Head | None, where: str) -> BadInput:
        """What to say of a list without the headings it needs; never its cells, they may be people."""
        missing = head.missing(self.needed) if head else self.needed.split()
        wanted = ", ".join(
            " or ".join(self._example(name) for name in alternatives.split("|")) for alternatives in missing
        )
        if head is None:
            return BadInput(
                f"no headings were found in its first {_ABOVE} rows; needed: {wanted}",
                where=f"{where}: headings",
                fix="name the columns in the row above the people",
            )
        known = ", ".join(head.words.values())
        return BadInput(
            f"the heading {wanted} is missing; of the headings in row {head.row} these are known: {known}",
            where=f"{where}, row {head.row}: headings",
            fix="name the column, or add it",
        )

    def _example(self, name: str) -> str:
        words = self.headings[name].split("|")
        english = [word for word in words if word.isascii()][:1]
        return "/".join([*[word for word in words if not word.isascii()][:1], *english])


def _plain(heading: str) -> str:
    """Letters and digits alone, without a number before, 是否 before, or "required" after."""
    text = unicodedata.normalize("NFKC", heading).casefold()
    text = re.sub(r"[\W_]+", "", _NUMBERED.sub("", text))
    return _REQUIRED.sub("", text).removeprefix("是否")
