"""Text as people type it, brought to one shape before anything is compared."""

from __future__ import annotations

import re
import unicodedata

# Phones type a curly one.
_APOSTROPHES = str.maketrans("’‘`´", "''''")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
# Signs that are written and not seen: joiners, direction marks, variation selectors; and accents piled up.
_UNSEEN = {"Cf", "Mn", "Me", "Cc", "Co", "Cs"}
# Of the traditional signs those that residents need here: to stop, to ask, to answer us.
_TRADITIONAL = (
    "亂乱亞亚佈布佔占併并來来係系倉仓個个們们倫伦偽伪備备傳传債债傷伤傾倾僅仅價价儀仪億亿"
    "償偿優优儲储兌兑兒儿內内兩两冊册別别刪删則则剛刚創创劃划劉刘動动務务勝胜勞劳勢势勵励"
    "勸劝勻匀匯汇區区協协卻却厭厌參参"
    "吳吴員员問问啞哑啟启喪丧單单嗎吗嘆叹嘗尝嘮唠噁恶嚇吓嚴严國国圍围園园圓圆圖图堅坚報报"
    "場场塊块塵尘墊垫壇坛壓压壞坏壯壮壺壶夠够夾夹奪夺奮奋妳你婦妇媽妈嬰婴孫孙學学實实寧宁"
    "審审寫写寬宽寶宝將将對对層层屬属"
    "島岛師师帳帐帶带幣币幫帮幹干廟庙廠厂廢废廣广廳厅強强彆别彈弹後后徑径從从復复徹彻惡恶"
    "愛爱慣惯慮虑憂忧憑凭憲宪憶忆懇恳應应懶懒懷怀戀恋戰战戲戏戶户掃扫揚扬換换搖摇撥拨擁拥"
    "擇择擊击擋挡擔担據据擱搁擴扩擺摆"
    "擾扰攔拦攝摄敗败敘叙數数斂敛斷断時时晉晋暫暂曆历曬晒書书會会東东條条業业極极構构槍枪"
    "標标樣样樸朴樹树橋桥機机檔档檢检櫃柜權权歐欧歡欢歲岁歷历歸归殘残殺杀殼壳氣气沒没況况"
    "涼凉淨净減减測测湯汤準准溝沟溫温"
    "滅灭滾滚滿满漢汉漸渐澤泽濕湿濫滥災灾為为無无煩烦熱热燒烧營营爐炉爭争爺爷爾尔牆墙牽牵"
    "犧牺狀状猶犹獎奖獨独現现瑪玛環环產产甦苏當当瘋疯療疗發发皺皱盡尽監监盤盘盧卢眾众睜睁"
    "瞞瞒瞭了確确碼码礎础礙碍禍祸禮礼"
    "禿秃種种稱称穩稳窮穷競竞筆笔節节範范築筑篩筛簡简籃篮籤签籲吁粵粤糧粮紀纪約约紅红純纯"
    "紙纸級级細细紹绍終终組组結结絕绝絡络給给統统絲丝經经綠绿維维網网緊紧線线練练縣县縫缝"
    "縮缩總总績绩織织繩绳繫系繼继續续"
    "纏缠罰罚罷罢羅罗習习聖圣聞闻聯联聰聪聲声職职聽听肅肃腦脑腫肿腳脚膽胆臉脸臨临臺台與与"
    "舉举艦舰艱艰莊庄華华萬万葉叶蓋盖薦荐藍蓝藥药蘇苏蘭兰處处號号蟲虫術术衛卫裏里補补裝装"
    "裡里製制複复襲袭見见規规視视覺觉"
    "觀观訂订計计訊讯託托訪访設设許许訴诉註注評评詞词詢询試试話话該该詳详誇夸誌志認认語语"
    "誠诚誤误說说誰谁課课調调談谈請请諒谅論论諮咨謝谢證证識识譯译議议護护讀读變变讓让豐丰"
    "貓猫財财貨货責责貴贵買买貸贷費费"
    "貼贴資资賓宾賣卖質质賬账賴赖購购贈赠贏赢趕赶趙赵躍跃車车軍军軟软較较載载輔辅輕轻輛辆"
    "輸输轉转辦办辭辞農农這这週周運运過过達达違违遞递遠远適适遷迁選选遺遗邁迈還还邊边鄉乡"
    "鄰邻醜丑醫医釋释針针鈕钮銀银銷销"
    "鋪铺錄录錢钱錯错鍵键鎖锁鎮镇鏡镜鐘钟鑰钥長长門门閃闪閉闭開开閑闲閒闲間间閱阅關关陰阴"
    "陳陈陸陆陽阳隊队階阶際际隨随險险隱隐隻只雖虽雙双雜杂雞鸡離离難难雲云電电靈灵靜静響响"
    "頁页頂顶項项順顺須须預预頓顿領领"
    "頭头頸颈頻频顆颗題题額额顏颜願愿類类顧顾風风飛飞飯饭飲饮餘余館馆馬马駕驾騙骗騷骚驗验"
    "驚惊髒脏體体鬆松鬧闹魚鱼鮮鲜鳥鸟鳳凤麗丽麥麦麼么黃黄點点齊齐齒齿齡龄龍龙龜龟"
)
_SIMPLIFIED = {ord(old): new for old, new in zip(_TRADITIONAL[::2], _TRADITIONAL[1::2], strict=True)}


def plain(text: str) -> str:
    """One script, one width, one case, and only signs that are seen; spaces and punctuation stay.

    >>> plain("退訂　ＴＤ\u200b")
    '退订 td'
    """
    wide = unicodedata.normalize("NFKC", text).casefold().translate(_APOSTROPHES).translate(_SIMPLIFIED)
    # Whatever breaks a line is a space; the rest that cannot be seen is not there.
    spaced = "".join(" " if sign.isspace() else sign for sign in wide)
    return "".join(sign for sign in spaced if unicodedata.category(sign) not in _UNSEEN)


def fold(text: str) -> str:
    """`plain`, with runs of space brought to one, and no punctuation at either end.

    >>> fold("　ＴＤ！ ")
    'td'
    """
    return _EDGES.sub("", " ".join(plain(text).split()))
