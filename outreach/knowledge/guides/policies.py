"""Which arithmetic belongs to which guide."""

from __future__ import annotations

from collections.abc import Mapping

from outreach.knowledge.guides import (
    child_visit_due,
    childcare_subsidy,
    hpv_vaccine_free,
    infant_care_tax_deduction,
    maternity_leave_base,
    prenatal_visit_due,
    rural_reward,
    special_assistance,
    two_cancer_screening,
)
from outreach.knowledge.guides.policy import Policy

POLICIES: Mapping[str, Policy] = {
    module.__name__.rpartition(".")[2]: module.POLICY
    for module in (
        childcare_subsidy,
        infant_care_tax_deduction,
        rural_reward,
        special_assistance,
        hpv_vaccine_free,
        two_cancer_screening,
        maternity_leave_base,
        prenatal_visit_due,
        child_visit_due,
    )
}
