"""Everything that is read from files: what is said, to whom, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from outreach import knowledge
from outreach.campaigns import Campaigns
from outreach.conversation.schemes import Schemes
from outreach.knowledge import Knowledge, LiveKnowledge
from outreach.model import SMS, TELEGRAM, BadInput, ChannelName, Problem
from outreach.reminders import Reminders
from outreach.settings import Settings
from outreach.surveys import Surveys
from outreach.templates import Templates


@dataclass(frozen=True)
class Content:
    """Everything that is read from files: what is said, to whom, and when."""

    templates: Templates
    knowledge: Knowledge
    surveys: Surveys
    reminders: Reminders
    campaigns: Campaigns

    @classmethod
    def load(cls, settings: Settings) -> Content:
        """Raises BadInput for a file that cannot be used at all; `problems` holds the rest."""
        for name, folder in (
            ("OUTREACH_TEMPLATES_DIR", settings.templates_dir),
            ("OUTREACH_CAMPAIGNS_DIR", settings.campaigns_dir),
        ):
            if not folder.is_dir():
                fix = "run from the project's folder, or set it"
                raise BadInput(f"there is no folder {folder}", where=name, fix=fix)
        templates = Templates(settings.templates_dir)
        # Read here too, so that a mistake in it is named before a resident asks.
        Schemes.load(settings.templates_dir)
        surveys = Surveys(settings.campaigns_dir / "surveys", templates)
        return cls(
            templates,
            LiveKnowledge(settings.templates_dir / "knowledge", templates),
            surveys,
            Reminders(settings.campaigns_dir / "plans", templates, settings.zone),
            Campaigns(
                settings.campaigns_dir,
                templates,
                surveys.names(),
                rates(settings),
                approval_above=settings.approval_above,
            ),
        )

    @property
    def problems(self) -> list[Problem]:
        return [*self.templates.problems, *self.knowledge.problems]

    def cautions(self, today: date) -> list[Problem]:
        """What somebody should mend, and what keeps nothing from being sent."""
        found = knowledge.check(self.templates.folder / "knowledge", self.templates, today)
        known = set(self.problems)
        county = knowledge.county(self.templates, self.knowledge.articles(), today)
        return [problem for problem in (*found, *county) if problem not in known]

    def must_be_sound(self) -> Content:
        """Nothing is sent from texts with a mistake in them."""
        for problem in self.problems:
            raise problem.raised()
        return self


def rates(settings: Settings) -> dict[ChannelName, float]:
    """Messages a second and channel."""
    return {TELEGRAM: settings.telegram_rate, SMS: settings.twilio_rate * max(1, len(settings.senders))}
