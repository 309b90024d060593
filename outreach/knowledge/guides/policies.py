"""Which arithmetic belongs to which guide."""

from __future__ import annotations

from collections.abc import Mapping

from outreach.knowledge.guides import childcare_subsidy
from outreach.knowledge.guides.policy import Policy

POLICIES: Mapping[str, Policy] = {
    "childcare_subsidy": childcare_subsidy.POLICY,
}
