"""Whether somebody asks for a guide in plain words: "帮我算算育儿补贴能领多少"."""

from __future__ import annotations

import re
from collections.abc import Iterable

from outreach.folding import fold

LONGEST = 40
_WORK_OUT = re.compile(
    "(?:帮我|给我|帮忙|替我|麻烦|请|我想|我要|想|再|重新)*(?:算|测)(?:一?下|一算|算|一测|测|个)?"
    "|(?:我|我家|我们|我们家|俺|俺家|娃|孩子|宝宝|我妈|我爸|我娘|老人)(?:现在|今年)?(?:能不能|能|可不可以|可以|够不够|符不符合|有没有资格)"
    r"|\b(?:work out|calculate|estimate|check|figure out)\b|\bcan (?:i|we|my \w+) (?:get|claim|have)\b"
    r"|\b(?:am i|are we|is my \w+) (?:eligible|entitled)\b|\bdo (?:i|we) qualify\b"
)
# "怎么算工龄" asks how something is counted, "打算" is a plan.
_NOT = re.compile("打算|预算|结算|怎么算|咋算|算不算|算是|什么时候|在哪|怎么|多久|how to|where|when")


def started(text: str, names: Iterable[tuple[str, str]]) -> str | None:
    """The guide that is asked for. `names`: what one is called, and which it is; the longest found counts."""
    said = fold(text)
    if len(said) > LONGEST or _NOT.search(said) or not _WORK_OUT.search(said):
        return None
    found = [(len(name), guide) for name, guide in names if fold(name) in said]
    return max(found)[1] if found else None
