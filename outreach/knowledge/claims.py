"""What was true once and is still believed: said as if it held, it must not stand in an answer.

A sentence that says it was abolished, denies it, or asks about it, is no claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SENTENCES = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]*")
_ENGLISH_SENTENCES = re.compile(r"(?:[^.!?;\n]|\.(?=\S))+[.!?;]*")
_DENIED = re.compile(
    "取消|废止|废除|不再|不用|不需|无需|无须|不必|不是|并非|不得|不罚|不收|不要求|不交|不属于|不包括|不在|不等于"
    "|没有(这|依据|必要|规定|要求)|不存在|不能(因|拿|作为|以|把)|别(交|信|听|去)|不准|不许|不强制|不分"
    "|有人|谣|误|骗|以前|过去|过时|老(说法|办法|规定|政策)|旧|原来|原先|曾|早就|改(为|成|了|叫|由)|现为|现在是"
    "|自愿|自己(定|决定|选)|也能|也可以|照样|不影响|停|[吗？?]|是不是|要不要"
)
_ENGLISH_DENIED = re.compile(
    r"abolish|no longer|\bnot\b|n't\b|\bnever\b|\bnobody\b|\bno one\b|without|cancel|repeal|used to"
    r"|\bold\b|former|\bbefore (that|then|19|20)|\bwas\b|\bwere\b|\bended\b|\bstopped\b|voluntary|\bfree to\b"
    r"|\brumou?r|\bno\b|\bnone\b|anyone|\?|instead of"
    r"|\bneither\b|\bnor\b|replaced|your own choice|scam|\buntil\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Claim:
    """`zh`, `en`: how it is said; `since`: the day from which it was wrong; `now`: what holds instead.

    `unless`: what makes the very words true after all.
    """

    name: str
    zh: str
    en: str
    since: str
    now: str
    unless: str = "(?!)"
    # What was believed is itself that something is not so.
    denies: bool = False


_MUST = "(必须|应当|须|需要?|得|应|要|一定要|先|凭|持|带|拿|办理?|开具?|领|提供|出示|交)"
_MUST_EN = r"(must|have to|has to|need(s|ed)?( to)?|should|requires?d?|bring|show|carry)"
CLAIMS = (
    _Claim(
        "the social maintenance fee",
        "(要|须|必须|应当?|需要?|得|依法|照章|会|再|补|征收?|按规定|缴|交)[^。，]{0,8}(社会抚养费|超生罚款|超生费)"
        "|(社会抚养费|超生罚款)[^。]{0,8}(标准为|要交|须缴|应缴|征收|按|元|万)"
        "|(超生|多生|计划外|三胎|三孩|四胎)[^。]{0,10}(要|会|须|得|应|将)[^。]{0,4}罚"
        "|(没|未|不)(有|交|缴)[^，。]{0,4}社会抚养费[^。]{0,10}(不能|不予|不给|无法)上户",
        rf"({_MUST_EN}|will|pay)[^.]{{0,40}}(social (maintenance|support)|extra[- ]birth|birth) (fee|fine)"
        r"|(be|get|are) fined[^.]{0,30}(birth|child|baby)",
        "2021-08-20",
        "the fee was abolished: say that nobody has to pay it, and whom to call where it is asked for",
        "不能因|不得|先别|别交",
    ),
    _Claim(
        "the birth permit",
        f"{_MUST}[^，。]{{0,8}}准生证|准生证[^。]{{0,10}}(审批|批准|才能|方可|才给|必须|办理)"
        "|生(育|孩子|三孩)[^，。]{0,6}(须|需|要|得|必须)(经|先)?[^，。]{0,4}(审批|批准)"
        "|凭(准生证|生育指标|生育证明)",
        rf"{_MUST_EN}[^.]{{0,40}}birth permit|birth permit[^.]{{0,30}}(required|needed|necessary|must)"
        r"|permission to give birth",
        "2021-08-20",
        "up to three children are only registered (生育登记), and nobody has to approve it",
    ),
    _Claim(
        "the household book for a marriage",
        "(结婚登记|登记结婚|婚姻登记|领结婚证|领证(?!件))[^。]{0,24}(户口本|户口簿)"
        "|(户口本|户口簿)[^。]{0,20}(结婚登记|登记结婚|婚姻登记|领结婚证|领证(?!件))"
        "|(回|到|去)[^，。]{0,6}(户籍|户口|老家)[^，。]{0,8}(结婚登记|登记结婚|领结婚证|领证(?!件))"
        "|结婚[^，。]{0,4}回[^，。]{0,6}户籍"
        "|(结婚登记|登记结婚|领结婚证|领证(?!件))[^，。]{0,12}(回|到)[^，。]{0,6}(户籍|户口)",
        r"(marry|marriage|wedding)[^.]{0,60}(household|hukou) (book|booklet|register)"
        r"|(household|hukou) (book|booklet|register)[^.]{0,50}(\bmarry|(your|the) marriage|get married)",
        "2025-05-10",
        "identity cards and a signed statement are enough, at any marriage registry in the country",
    ),
    _Claim(
        "the compulsory premarital check",
        "(必须|应当|须|一定要|要先|得先|强制|先做)[^，。]{0,8}(婚检|婚前(医学)?检查)"
        "|(婚检|婚前(医学)?检查)[^。]{0,10}(必须|强制|才能|方可|才给|前提|必备|条件)|没(有)?(做)?婚检[^。]{0,6}不(能|予|给)",
        r"(must|have to|required|compulsory|mandatory)[^.]{0,50}(premarital|pre-marital)"
        r"|(premarital|pre-marital)[^.]{0,50}(must|compulsory|mandatory|is required|are required)",
        "2025-05-10",
        "the premarital check is free and voluntary; it is no condition for the marriage",
    ),
    _Claim(
        "the migrants' marriage and fertility certificate",
        f"{_MUST}[^，。]{{0,14}}婚育证|婚育证明?[^。]{{0,10}}(必须|才能|方可|要办|必办|交验|查验)",
        rf"{_MUST_EN}[^.]{{0,50}}"
        rf"(marriage and (fertility|birth|childbearing)|fertility|family planning) certificate",
        "2021-09",
        "the certificate was abolished: nobody may ask for it",
    ),
    _Claim(
        "the deduction of 1,000 yuan for infant care",
        "(照护|婴幼儿|3岁以下|三岁以下)[^。]{0,24}(1[,，]?000|一千)元?",
        r"(infant|under (3|three)|child ?care)[^.]{0,60}\b1,?000 yuan",
        "2023-01-01",
        "it is 2,000 yuan a month for each child",
        r"2[,，]?000|两千|二千|各|分别|一半|50|平分|half|each parent|补贴|subsidy|提高|原",
    ),
    _Claim(
        "whooping cough vaccine at 3, 4 and 5 months",
        "百白破[^。]{0,24}3(个?月龄?)?[、，,和 ]*4(个?月龄?)?[、，,和 ]*5",
        r"(DTa?P|pertussis|whooping)[^.]{0,50}\b3, ?4,?( and| &)? ?5\b",
        "2025-01-01",
        "it is given at 2, 4, 6 and 18 months and at 6 years",
    ),
    _Claim(
        "12356 as a family-planning line",
        "12356[^。]{0,20}(计生|计划生育|举报|人口)|(计生|计划生育|举报|违法生育)[^。]{0,14}12356",
        r"12356[^.]{0,50}(family[- ]planning|report)|(family[- ]planning|report)[^.]{0,40}12356",
        "2025-05-01",
        "12356 is the country's line for mental health support",
        "心理|mental|psycholog",
    ),
    _Claim(
        "maternity allowance paid to the employer",
        "津贴[^。]{0,16}(发|拨|打|付|支付|划)(给|到|至|入)?(用人|你|您|工作)*(的)?(单位|公司)"
        "|津贴[^。]{0,12}(由|经|通过)(用人)?(单位|公司)[^，。]{0,6}(发|领)|(单位|公司)(收到|拿到)[^。]{0,8}(转|再)?发给?",
        r"allowance[^.]{0,50}(paid|goes|sent|transferred) (in)?to (your|the) (employer|company|work unit)"
        r"|(employer|company)[^.]{0,30}pass(es)? (it|the allowance) on",
        "2026-02-06",
        "the allowance is paid straight to the woman herself, everywhere in the country",
        "直接?发(放)?(给|到)?(您|你)?(本人|个人|自己)|straight to you|directly to",
    ),
    _Claim(
        "child-care subsidy claimed where one lives",
        "(育儿)?补贴[^。]{0,30}(居住地|常住地|现住地|打工地|务工地|工作地)[^。，]{0,8}(领|申请|办)"
        "|(居住地|常住地|现住地|打工地|务工地|工作地)[^。，]{0,10}(领取?|申请|申领|办)[^。，]{0,6}育儿补贴",
        r"(claim|appl(y|ied))[^.]{0,40}subsid[^.]{0,20}where you (live|work)"
        r"|subsid[^.]{0,50}(claim|appl|collect)[^.]{0,30}(where you (live|work)|place of residence)",
        "2025-08-31",
        "it is claimed where the child is registered (户籍地)",
        "户籍|户口|hukou|registered",
    ),
    _Claim(
        "free HPV vaccine of every kind or age",
        "(九价|四价|9价|4价)[^。，]{0,12}免费|免费[^。，]{0,14}(九价|四价|9价|4价)"
        "|HPV[^。]{0,16}(所有|全部|不限|任何)(年龄|女|人)[^。]{0,10}免费"
        "|(所有|全部|不限|任何)(年龄|女)[^。]{0,14}免费[^。]{0,8}HPV",
        r"(nine|9|four|4|quadri|nona)-?valent[^.]{0,40}\bfree"
        r"|\bfree\b[^.]{0,40}(nine|9|four|4|quadri|nona)-?valent"
        r"|HPV[^.]{0,40}free for (all|every|any)|free HPV[^.]{0,30}(all|any|every) (age|wom|girl)",
        "2025-11-10",
        "free are two doses of the two-valent one, for girls of 13 born after 10 November 2011",
        "自费|还没|尚未|何时|self|pay|own cost|双价|二价|2价|[Tt]wo-valent|bivalent|本地|地方",
    ),
    _Claim(
        "special assistance of 590 and 460 yuan from January 2022",
        "2022年1月[^。]{0,20}(590|460)|(590|460)[^。]{0,20}2022年1月",
        r"January 2022[^.]{0,50}(590|460)|(590|460)[^.]{0,50}January 2022",
        "2022-07-01",
        "it has been 590 and 460 yuan since 1 July 2022",
    ),
    _Claim(
        "two-cancer screening for rural women alone",
        "(两癌|筛查)[^。]{0,16}(只|仅|限)[^。]{0,6}农村|只有农村[^。]{0,12}(两癌|筛查)",
        r"screening[^.]{0,40}\bonly (for )?(rural|village)|\bonly rural wom[ae]n",
        "2022-01-18",
        "it is for women of 35 to 64 in towns and villages alike",
    ),
    _Claim(
        "the elderly check-up without a chest X-ray",
        "体检[^。]{0,20}(没有|不含|不包括|不做)[^。]{0,6}(胸片|胸部|DR)",
        r"check-?up[^.]{0,50}(no|not include|without)[^.]{0,10}(chest|X-ray)",
        "2025-01-01",
        "the free check-up of people of 65 and over has a chest X-ray since 2025",
    ),
    _Claim(
        "the Happiness Project as a gift",
        "幸福工程[^。]{0,16}(白给|不用还|无偿(给|发|补)|发补贴|是补贴|补助金)",
        r"Happiness Project[^.]{0,50}(is a (gift|subsidy|grant)|need not (be )?(paid back|repaid))",
        "2026-11-23",
        "mostly it lends money without interest, which is to be paid back",
        "不是|不(白给|无偿)|要还|周转|归还|is not|isn't",
        denies=True,
    ),
    _Claim(
        "one or two children at most",
        "只(能|准|许|可以)生育?[一二两12][个胎孩]|最多(只能)?生育?[一二两12][个胎孩]|(一对夫妻|夫妻)只(能|准)生",
        r"\bonly (have )?(one|two) (child|baby|bab|children)|at most (one|two) child",
        "2021-08-20",
        "a couple may have three children",
    ),
    _Claim(
        "extra leave for late marriage or late birth",
        "(享受|有|可以?休|增加|加|奖励)[^，。]{0,8}(晚婚假|晚育假)|晚(婚|育)假[^，。]{0,6}天",
        r"late (marriage|birth) leave (is|of)|(get|have) late (marriage|birth) leave",
        "2016-01-01",
        "there is no leave for late marriage or late birth any more: see the leave of the province",
    ),
    _Claim(
        "contraception or examinations by force",
        "(必须|强制|一律|应当|都要|得去)[^，。]{0,6}(上环|结扎|查环|孕检|节育手术|放环|引产)"
        "|(上环|结扎|查环|孕检)[^，。]{0,8}(才能|方可|才给|否则)",
        r"(must|have to|compulsory|forced)[^.]{0,30}(sterili[sz]|IUD|pregnancy check|ligation|abortion)",
        "2021-08-20",
        "every one of these is free to be chosen or refused",
    ),
    _Claim(
        "a condition for a child's registration",
        "(上户口|落户|出生登记)[^。]{0,12}(先|须|必须|要|得|凭)[^，。]{0,8}(计生|罚款|上环|结扎|准生证|生育证)",
        r"(register|hukou)[^.]{0,40}only (after|if|when)[^.]{0,30}(fine|family[- ]planning|permit|IUD)",
        "2015-12-31",
        "a child is registered however it was born: no paper of family planning is needed",
    ),
    _Claim(
        "vaccination only where one is registered",
        "(必须|只能|要|须|得)(回|到|在)[^，。]{0,4}(户籍地|老家|户口)[^，。]{0,10}(接种|打疫苗|打针|打预防针)",
        r"(must|only|have to)[^.]{0,40}vaccinat[^.]{0,40}(hukou|registered|home town|hometown)",
        "2019-12-01",
        "children are vaccinated free where they live",
    ),
)
_FOUND = [(claim, re.compile(claim.zh), re.compile(claim.en, re.IGNORECASE)) for claim in CLAIMS]


def outdated(text: str, language: str) -> Iterator[tuple[str, str]]:
    """What in these words was true once: what is wrong, and what to say instead."""
    english = language == "en"
    for sentence in (_ENGLISH_SENTENCES if english else _SENTENCES).findall(text):
        denied = (_ENGLISH_DENIED if english else _DENIED).search(sentence)
        for claim, zh, en in _FOUND:
            if denied and not claim.denies:
                continue
            if (en if english else zh).search(sentence) and not re.search(claim.unless, sentence):
                yield f"outdated: {claim.name} (not since {claim.since})", claim.now
