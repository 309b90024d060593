"""The signs in Chinese, dialects among them. One pattern a line; `a & b`: both, anywhere in the message."""

from outreach.knowledge.danger.chinese.harm import SELF_HARM, VIOLENCE
from outreach.knowledge.danger.chinese.illness import BIRTH, CHILD, EMERGENCY

SIGNS = {
    "self_harm": SELF_HARM,
    "violence": VIOLENCE,
    "birth": BIRTH,
    "child": CHILD,
    "emergency": EMERGENCY,
}
