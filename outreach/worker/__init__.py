"""The clock's door: the scheduler queues what is due, the crew carries it to the channels, lane by lane."""

from outreach.worker.crew import Crew
from outreach.worker.looking import Finder
from outreach.worker.nightly import Nightly
from outreach.worker.pace import Pace
from outreach.worker.planning import Planned, Planner, keep_planning
from outreach.worker.sending import Sender
from outreach.worker.tally import Tally

__all__ = ["Crew", "Finder", "Nightly", "Pace", "Planned", "Planner", "Sender", "Tally", "keep_planning"]
