"""What phones hear instead of the words that matter, and what is typed in their place."""

from __future__ import annotations

import re

# The word, and what stands for it. Only what means nothing else, or next to nothing, in a message to us.
_HEARD = {
    "见红": "见宏|见虹|见洪|件红|剑红|贱红|建红|见哄",
    "破水": "破睡|泼水了|坡水|破谁了|婆水",
    "羊水": "杨水|阳水|洋水|扬水|羊睡",
    "胎动": "太动(?!听|人|不动)|台动|抬动|胎冻|胎懂|苔动",
    "宫缩": "公缩|工缩|弓缩|供缩",
    "大出血": "大初血|大出雪|大出学|大触血",
    "流血": "流雪|流学|刘血|留血|瘤血|硫血",
    "出血": "出雪|初血|出学了",
    "自杀": "自沙|自砂|自刹|字杀|自煞|紫杀|自傻了|自鲨|zisha|zi sha",
    "不想活了": (
        "不想货了?|不想获了?|不想火了?|不想或了|不想和了|不想活乐|不像活了|不响活|不想huo|bu ?xiang ?huo"
    ),
    "想死": "想si(?!m)|想似了|想4了|想思了|xiang ?si\\b|想屎了",
    "轻生": "轻声的念头|轻身的念头|清生",
    "割腕": "割万|割婉|割碗|隔腕",
    "跳楼": "跳搂|跳喽|跳篓|tiaolou|tiao lou",
    "家暴": "加暴|家爆|嘉暴|佳暴|家抱了|jiabao|jia bao",
    "打我": "打窝|打卧|da ?wo\\b",
    "强奸": "强间|强尖|抢奸|墙奸|qiangjian|qiang jian",
    "性侵": "性亲|性浸|星侵|幸侵|性寝",
    "猥亵": "威胁下体|猥谢|委亵|伪亵|猥琐我",
    "抽搐": "抽畜|抽触|抽处|抽蓄|抽储|抽绪",
    "抽风": "抽疯|抽枫",
    "昏迷": "昏谜|昏米|浑迷|婚迷|混迷了",
    "晕倒": "运倒|晕到了|孕倒",
    "喘不上气": "传不上气|喘不上汽|喘布上气|川不上气",
    "窒息": "窒吸|至息|制息|治息",
    "农药": "农要|浓药|弄药喝|nongyao|nong yao",
    "安眠药": "安眠要|安棉药|按眠药",
    "煤气中毒": "没气中毒|煤汽中毒|媒气中毒",
    "中毒": "种毒了|忠毒",
    "救命": "就命啊|救名|救命阿|jiuming|jiu ming",
    "没呼吸": "没呼西|没乎吸|没互吸",
    "溺水": "逆水了|腻水",
}
_WORDS = {f"w{number}": word for number, word in enumerate(_HEARD)}
_PATTERN = re.compile("|".join(f"(?P<w{n}>{heard})" for n, heard in enumerate(_HEARD.values())))


def mended(text: str) -> str:
    """With the words that were meant.

    >>> mended("媳妇杨水坡了")
    '媳妇羊水坡了'
    """
    return _PATTERN.sub(lambda found: _WORDS[found.lastgroup or ""], text)
