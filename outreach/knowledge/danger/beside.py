"""What stands beside the signs: words that only sound like one, and what a message is about instead."""

from __future__ import annotations

import re

# Taken out before anything is looked for.
_HAN_HARMLESS = (
    "(?:流产|小产|引产|难产|早产|先兆流产|终止妊娠)(?:产)?(?:可以|能|休|的)?(?:几天|多少天|休|给)?(?:假"
    "|休假|病假|请假)"
    "|流产(?:后)?(?:休|放|请)(?:假|几天|多少天|多久)"
    "|(?:流行性?|肾综合征)?出血热|登革出血|血管|献血|采血|抽血|验血|血常规|血型|血缘|血糖(?:仪"
    "|监测)?(?!.{0,6}(?:昏|晕))|溶血|血友病|贫血|血站|血液(?:科|透析)"
    "|(?:脚后跟|足跟|足底)(?:采)?血"
    "|(?:钱|款|补贴|津贴|奖扶|补助|工资|费|救助金|奖励)[^就还又老总天便打骂，]{0,8}打(?:到|进|给|在|入"
    "|来)?(?:了)?(?:我|俺|他|她|老婆|老公|爸|妈)"
    "|(?:会|要|能|请|有人|谁|你们?|您|麻烦|可以|快|再|回头|明天|什么时候|几点|别|不要|没人|怎么不"
    "|为什么不|工作人员|同事|医生)(?:们)?(?:给|再|就|再给)?打(?:我|俺)(?:的|们|家)?(?:这个"
    "|那个)?(?:电话|手机|号|座机|一个电话|个电话)?"
    "(?=电话|$|，|吗|吧|啊|好|一下"
    "|呢)(?<!会打我)(?<!要打我)(?<!谁打我)(?<!再打我)(?<!别打我)(?<!人打我)(?<!不要打我)"
    "|(?:打|拨)(?:了|过|通)?(?:我|俺|他|她|我妈|我爸|我老公|我老婆)(?:的|家)?(?:这个|那个)?(?:电话|手机"
    "|号码|座机|微信|卡|账户|帐户|账号|帐号|银行|存折|支付宝|社保卡)(?:号|上|里)?"
    "|(?:打|发)(?:到|进|在|给)(?:我|俺|他|她|老公|老婆)(?:的)?(?:哪)?(?:卡|账|帐|银行|存折|手机|名下"
    "|老婆|老公)"
    "|打(?:我|他|她|老公|老婆)(?:的)?(?:哪张|哪个)(?:卡|号|账户)"
    "|被打(?:了|过|完)?(?:疫苗|针|预防针|一针|破伤风)|(?:打|接种|补)(?:了|完|过|第)?.{0,5}(?:疫苗"
    "|预防针|防疫针)(?:针)?|给(?:我|孩子|娃|宝宝)打(?:了)?(?:电话|个电话|疫苗|针|预防针)"
    "|打(?:孩子|娃|宝宝|女儿)的?(?:疫苗|预防针|卡)|打人工(?:服务|电话|客服)?|打工(?:人)?"
    "|看见红|遇见红|意见红|再见红|(?:有事|有情况|到了|好了|到时候|急的话|有消息|通知|方便)(?:就|请|再"
    "|可以)?打(?:我|俺)(?=$|，)|(?:孩子|宝宝|儿童|小孩|娃)?(?:走丢|走失|防丢|防走丢|防走失)(?:手环|手表"
    "|定位|牌)|落水户口|高烧险|坠楼险|见红(?:包|十字|利|旗|薯|军)|听见红"
    "|(?:水管|管子|暖气|水箱|水桶|水表|水缸)(?:子|都|也|又)?破(?:了)?(?:水)?|破水(?:管|桶|壶)|打破水"
    "|(?:死亡|去世|丧葬|殡葬|死者|死胎|死产)(?:证明|登记|注销|补助|抚恤|费|假)?"
    "|(?:烦|累|笑|吓|热|冷|急|气|忙|困|饿|渴|乐|美|吵|腻|闷|高兴|开心|羡慕|恨|丢人|穷|贵|难|麻烦|慢|坑"
    "|催|闲|馋|羞|尴尬)死(?:我|了|人|个人|你|咯|啦|活人)*"
    "|想死(?:你|您|我了你|他了|她了|娃|老家)(?:了|们)*|爱死|打死(?:也|都|我也|我都)(?:不|没)|死活"
    "|要死要活|死心|死板|死记|死机|猝死险"
    "|跳楼(?:机|价|大?甩卖|清仓)|烧炭(?:取暖|烤火|火盆|炉)"
    "|(?:预防|防止|防范|防|禁止|反|反对|抵制|拒绝|远离|杜绝|阻止|劝阻)(?:青少年|学生|儿童|产后|校园"
    "|妇女|孕妇|家庭|老人|未成年人)?(?:的)?(?:自杀|自残|轻生|家暴|家庭暴力|拐卖|溺水|性侵|性侵害|虐待"
    "|触电|中毒|暴力|抽搐|窒息|跌倒|摔倒|坠楼|坠床|烫伤|煤气中毒|产后出血|大出血|中风|溺亡)"
    "|(?:家暴|家庭暴力|反家暴|反家庭暴力|性侵|拐卖)(?:法|条例|日|宣传|知识|普法)"
    "|(?:没有?|未|无|并未|不会|没得|还没|没|从没|没再|没怎么|不再|已经不|已不|早就不|没啥)(?:有|再|出现"
    "|发生|什么|感觉)*(?:出血|流血|见红|破水|胎动异常|抽搐|抽筋|家暴|昏迷|发烧|高烧|高热|腹痛|肚子(?:痛"
    "|疼)|头痛|头疼|晕倒|摔倒|摔跤|中毒|宫缩|早产|过敏|呼吸困难|胸闷|阴道出血|大出血|自杀|打我|打过我"
    "|打人|不舒服|吐血|便血|血块|溺水)"
    "|有没有(?:家暴|自杀)史|(?:自杀|家暴|性侵|拐卖)(?:率|案例|题材|电影|新闻|剧|片)"
    "|自伤自残|意外伤害险|(?:儿童|孩子|学生|意外|车祸|重疾|大病|工伤)(?:的)?(?:意外)?险"
    "|救命(?:钱|药|恩人|稻草|款|之恩)|要命的?(?:是|吗)|人命|救护车(?:收费|多少钱|报销|怎么收费|要钱)"
    "|不(?:出血|流血|见红|抽搐|发烧|痛|疼)(?:了)?(?!.{0,4}(?:止|停))"
    "|跳绳|跳舞|跳过|上吊(?:扇|顶|灯|水|针|瓶)|上楼|割包皮|割双眼皮|抽(?:奖|烟|签|查|检|空|时间|屉|水"
    "|纸|样)|打(?:听|扰|印|扫|扮|折|包|开|卡|工|算|交道|胎|嗝|呼噜|喷嚏|饱嗝)"
    "|强(?:制|迫)?(?:险|保险)|羊水穿刺|羊穿|羊水(?:检查|栓塞险)|产检|孕检"
    "|被(?:打|踢|砍)(?:断|回|了回来|扰|动|包|折|出群|掉线|下线|价|掉补贴)"
    "|见红(?:是什么|什么意思|啥意思|是啥)|(?:什么|啥)(?:是|叫)(?:见红|破水|胎动|宫缩|子痫|家暴|性侵)"
    "|胎动(?:计数|怎么数|数几次|什么时候有|几个月(?:有|开始)|什么时候开始|多久(?:有|能)|正常是|一般"
    "|从几周|几周)|怎么数胎动|数胎动"
    "|活(?:动|期|血|检|性|塞|产|不久|干|虾|鱼)"
)
# About such things, not in the midst of them.
_HAN_TALK = (
    "宣传|讲座|培训|科普|海报|志愿|课程|上课|听课|公开课|讲课|演练|手册|传单|横幅|展板|读本|论文|电影"
    "|电视剧|小说|新闻|报道|视频号|短视频|作业|考试"
    "|选择题|征文|主题活动|公益活动|急救员|急救证|急救培训|学急救|学习急救|红十字会|防溺水|防拐"
    "|知识竞赛|纪念日|问卷"
)
# Money, leave and papers that are asked about.
_HAN_POLICY = (
    "报销|医保|保险|补贴|补助|津贴|请假|休假|病假|产假|几天假|休几天|休多少天|放几天|多少钱|赔|费用"
    "|怎么收费|免费吗|自费|伤残|鉴定|低保|救助金|报不报|给报|能报|报多少|报得|比例"
    "|什么是|是什么意思|啥意思|啥是|有哪些症状|哪些症状|哪些情况|什么症状|有什么征兆|怎么预防|如何预防"
    "|怎样预防|怎么避免|怎么区分|和.{1,4}区别|什么区别|正常范围|正常吗一般|疫苗|接种|几岁打|几月打"
)
# Somebody, and now.
_HAN_HERE = (
    "我(?!国|县|们?单位|们?村|们?县|们?镇|们?社区|们?公司|能|可以|想问|想了解|要交|该|怎么报|想请假"
    "|想知道|请问|问一下|问下)|俺|咱|佢|现在|正在|突然|刚刚|刚才|今天|今晚|昨晚|昨天|今早|早上|半夜"
    "|一直|怎么办|咋办|咋整|点算|救(?!助|护车费|护车报|济)"
    "|媳妇|老婆|堂客|婆娘|儿媳|嫂子|爱人|老公|不止|赶紧|快来|马上|急|了$|不停"
)

_LATIN_HARMLESS = (
    r"bleeding[- ]edge|blood (?:test|type|pressure|sugar|donation|donor|work|group|count)s?"
    r"|nosebleed history|grape|drape|rapeseed"
    r"|hit (?:me|us) (?:up|back)|beat (?:the|that) (?:queue|rush|deadline)|dying to (?:know|hear|see)"
    r"|die to know|kill time|killing time"
    r"|(?:no|not any|without|never had|never|stopped) (?:bleeding|seizures?|contractions|chest pain"
    r"|violence|abuse|heavy bleeding)|not bleeding|heart attack of laughter|seizure of (?:property"
    r"|assets|goods)"
    r"|abus(?:e|ing) (?:of )?(?:the system|subsid\w+|benefits?)|suicide prevention|prevent(?:ing"
    r"|ion of)? (?:suicide|poisoning|drowning|domestic violence|abuse|choking|sids)|drug abuse lecture"
    r"|anti-?(?:domestic )?(?:violence|abuse)|strok(?:e|ing) (?:my|her|his|the|of) ?(?:hair|cat|luck"
    r"|genius)?|moving house|moving (?:to|away|from|in|out)"
    r"|miscarriage leave|haemorrhagic fever|hemorrhagic fever|kids? meal|knife crime statistics|rape ?seed"
)
_LATIN_TALK = (
    r"\b(?:lecture|leaflet|poster|brochure|workshop|training|campaign|awareness|volunteer|seminar"
    r"|homework|essay|movie|film|novel|news|course|first[- ]aid (?:class|course)|article about"
    r"|statistics)\b"
)
_LATIN_POLICY = (
    r"\b(?:reimburse\w*|insurance|insured|subsid\w+|allowance|leave|how much|cost|costs|cover(?:ed|age)?"
    r"|compensation|vaccin\w+|paid for|what is|what are the signs|signs of|symptoms of|how to (?:prevent"
    r"|avoid)|meaning of|prevent\w*|days off)\b"
)
_LATIN_HERE = (
    r"\b(?:my|i'?m|i am|me|now|right now|today|tonight|help|she is|he is|she'?s|he'?s|just|urgent"
    r"|emergency|what should i do)\b"
)

HARMLESS = re.compile(f"{_HAN_HARMLESS}|{_LATIN_HARMLESS}")
TALK = re.compile(f"{_HAN_TALK}|{_LATIN_TALK}")
POLICY = re.compile(f"{_HAN_POLICY}|{_LATIN_POLICY}")
HERE = re.compile(f"{_HAN_HERE}|{_LATIN_HERE}")
