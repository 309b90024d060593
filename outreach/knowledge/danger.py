"""Words that cannot wait for a search: they bypass everything else and reach staff at once."""

from __future__ import annotations

import re

from outreach.folding import fold

# Each is a sign on its own, in whatever sentence it stands.
_SIGNS = re.compile(
    "大出血|出好多血|流了好多血|流血不止|血流不止|一直流血|一直出血|下面流血|见红|破水|羊水破|羊水流"
    "|没有?胎动|胎动(少|没|消失|不动)|(宝宝|孩子|胎儿|娃)(在肚子里)?(半天|一天|好久)?(都)?不动了"
    "|抽搐|喘不上气|喘不过气|呼吸困难|昏迷|晕倒|叫不醒|肚子(剧痛|疼得厉害|痛得厉害|疼死)"
    "|不想活|想死|自杀|自残|轻生|活不下去|活着没意思|想跳楼|割腕|喝农药|掐死|伤害(自己|孩子)"
    "|家暴|打我|打老婆|被打了|往死里打|强奸|性侵"
    "|流了?(很多|好多|许多)血|没有?呼吸|吃了(很多|好多|一瓶|整瓶|一把)?(安眠药|农药|药自杀)"
    r"|heavy bleeding|bleeding (a lot|heavily|badly)|i('?m| am) bleeding"
    r"|my water broke|waters? (has |have )?broken?"
    r"|baby (is )?(not|isn'?t|stopped|hasn'?t) mov(ing|ed)|no (fetal|baby) movement"
    r"|can('?t|not) breathe|seizure|unconscious"
    r"|kill myself|suicid|want to die|hurt myself|end my life"
    r"|(he|husband) (hits|beats|hit|beat) me|\brape|\babus"
)
# "打我电话" asks for a call, "打我卡里" for money.
_HARMLESS = re.compile(
    "打我(的)?(电话|手机|卡|账户|账号|银行|存折|微信|支付宝)|给我打|被打了(疫苗|针|预防针)"
)


def is_danger(text: str) -> bool:
    """Whether a life may be at stake. Rather once too often than once too seldom."""
    return bool(_SIGNS.search(_HARMLESS.sub("", fold(text))))
