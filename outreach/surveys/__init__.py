"""Satisfaction: asked kindly, understood as meant, counted honestly."""

from outreach.surveys.asking import Survey, Surveys, record, waiting
from outreach.surveys.rating import rating
from outreach.surveys.results import results, wilson
from outreach.surveys.sparing import spare

# A grade up to this is a reason for a colleague to ask what went wrong.
LOW = 2

__all__ = ["LOW", "Survey", "Surveys", "rating", "record", "results", "spare", "waiting", "wilson"]
