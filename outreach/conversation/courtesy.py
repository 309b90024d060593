"""Words that need no answer."""

from __future__ import annotations

from outreach.folding import fold

_COURTESY = {
    fold(word)
    for word in (
        "谢谢|谢谢您|谢谢你|多谢|好的|好|嗯|嗯嗯|收到|知道了|明白了|哦|行|thanks|thank you|thx|ok|okay|got it"
        "|好的谢谢|好的，谢谢|收到谢谢|收到，谢谢|知道了谢谢|是|是的|对|对的|不|不用|不要"
        "|不用了|不用谢|没有|yes|no|no thanks"
    ).split("|")
}


def is_courtesy(text: str) -> bool:
    return fold(text) in _COURTESY
