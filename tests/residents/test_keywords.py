"""What residents write is taken for what it wishes: hundreds of texts, traps among them."""

from __future__ import annotations

import time

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from outreach.conversation.understanding import understand
from outreach.residents import Keyword, Wish, event, wish
from outreach.surveys import rating

INTENTS = {
    "stop_all": Keyword.STOP,
    "stop_topic": Keyword.STOP,
    "start": Keyword.START,
    "start_topic": Keyword.START,
}
# No text of 4,096 signs may hold a reply up.
SOON = 1.0


def table(file: str) -> list[tuple[str, Wish | None]]:
    found, wanted = list[tuple[str, Wish | None]](), None
    for line in (ROOT / "tests/residents" / file).read_text("utf-8").splitlines():
        if line.startswith("== "):
            intent, *topics = line.removeprefix("== ").split()
            word = Keyword.HELP if intent == "help" else INTENTS.get(intent)
            wanted = Wish(word, tuple(topics)) if word else None
        elif line and not line.startswith("# "):
            found.append((line.replace(r"\u200b", "\u200b"), wanted))
    return found


def test_texts_we_wrote_are_taken_for_what_they_wish() -> None:
    texts = table("wishes.txt")
    assert len(texts) > 600
    assert [(text, wanted, wish(text)) for text, wanted in texts if wish(text) != wanted] == []


def test_texts_kept_apart_while_the_patterns_were_written_are_too() -> None:
    texts = table("unseen.txt")
    wrong = [(text, wanted, wish(text)) for text, wanted in texts if wish(text) != wanted]
    assert len(wrong) <= len(texts) * 0.02, wrong
    assert [text for text, wanted, found in wrong if wanted is None and found] == [], "no false one"


STANDARD = """
    STOP STOPALL STOP·ALL UNSUBSCRIBE CANCEL END QUIT REVOKE OPTOUT OPT·OUT OPT-OUT START UNSTOP HELP INFO
    退订 TD T N R 拒收 取消订阅 不要再发了 停 停止 恢复订阅 帮助 退訂 取消訂閱 推订 退定 退钉 退丁 tuiding
""".replace("·", "\0").split()
AROUND = st.sampled_from(
    [
        "{}",
        " {} ",
        "{}!",
        "{}。",
        "{}！！！",
        "“{}”",
        "「{}」",
        "{}🙏",
        "\u200b{}",
        "{}\ufe0f",
        "...{}",
        "{}~",
        "*{}*",
        "\n{}\n",
    ]
)


@given(st.sampled_from(STANDARD), AROUND, st.booleans(), st.booleans())
def test_standard_word_is_known_however_it_is_typed(word: str, around: str, wide: bool, small: bool) -> None:
    word = word.replace("\0", " ")
    typed = word.lower() if small else word
    if wide:
        typed = "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in typed)
    expected = wish(word)
    assert expected is not None
    assert wish(around.format(typed)) == expected


@given(
    st.text(max_size=60)
    | st.text(st.sampled_from("不要再发了我想停订退短信提醒孩子没 stopthemeal?!，。"), max_size=90)
)
def test_any_text_can_be_read(text: str) -> None:
    wish(text)
    event(text)
    for asked in ("survey", "appointment", "none"):
        understand(text, asked)


@pytest.mark.parametrize(
    "text", [text for text, wanted in table("wishes.txt") if wanted and len(text) > 1][::7]
)
def test_wish_in_a_question_is_none(text: str) -> None:
    assert wish(f"我朋友问我怎么{text}这件事") is None
    assert wish(f"what happens when my cousin writes {text} to the hospital") is None


@pytest.mark.parametrize(
    "part",
    ["不要再发短信", "了吧", "stop ", "please stop the ", "这些短信", "孩子没了", "已经", "，", "退订，"],
)
def test_long_text_is_read_in_no_time(part: str) -> None:
    for length in (60, 90, 600, 4096):
        text = (part * 4096)[:length] + "x"
        started = time.perf_counter()
        wish(text)
        event(text)
        assert time.perf_counter() - started < SOON, (part, length)


def test_stop_is_never_a_rating() -> None:
    assert [
        text
        for text, wanted in table("wishes.txt")
        if wanted and wanted.keyword == Keyword.STOP and rating(text)
    ] == []
