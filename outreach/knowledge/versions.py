"""The exact words of an answer: the article's file and the county's facts as they stood that day."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from outreach.knowledge.articles import Article
from outreach.region import Region


@dataclass(frozen=True, slots=True)
class Exact:
    """`facts`: what each fact of the county read in it. The same words have the same version, everywhere."""

    topic: str
    language: str
    source: str
    facts: Mapping[str, str]

    @property
    def version(self) -> str:
        said = json.dumps(dict(self.facts), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(f"{self.source}\0{said}".encode()).hexdigest()[:12]


def exact(article: Article, county: Region, today: date | None) -> Exact:
    facts = {name: county.say(name, article.language, today) for name in article.uses}
    return Exact(article.topic, article.language, article.source, facts)
