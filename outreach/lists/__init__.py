"""Lists that staff import: read as real spreadsheets are, with every bad row named and no number repeated."""

from outreach.lists.cells import AS_EMPTY, digits_of, shape, single_line, telegram_id, year
from outreach.lists.listing import Cells, Listing, open_list
from outreach.lists.phones import phone
from outreach.lists.reporting import BadRow, Rejected, Report

__all__ = [
    "AS_EMPTY",
    "BadRow",
    "Cells",
    "Listing",
    "Rejected",
    "Report",
    "digits_of",
    "open_list",
    "phone",
    "shape",
    "single_line",
    "telegram_id",
    "year",
]
