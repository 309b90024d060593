"""Whether somebody says that money of theirs did not come; and since when."""

from __future__ import annotations

import re

from outreach.folding import fold

_MONEY = (
    "补贴|补助|补款|不贴|津贴|奖扶|奖夫|奖服|奖励|扶助|特扶|特服|救助|报销|生育金|产假工资|产假钱"
    "|生育今天|生育金贴|独生子女|独子费|养老钱|育儿"
    "|三千六|3600|(?<!红包)钱(?!包)|款(?!式)|(?<!收)(?<!缴)(?<!学)费(?!用怎么)|块钱|金额|一万|三千"
)
_NOT_COME = (
    "(?:没有?|没得|未|冇|还没有?|一直没有?|从来没有?|都没有?|迟迟没有?|仍未|尚未|莫得|没见|没能"
    "|不曾)(?:人)?(?:给|往)?(?:我|俺|我们|他|她|我妈|我爸|我家|卡里|卡上)*"
    "(?:收到|收著|收着|收得|到账|到帐|到卡|到手|到位|到(?=$|，|呢|啊|呀|吗|嘛|诶|哦|，|怎么|咋)"
    "|发(?=$|，|呢|啊|呀|吗|嘛|给|到|下|钱|过来|放|了|怎么|咋|奖|补|津|特扶|独生|育儿|救助|三千)"
    "|打(?=$|，|呢|啊|呀|吗|钱|款|给|到|过来|进|下来|卡|账)|给(?=$|，|呢|啊|我|俺|钱|发)|下来|进账"
    "|进卡|入账|领到|领着|拿到|拿着|见到|看到钱|见着|见钱|来(?=$|，|呢|啊|怎么)|兑现|影|动静|消息"
    "|落实|有(?=$|，))"
    "|收不到|领不到|拿不到|不到账|不到帐|不见(?:钱|到账|影|动静)|见唔到|收唔到"
    "|(?:一分|一毛|一毛钱|一分钱|半毛|毛都|分文|一个子儿?)(?:钱)?(?:都|也)?(?:没|未|冇|不)|分文未"
    "|没(?:了)?下文|没(?:了)?影|停发|停(?:了|掉)(?!电|水|经|奶)|断(?:了|发)(?!奶|缴)|漏(?:发|了|掉"
    "|领)|少发|少给|少打|少了(?=\\d|一|两|几|半)|欠(?:我|着)|拖(?:着|了|欠)|扣(?:着|了|发)|压着"
    "|卡着不发|忘(?:了|记)(?:给我|发)"
    "|没给发|还差|缺(?:了)?(?:\\d|一|两|几)|(?:还没|没有?|未)(?:发|打|给|付|拨|放)款?(?=$|，|呢|啊|吗)"
    "|等(?:了)?(?:好久|半年|几个月|一年|两个月|三个月|很久|好长时间|大半年|一个多?月"
    "|个把月).{0,8}(?:钱|补贴|没|款|不到)"
)
_COMPLAINT = re.compile(f"(?=.*(?:{_MONEY}))(?=.*(?:{_NOT_COME}))", re.DOTALL)
# On no list of those who are paid.
_LEFT_OUT = re.compile(
    "(?:漏(?:了|掉|报)?(?:我|俺|我们家?|我家|我妈|我爸|俺娘|俺爹|我娃))|(?:把|将)(?:我|俺|我们家?"
    "|我家|我妈|我爸|俺娘|俺爹)(?:给)?(?:漏|忘|落下)"
    "|(?:名单|公示|花名册|表).{0,6}(?:没有?|冇|没得|不见|找不到)(?:见|看到|看见)?(?:我|俺|我们|我家"
    "|我妈|我爸|俺娘|俺爹)(?!的?(?:短信|电话))"
    "|(?:别人|人家|邻居|隔壁|同村|村里人?|一起(?:办|报)的|大家).{0,4}(?:都)?(?:收到|领到|到账|拿到"
    "|发了|有了|领了|下来了|打了|到了).{0,10}(?:我|俺|就我|我家).{0,6}(?:没|未|冇|还没)"
    "|(?:审核|审批|初审|复审|公示|批|申请)(?:都|已经?|早就?)*(?:通过|过了|完了|结束|下来|好了"
    "|成功).{0,16}(?:没|未|冇|不见)(?:有|得)?(?:钱|收|到|发|打|给|动静|下文|消息|音信|见|拿|领|款|拨"
    "|放)"
)
# Something else that did not come; or a case that is thought up; or one who has not asked for it yet.
_ELSE = re.compile(
    "工资(?!.{0,4}产假)(?<!产假工资)|快递|验证码|短信|押金|退款|退费|红包|微信群|通知书|体检报告"
    "|检查结果|报告单|疫苗|叶酸|营养包|药具|居住证|出生证|准生证|医保卡|户口本"
    "|如果|要是|万一|假如|假设|会不会|是不是(?:就)?(?:没|不发)|怕(?:收|领|拿)?不到"
    "|(?:没|还没|没有|未)(?:去)?(?:申请|申领|办理|登记|报名|提交|领过|办过|申报|办)(?!.{0,3}(?:下来"
    "|通过))|没(?:有)?到(?:年龄|岁|60|六十|时间|日子|期|3岁|三岁)"
    "|没到(?:\\d|[一二三四五六七八九十])"
)
_WHEN = re.compile("什么时候|啥时候|啥时|几时|哪天|几号|几月|多久|何时|什么时间")
_STILL = re.compile("还没|还未|怎么还|咋还|都没|一直没|迟迟|没收到|未收到|没到账|没有到账|未到账|还不")
_ENGLISH = re.compile(
    r"\b(?:subsid\w+|allowance|payment|money|benefit|reward|fee|fees|aid|assistance|reimbursement|cash"
    r"|maternity pay|relief)\b"
)
_ENGLISH_NOT = re.compile(
    r"\b(?:never|(?:have|has|had|did)(?: not|n'?t)|not|no|still no|still haven'?t|still hasn'?t"
    r"|nothing) (?:\w+ ){0,4}?"
    r"(?:receiv\w+|got|gotten|get|paid|arriv\w+|come|came|paid out|credited|deposited|shown up"
    r"|transferred|seen|yet)\b"
    r"|\bmissing (?:\w+ )?(?:payment|subsidy|allowance|money)|\b(?:payment|subsidy|allowance"
    r"|money) (?:is |was |has been |went )?(?:missing|late|overdue|delayed|stopped|not here)"
    r"|\bwhere(?:'s| is| are) (?:my|our|the) (?:\w+ ){0,3}?(?:money|payment|subsidy|allowance|benefit"
    r"|reward|fee)"
    r"|\b(?:left|forgot|skipped|missed) (?:me|us|my \w+)(?: out)?\b|\bstill waiting (?:for"
    r"|on) (?:\w+ ){0,4}?(?:money|payment|subsidy|allowance|benefit|reward|fee)"
    r"|\bhasn'?t been paid|\bhave ?n'?t been paid|\bnot been paid|\bnever been paid|\bunpaid\b"
)
_ENGLISH_ELSE = re.compile(
    r"\b(?:if i|what if|in case|sms|code|message|salary|wages|parcel|not applied|haven'?t applied"
    r"|have not applied"
    r"|did not apply|didn'?t apply|certificate|vaccine|report)\b"
)

_SINCE = re.compile(
    r"(?:从|自)?(?:(?:19|20)?\d\d年(?:初|底|中|上半年|下半年|春天?|秋天?)?(?:的)?(?:\d{1,2}"
    r"|[一二三四五六七八九十]{1,2})?(?:月份?)?(?:\d{1,2}[日号])?"
    r"|(?:今年|去年|前年|大前年|上个?月|这个?月|上上个?月|上半年|下半年|年初|年底|年前|过年|春节|上周"
    r"|上个?季度|本月|本年)(?:的)?(?:初|底|中|上半年|下半年)?(?:\d{1,2}"
    r"|[一二三四五六七八九十]{1,2})?(?:月份?)?(?:\d{1,2}[日号])?"
    r"|(?:\d{1,2}|[一二三四五六七八九十]{1,2})月份?(?:\d{1,2}[日号])?(?!\d|龄|大)|(?:\d+"
    r"|[一二两三四五六七八九十半几]+|好几|大半|个把)(?:多)?(?:个多?月|年|个季度|天|周"
    r"|个星期)(?:多)?(?:以前|前)?"
    r"|半年)(?:以来|起|开始|到现在|以后|之后)?"
)
_SINCE_EN = re.compile(
    r"\b(?:since (?:\w+ ){0,2}?\w+|(?:\d+|a|one|two|three|four|five|six|several|few|some) (?:months?"
    r"|weeks?|years?|days?)(?: ago| now)?"
    r"|(?:this|last) (?:month|year|week|quarter|spring|summer|autumn|winter)"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*(?: \d{4})?|20\d\d)\b"
)
LONGEST = 400
MOST_SINCE = 40


def is_unpaid(text: str) -> bool:
    """Whether the message says that money which is due did not come. "什么时候发" alone is a question.

    >>> is_unpaid("审核过了一个月没打钱")
    True
    >>> is_unpaid("育儿补贴什么时候发")
    False
    """
    said = re.sub("[,，.。;；!！?？、~～\\s]+", "，", fold(text[:LONGEST]))
    if _ELSE.search(said):
        return False
    if _LEFT_OUT.search(said):
        return True
    if _COMPLAINT.search(said):
        return not _WHEN.search(said) or bool(_STILL.search(said))
    plain = fold(text[:LONGEST])
    return bool(_ENGLISH.search(plain) and _ENGLISH_NOT.search(plain) and not _ENGLISH_ELSE.search(plain))


def since(text: str) -> str | None:
    """The time that is named in it, as it was said; None where there is none."""
    said = fold(text[:LONGEST])
    found = _SINCE.search(said) or _SINCE_EN.search(said)
    return found.group().removesuffix("的")[:MOST_SINCE] if found else None
