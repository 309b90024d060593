"""Text as people type it, brought to one shape before anything is compared."""

from __future__ import annotations

import re
import unicodedata

# Phones type a curly one.
_APOSTROPHES = str.maketrans("’‘`´", "''''")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
# Signs that are written and not seen: joiners, direction marks, variation selectors; and accents piled up.
_UNSEEN = {"Cf", "Mn", "Me", "Cc", "Co", "Cs"}
# The traditional signs that residents write and are called by, each before its simplified one.
_TRADITIONAL = (
    "亂乱亞亚佈布佔占併并來来侖仑係系俠侠倉仓個个們们倫伦偉伟側侧偵侦偽伪傑杰備备傳传債债傷伤傾倾僅仅僑侨價价儀仪億亿儉俭償偿優优儲储兌兑兒儿內内兩两冊册凱凯別别刪删則则剛刚創创劃划劇剧劉刘劍剑劑剂"
    "勁劲動动務务勝胜勞劳勢势勳勋勵励勸劝勻匀匯汇區区協协卻却厭厌參参叢丛吳吴呂吕員员問问啓启啞哑啟启喚唤喪丧喬乔單单嗎吗嘆叹嘗尝嘮唠噁恶嚇吓嚮向嚴严國国圍围園园圓圆圖图團团執执堅坚報报場场塊块塗涂"
    "塵尘墊垫壇坛壓压壘垒壞坏壯壮壺壶壽寿夠够夢梦夾夹奪夺奮奋妳你娛娱婁娄婦妇婭娅媽妈嫵妩嫻娴嬋婵嬌娇嬰婴孃娘孫孙學学宮宫實实寧宁審审寫写寬宽寶宝將将專专尋寻對对導导層层屬属峯峰島岛峽峡崗岗嵐岚嶺岭"
    "師师帳帐帶带幣币幫帮幹干廟庙廠厂廢废廣广廳厅張张強强彆别彈弹彌弥彙汇彥彦後后徑径從从復复徹彻恆恒悅悦惡恶愛爱慣惯慮虑慶庆憂忧憐怜憑凭憲宪憶忆懇恳應应懶懒懷怀戀恋戰战戲戏戶户掃扫掛挂採采揚扬換换"
    "揮挥損损搖摇撥拨撫抚擁拥擇择擊击擋挡擔担據据擱搁擴扩擺摆擾扰攔拦攝摄攬揽敗败敘叙敵敌數数斂敛斷断旂旗昇升時时晉晋晝昼暉晖暫暂曆历曉晓曬晒書书會会東东條条梟枭棗枣棟栋楊杨楓枫業业極极榮荣構构槍枪"
    "樁桩樂乐樓楼標标樞枢樣样樸朴樹树橋桥機机檔档檢检櫃柜櫻樱欄栏權权欒栾歐欧歡欢歲岁歷历歸归殘残殺杀殼壳毀毁氣气沒没沖冲況况涼凉淚泪淨净淵渊淺浅減减測测渾浑湧涌湯汤準准溝沟溫温滄沧滅灭滾滚滿满漁渔"
    "漢汉漸渐潔洁潛潜潤润澀涩澗涧澤泽濃浓濕湿濟济濤涛濫滥濱滨瀏浏瀾澜灑洒灘滩灣湾災灾為为烏乌無无煉炼煒炜煙烟煥焕煩烦煬炀熱热熾炽燁烨燈灯燒烧營营燦灿爍烁爐炉爭争爺爷爾尔牆墙牽牵犧牺狀状狹狭猶犹獅狮"
    "獎奖獨独獲获獻献現现琺珐瑋玮瑤瑶瑩莹瑪玛璣玑環环璽玺瓊琼瓏珑產产甦苏甯宁畝亩畢毕畫画異异當当疊叠瘋疯療疗癒愈發发皚皑皺皱盡尽監监盤盘盧卢眾众睜睁瞞瞒瞭了矚瞩碩硕確确碼码磚砖礎础礙碍礦矿祿禄禍祸"
    "禎祯禦御禪禅禮礼禿秃稈秆種种稱称穀谷穌稣積积穎颖穩稳窮穷竇窦競竞筆笔節节範范築筑篩筛簡简簽签籃篮籌筹籤签籲吁粵粤糧粮紀纪約约紅红紋纹純纯紗纱紙纸級级紡纺細细紳绅紹绍終终組组結结絕绝絡络給给統统"
    "絲丝絹绢綉绣經经綠绿維维綱纲網网綸纶綺绮綿绵緊紧緒绪線线緣缘緯纬練练縣县縫缝縮缩縷缕總总績绩織织繡绣繩绳繫系繼继續续纏缠纓缨纖纤罰罚罷罢羅罗羨羡義义習习翹翘聖圣聞闻聯联聰聪聲声聶聂職职聽听肅肃"
    "脈脉腦脑腫肿腳脚膽胆臉脸臨临臺台與与興兴舉举舊旧艦舰艱艰艷艳莊庄華华萬万葉叶葦苇蓋盖蓮莲蔣蒋蔭荫蕭萧薦荐薩萨藍蓝藝艺藥药蘆芦蘇苏蘊蕴蘋苹蘭兰處处虛虚虜虏號号蝦虾螢萤蟬蝉蟲虫蠶蚕術术衛卫裏里補补"
    "裝装裡里製制複复襲袭見见規规視视親亲覺觉覽览觀观訂订計计訊讯訓训託托記记訪访設设許许訴诉註注評评詞词詠咏詢询試试詩诗話话該该詳详誇夸誌志認认語语誠诚誤误說说誰谁課课誼谊調调談谈請请諒谅論论諮咨"
    "諾诺謙谦講讲謝谢謹谨證证識识譚谭譯译議议護护譽誉讀读變变讓让豐丰豔艳貓猫貝贝貞贞財财貢贡貨货責责貴贵買买貸贷費费貼贴賀贺資资賈贾賓宾賜赐賞赏賢贤賣卖賦赋質质賬账賴赖購购贈赠贊赞贏赢趕赶趙赵躍跃"
    "車车軍军軒轩軟软較较載载輔辅輕轻輛辆輝辉輪轮輯辑輸输轉转辦办辭辞農农這这連连週周進进運运過过達达違违遙遥遜逊遞递遠远適适遲迟遷迁選选遺遗邁迈還还邊边鄉乡鄒邹鄧邓鄭郑鄰邻鄺邝醜丑醫医釋释釗钊針针"
    "鈕钮鈞钧鈴铃鈺钰鉅钜鉛铅銀银銘铭銳锐銷销鋒锋鋪铺鋼钢錄录錚铮錢钱錦锦錫锡錯错鍋锅鍵键鍾钟鎖锁鎮镇鏈链鏡镜鐘钟鐵铁鑒鉴鑰钥鑽钻鑾銮長长門门閃闪閆闫閉闭開开閑闲閒闲間间閣阁閩闽閱阅閻阎闊阔闖闯關关"
    "闡阐陰阴陳陈陸陆陽阳隊队階阶際际隨随險险隱隐隻只雖虽雙双雛雏雜杂雞鸡離离難难雲云電电霧雾霽霁靈灵靜静韋韦韓韩韻韵響响頁页頂顶項项順顺須须頌颂預预頓顿頗颇領领頤颐頭头頴颖頸颈頻频顆颗題题額额顏颜"
    "願愿類类顧顾顯显風风颯飒飄飘飛飞飯饭飲饮養养餘余館馆饒饶馬马馮冯馳驰駒驹駕驾駱骆駿骏騏骐騙骗騰腾騷骚驊骅驕骄驗验驚惊驥骥驪骊髒脏體体髮发鬆松鬥斗鬧闹魚鱼魯鲁鮮鲜鯤鲲鳥鸟鳳凤鳴鸣鴛鸳鴦鸯鴻鸿鵑鹃"
    "鵝鹅鵬鹏鶯莺鶴鹤鷗鸥鷹鹰鹽盐麗丽麥麦麼么黃黄點点黨党齊齐齋斋齒齿齡龄龍龙龐庞龔龚龜龟"
)
_SIMPLIFIED = {ord(old): new for old, new in zip(_TRADITIONAL[::2], _TRADITIONAL[1::2], strict=True)}


def simplified(text: str) -> str:
    """In simplified script.

    >>> simplified("張梅")
    '张梅'
    """
    return text.translate(_SIMPLIFIED)


def plain(text: str) -> str:
    """One script, one width, one case, and only signs that are seen; spaces and punctuation stay.

    >>> plain("退訂　ＴＤ\u200b")
    '退订 td'
    """
    wide = simplified(unicodedata.normalize("NFKC", text).casefold().translate(_APOSTROPHES))
    # Whatever breaks a line is a space; the rest that cannot be seen is not there.
    spaced = "".join(" " if sign.isspace() else sign for sign in wide)
    return "".join(sign for sign in spaced if unicodedata.category(sign) not in _UNSEEN)


def fold(text: str) -> str:
    """`plain`, with runs of space brought to one, and no punctuation at either end.

    >>> fold("　ＴＤ！ ")
    'td'
    """
    return _EDGES.sub("", " ".join(plain(text).split()))
