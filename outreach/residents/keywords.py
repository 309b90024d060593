"""The words that stop, start and explain: the whole message, however it is typed, and never a part of one."""

from __future__ import annotations

from enum import StrEnum

from outreach.folding import fold


class Keyword(StrEnum):
    STOP = "stop"
    START = "start"
    HELP = "help"


_WORDS = {
    Keyword.STOP: """
        stop|stopall|stop all|unsubscribe|cancel|end|quit|revoke|optout|opt out|opt-out|td|t|n|r|推订|退定
        |退订|退訂|拒收|取消订阅|取消訂閱|取消|不要再发了|不要再發了|不要再发|别再发了|别再发|别发了|不要发了
        |停止|停止发送|停止订阅|我要退订|请退订|退订短信|不再接收|停发
        |please stop|stop please|stop sending|remove me
    """,
    Keyword.START: """
        start|unstop|subscribe|订阅|訂閱|恢复订阅|恢復訂閱|恢复|重新订阅|同意接收|我同意接收|开始|i agree
    """,
    Keyword.HELP: "help|info|帮助|幫助|菜单|怎么用|/help",
}
_KNOWN = {fold(word): keyword for keyword, words in _WORDS.items() for word in words.split("|")}


def keyword(text: str) -> Keyword | None:
    """What the message is if it is such a word and nothing else.

    >>> keyword("ＴＤ。")
    <Keyword.STOP: 'stop'>
    >>> keyword("怎么取消医保") is None
    True
    """
    return _KNOWN.get(fold(text))
