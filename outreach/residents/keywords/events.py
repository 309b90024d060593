"""What residents report of their lives that makes our messages hurt, or needless."""

from __future__ import annotations

import re
from enum import StrEnum

from outreach.residents.keywords.shape import AFTER, any_of


class Event(StrEnum):
    LOSS = "loss"
    DEATH = "death"
    MOVED = "moved"
    DONE = "done"
    WRONG_NUMBER = "wrong_number"


_WHEN = (
    "(?:已经|已|早就|早已|早|都|刚刚?|前几天|前天|昨天|今天|上周|上个?星期|上个?月|前不久"
    "|不久前|最近|去年|前年|今年|这个月|几个月前|[一二两三四五六七八九十几半0-9]+(?:天"
    "|周|个?月|年|个?星期)前"
    "|就|也|现在|因病|突然|不幸|意外|前些天|前段时间|[0-9一二三四五六七八九十]+月(?:份|[0-9]+[日号])?)"
)
_SORRY = any_of(
    "您好|你好|对不起|不好意思|抱歉|谢谢|唉|哎|告诉你们|跟你们说一声|说一下|通知一下"
    "|那个|医生|大夫|我是说|回复"
)
_OWN = "(?:我们?|俺|她|我老婆|我媳妇|我爱人|我妻子|老婆|媳妇|我女儿|我儿媳妇?|我姐|我妹|本人)"
_CHILD = (
    "(?:我们?的?|俺的?|她的?)?(?:肚子里的?|腹中的?)?(?:孩子|宝宝|胎儿|娃娃?|小孩|宝贝"
    "|婴儿|小宝宝|胎|双胞胎|bb)"
)
_IT = (
    "(?:这个人|这人|人家|人|老人家?|他本人|她本人|他|她|本人|机主|户主|患者|病人|当事人"
    "|号主|他老人家|她老人家|你们找的人|你们要找的人|收信人|收件人|这位(?:老人|居民"
    "|同志)?)"
)
_DIED = (
    "(?:走|去世|过世|不在|没|病故|病逝|离世|离开人世|逝世|往生|不在人世|不在世|死|死亡"
    "|去逝|身故|作古|仙逝|亡故|病死)"
)
_CHINESE = {
    Event.LOSS: (
        rf"{_OWN}?{_WHEN}*(?:自然|稽留|意外|先兆)?(?:流产|小产|流掉|胎停育?|引产|滑胎|死胎"
        rf"|死产|胎死腹中|清宫|生化妊娠|做掉|打掉|人流|堕胎)(?:手术)?(?:了|过|掉|过了)*"
        rf"|{_OWN}?{_WHEN}*(?:做了?|有了?)(?:人流|流产|引产|清宫)(?:手术)?(?:了)?",
        (
            rf"{_CHILD}{_WHEN}*(?:没有?保住|没能保住|没保下来|没留住|没能留住|没活下来|没活成"
            rf"|没能活下来|没有?了|没得了|不在了|走了|夭折了?|流掉了?|流产了?|掉了|胎停育?了?"
            rf"|去世了?|死了|丢了|离开了?我们?|没有?心跳了|没胎心了?|生下来就没了|没生下来)"
        ),
        rf"{_OWN}?{_WHEN}*(?:没有?保住|没能保住)(?:孩子|宝宝|胎儿|娃)?(?:了)?",
        rf"{_OWN}?{_WHEN}*(?:失去|没)了?(?:我们?的?)?(?:孩子|宝宝)(?:了)?",
        (
            r"(?:检查|b超|医生|医院)?(?:说|查出来)?(?:已经)?(?:没有?|没了)胎心(?:了)?"
            r"|胎心(?:已经)?(?:没有?了|停了|消失了)"
        ),
        (
            rf"{_OWN}?{_WHEN}*(?:不再|没|没有)怀孕了|{_OWN}?{_WHEN}*(?:已经)?不怀(?:孕)?了"
            rf"|怀的(?:孩子|那个)?{_WHEN}*没了"
        ),
    ),
    Event.DEATH: (
        (
            rf"{_WHEN}*{_IT}{_WHEN}*(?:{_DIED})(?:了)?(?:很久|好久|多年|好几年|几年|一年多?|半年"
            rf"|[一二两三四五六七八九十几]+年多?|[一二两三四五六七八九十几]+个月)?(?:了)?"
        ),
        rf"{_WHEN}*(?:去世|过世|病故|病逝|离世|逝世|身故|亡故|去逝|已故|不在人世)(?:了|很久了|多年了)?",
    ),
    Event.MOVED: (
        (
            rf"(?:{_OWN}|我家|我们家|全家|一家人?|他们|{_IT})?{_WHEN}*(?:全家)?(?:搬走|搬离"
            rf"|搬出去?|迁走|迁出|搬到外地|搬去外地|搬外地|搬到外省|搬到别的县|搬到别处|搬到外面"
            rf"|迁到外地|搬回老家|回老家|离开(?:本县|咱县|县里|当地|本地|这里|这儿)|移民)(?:了"
            rf"|去了|住了|生活了)*"
        ),
        (
            rf"(?:{_OWN}|我家|我们家|全家|他们|{_IT})?{_WHEN}*不(?:再)?(?:在)?(?:这里|这儿|这边"
            rf"|本地|本县|当地|县里|咱县|你们这里|你们那里|你们县|你们这|你们那|那里|那边"
            rf"|那儿)(?:居住|住|生活)?(?:了)"
        ),
        (
            rf"(?:{_OWN}|我家|我们家|全家|他们|{_IT})?{_WHEN}*不(?:再)?(?:居住|住|住在"
            rf"|住到)(?:在)?(?:这里|这儿|这边|本地|本县|当地|县里|你们这里|你们那里|你们县|你们这"
            rf"|你们那|那里|那边|那儿)(?:了)?"
        ),
        rf"{_OWN}?(?:的)?户口?{_WHEN}*(?:迁走|迁出去?|迁到外地|转走)(?:了)?",
    ),
    Event.DONE: (
        (
            rf"(?:{_OWN}|这个|这项|检查|体检|产检|筛查|疫苗|孩子)?(?:都|也)?{_WHEN}*(?:自己)?(?:去)"
            rf"?(?:做|查|检查|体检|产检|筛查|打|接种|去|办|领|检|复查|办理|领取|注射"
            rf"|建档)(?:完成|过|完|好)(?:了|这个检查|检查|体检|产检|筛查|疫苗|两癌筛查|这个)*"
        ),
        (
            rf"(?:{_OWN}|这个|检查|体检|产检|筛查|疫苗)?(?:已经|早就|早已|前几天|昨天|上周|前天"
            rf"|刚刚?|上个月|都)+(?:自己)?(?:去)?(?:做|查|检查|体检|产检|筛查|打|接种|办|领|复查"
            rf"|检)了(?:检查|体检|产检|筛查|疫苗)?(?:了)?"
        ),
        (
            rf"(?:{_OWN}|{_CHILD})?{_WHEN}*(?:已经)?(?:生|生产|分娩|出生|生完|生下来|生孩子|生娃"
            rf"|生宝宝|卸货|剖|生了个(?:男孩|女孩|儿子|女儿|男宝|女宝))(?:了|啦)"
        ),
        r"(?:已经|已)(?:完成|做好|办好|检查完毕|生)(?:了)?|完成了",
    ),
    Event.WRONG_NUMBER: (
        (
            r"(?:你们?|您|是不是|好像|可能|应该是?|又|肯定)*(?:发|打|找|弄|搞|认|拨|记|留|填"
            r"|短信发|消息发|联系)错(?:人|电话|号码?|对象|地方|手机)(?:了)?"
        ),
        r"(?:你们?|您|好像|可能|应该是?|又|肯定|短信|消息|信息)*(?:发|打|找|认|拨)错了",
        (
            r"(?:这)?(?:真的?)?(?:我)?不是(?:我|本人|机主|这个人|他|她|你们?要?找的人"
            r"|你们?说的(?:那个)?人|收件人|户主)(?:本人)?"
        ),
        # "不知道" alone is the answer of one who is not sure; of a person it says who is not known.
        r"(?:我)?(?:根本|完全)?不认识(?:你们?说的)?(?:这个人|这人|他|她|机主|那个人|是谁)?(?:是谁)?",
        r"(?:我)?(?:根本|完全)?不知道(?:你们?说的)?(?:(?:这个人|这人|他|她|机主|那个人)(?:是谁)?|是谁)",
        (
            r"我不叫(?:这个名字?|这个|机主)|(?:这里|我们?这里|我家|这边|这)?(?:没有|没)(?:这个人"
            r"|这人|叫这个名字的|机主)|查无此人"
        ),
        (
            r"(?:这个|这|此|现在这个|我这个)?(?:手机)?(?:号码?|手机号码?|电话|电话号码)?(?:已经"
            r"|早就|早|现在)*(?:换人|换主人?|换了?个人|换了主人|易主|转让|不是(?:他|她|这个人"
            r"|机主|原来的人)的?)(?:用)?(?:这号码?|这个号码?|这个手机号?|号)?(?:了)"
        ),
        (
            r"换了?个?人用(?:这个?)?(?:号码?|手机号?)(?:了)?|(?:我)?(?:是)?(?:这个?号码?的?)?新(?:"
            r"机|号)主|(?:我)?(?:刚|新|才)(?:换|办|买)的(?:新)?号码?|这(?:是|个号码?是)我(?:新"
            r"|刚)(?:办|买|换)的(?:新)?(?:号码?|卡)?"
        ),
    ),
}
_THEY = (
    "(?:he|she|they|the person|this person|the owner|the resident|the patient|the man"
    "|the woman|the lady|that person)"
)
_ENGLISH = {
    Event.LOSS: (
        (
            r"(?:i|we|she|my wife|my daughter)?(?: ?(?:have|has|had|ve|just|recently|already"
            r"|unfortunately|sadly))*(?: ?(?:miscarried|a miscarriage|had a miscarriage|suffered"
            r" a miscarriage|had a stillbirth|a stillbirth|had a stillborn|had an abortion|a"
            r" termination|had a termination|terminated the pregnancy))"
        ),
        (
            r"(?:i|we|she|ive|weve|my wife)?(?: ?(?:have|has|just|already|sadly))*(?: ?lost)"
            r" (?:the|our|my|her|a) (?:baby|babies|pregnancy|child|twins|little one|son|daughter)"
        ),
        (
            r"(?:it was )?(?:a )?(?:miscarriage|stillbirth|stillborn|still birth)|pregnancy"
            r" (?:loss|ended|is over|has ended)|(?:there (?:is|was) )?no (?:more )?heart ?beat(?:"
            r" any ?more)?"
        ),
        (
            r"(?:the|my|our|her) (?:baby|child|twins|son|daughter|little one)(?: (?:has|have|is"
            r"|was|just|already|sadly))*(?: ?(?:died|passed away|passed|gone|dead|stillborn|did"
            r" not make it|didnt make it|not with us any ?more|no longer with us))"
        ),
        (
            r"(?:im|i am|she is|shes|my wife is) (?:no longer pregnant|not pregnant any ?more|not"
            r" pregnant any longer)"
        ),
    ),
    Event.DEATH: (
        (
            rf"{_THEY}(?: (?:has|have|is|had|sadly|already|just|recently|unfortunately"
            rf"|passed))*(?: ?(?:passed away|passed on|died|dead|deceased|no longer with us|no"
            rf" longer alive|gone forever|away))(?: (?:last|a|two|three|some|in|this|on) .{{1,20}})"
            rf"?"
        ),
        (
            r"(?:hes|shes|theyve|shes sadly|hes sadly) (?:passed away|died|dead|deceased|passed"
            r" on|gone|no longer with us)(?: (?:last|a|two|three|some|in|this) .{1,20})?"
        ),
        r"passed away|deceased|(?:has|have) (?:died|passed away)",
    ),
    Event.MOVED: (
        (
            r"(?:i|we|ive|weve|my family|our family|he|she|they|hes|shes|theyve)?(?: ?(?:have|has"
            r"|already|just|recently|all))*(?: ?moved) (?:away|out|abroad|overseas|to another"
            r" (?:county|city|province|town|country)|out of (?:the |this |your )?(?:county|town"
            r"|area|district|city))(?: (?:already|now|last \w+))?"
        ),
        (
            r"(?:i|we|he|she|they)?(?: ?(?:do not|dont|does not|doesnt|no longer|not)) (?:live"
            r"|lives|living|stay) (?:here|there|in (?:the|this|your) (?:county|area|town"
            r"|district))(?: (?:any ?more|any longer|now))?"
        ),
        (
            r"(?:im|i am|we are|were) (?:no longer|not) (?:living )?(?:here|in (?:the|this|your)"
            r" (?:county|area))(?: (?:any ?more|any longer|now))?"
        ),
    ),
    Event.DONE: (
        (
            r"(?:i|ive|i have|we|weve|we have|she|its|it is|shes)?(?: ?(?:have|has|already|all"
            r"|just|been))*(?: ?(?:already|did it|done it|had it|done|had the (?:check ?up"
            r"|screening|test|visit|appointment|vaccine|vaccination)|did the (?:check ?up"
            r"|screening|test)|been (?:checked|screened|vaccinated)|had my (?:check ?up|screening"
            r"|appointment|test)|took the test))(?: (?:already|last \w+|yesterday|thanks|today))*"
        ),
        (
            r"(?:i|we|she|ive|my wife|i have|the baby|baby|our baby|my baby)?(?: ?(?:have|has"
            r"|already|just|was|is|been|had))*(?: ?(?:given birth|gave birth|delivered|delivered"
            r" the baby|had the baby|had my baby|born|had our baby))(?: (?:already|last \w+"
            r"|yesterday|today))*"
        ),
    ),
    Event.WRONG_NUMBER: (
        (
            r"(?:this is |its |it is |you have |youve |you |youve got |you got |you have got |you"
            r" are texting |sorry )*(?:the |a |got the |have the )?wrong (?:number|person|guy"
            r"|lady|phone|recipient|contact|one)"
        ),
        (
            r"(?:sorry )?(?:im|i am|this is|its|it is) not (?:her|him|that person|this person|the"
            r" person|the owner|them|me|who you (?:want|think|are looking for|need)|the"
            r" resident)(?: .{1,20})?"
        ),
        (
            r"(?:i )?(?:do not|dont) know (?:this|that|the|any) (?:person|name|owner|man|woman"
            r"|lady|guy)|(?:i )?(?:do not|dont) know (?:her|him|them|the owner|who this is|who"
            r" that is|who (?:he|she) is)"
        ),
        (
            r"(?:theres |there is )?(?:no ?one|nobody|no person|no such person)(?: (?:called"
            r"|named|by that name|by this name|of that name|with that name|the owner|here|of this"
            r" name))*"
        ),
        (
            r"not me|(?:i am |im )?(?:the )?new owner(?: of this (?:number|phone))?|(?:this|the)"
            r" (?:number|phone)(?: (?:now|has|is))*(?: ?(?:belongs to (?:someone else|me|another"
            r" person)|a new owner|changed owners?|someone elses|not (?:hers|his|theirs)))(?:"
            r" now)?|(?:i|ive)(?: just)? got this number(?: recently| new)?|this is (?:now )?my"
            r" number(?: now)?|(?:this is )?someone elses number"
        ),
    ),
}
_PATTERNS = {
    kind: re.compile(
        rf"(?:{_SORRY}){{0,4}}(?:{'|'.join(_CHINESE[kind])})(?:{AFTER}){{0,6}}|(?:(?:hi|hello|sorry|hey"
        rf"|please|sadly|unfortunately|yes|no) )*(?:{'|'.join(_ENGLISH[kind])})(?: (?:already"
        r"|thanks|thank you|sorry|please|now|yesterday|today|(?:last|this) \w+|\w+ \w+ ago)){0,4}"
    )
    for kind in Event
}
# Words of a loss or a death, in whatever sentence: a person reads those, no article answers them.
SIGNS = re.compile(
    "流产了|小产了|胎停|引产了|没保住|没有保住|夭折|死胎|(?:孩子|宝宝|胎儿|娃)(?:已经|就"
    "|都)?(?:没了|没有了|不在了|走了|死了)(?!食欲|精神|力气|胃口|奶|户口|学籍|工作)"
    "|去世|过世|病故|病逝|离世|逝世|人(?:已经)?(?:走了|没了|不在了)|(?:爸|妈|父亲|母亲"
    "|爷爷|奶奶|外公|外婆|公公|婆婆|老伴|老公|老婆|丈夫|妻子|爱人|儿子|女儿|哥|姐|弟|妹"
    "|爹|娘|姥爷|姥姥)(?:他|她)?(?:上个?月|去年|前年|已经|昨天|刚刚?|前几天)*(?:走了"
    "|没了|不在了|死了)"
    r"|\bmiscarr(?:iage|ied)\b|\bstill ?born\b|\bstill ?birth\b|lost (?:the|our|my|her)"
    r" (?:baby|child|pregnancy)|pass(?:ed|es) away|\b(?:has|have|is|had|just|who) (?:died"
    r"|deceased|dead)\b"
    r"|\b(?:mother|father|wife|husband|son|daughter|mom|mum|dad|baby|child|grandmother"
    r"|grandfather|brother|sister|parent) (?:has |just |recently )?died\b"
)


def is_event(clause: str) -> bool:
    return event_of(clause) is not None


def event_of(clause: str) -> Event | None:
    """What a clause reports, the gravest first; None where it is not surely that."""
    return next((kind for kind, pattern in _PATTERNS.items() if pattern.fullmatch(clause)), None)
