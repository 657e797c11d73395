"""Text of any script made comparable.

Always: pure; a text and a term are folded by the same function, so what differs only in case,
accents, traditional characters, Arabic letter forms or apostrophes meets. Folding twice changes
nothing.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_TRADITIONAL = str.maketrans(
    "網絡雲視頻監臉識別辨禦鐵國際雪亮工程維穩務學員職業技術訓練轉營區縣鄉聯動數據圖徑護衛邊疆語"
    "嚴擊專項鬥爭總體實時線縱橫維穩軌跡見證書記點關團覺報陽門對號運農開發應傳統會驗離庫單"
    "貼賬戶頻遞黨委義務協調節約護邊監獄戒毒"
    "機構僱傭勞資議遊罷課員長裝設備發貨標籤刪檔錄連結給誰來參與組織籌領導處審訊問題東個們錄難"
    "異見維權記者訪採購買賣訂貨運輸轉載隱祕蔽寫讓從軍隊偵緝調查閘燈寢車間廠區飯館廳萬歲婦產兒"
    "髮妝飾樣類屬種藏蘇達爾維吾彝壯滿羅興倫蘭臺灣灘邏輯講義頭條郵遲換產權簽約終進歷過還後無會",
    "网络云视频监脸识别辨御铁国际雪亮工程维稳务学员职业技术训练转营区县乡联动数据图径护卫边疆语"
    "严击专项斗争总体实时线纵横维稳轨迹见证书记点关团觉报阳门对号运农开发应传统会验离库单"
    "贴账户频递党委义务协调节约护边监狱戒毒"
    "机构雇佣劳资议游罢课员长装设备发货标签删档录连结给谁来参与组织筹领导处审讯问题东个们录难"
    "异见维权记者访采购买卖订货运输转载隐秘蔽写让从军队侦缉调查闸灯寝车间厂区饭馆厅万岁妇产儿"
    "发妆饰样类属种藏苏达尔维吾彝壮满罗兴伦兰台湾滩逻辑讲义头条邮迟换产权签约终进历过还后无会",
)
"""Traditional to simplified, for the characters that our own terms use."""
_ARABIC = str.maketrans(
    {"ي": "ی", "ى": "ی", "ك": "ک", "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ة": "ه", "ۀ": "ه",
     "ہ": "ه", "ھ": "ه", "ە": "ه", "ؤ": "و", "ئ": "ی", "ء": "", "ـ": "", "\u200c": " ",
     "\u200d": "", "ے": "ی"}
)  # fmt: skip
_LATIN = str.maketrans({"đ": "d", "ı": "i", "ø": "o", "æ": "ae", "ł": "l", "ß": "ss", "ə": "e",
                        "œ": "oe", "ð": "d", "þ": "th", "ŋ": "n", "ħ": "h", "ɓ": "b", "ɗ": "d",
                        "ƙ": "k", "ƴ": "y", "ɛ": "e", "ɔ": "o", "ɲ": "n"})  # fmt: skip
_ACCENTS = dict.fromkeys(
    [*range(0x300, 0x370), *range(0x64B, 0x660), 0x670, *range(0x591, 0x5C8)], None
)
"""Marks of Latin, Greek, Cyrillic, Arabic and Hebrew go; vowel signs of other scripts stay."""
_APOSTROPHES = re.compile("['\u2019\u2018\u02bb\u02bc`\u00b4]")
_ELISION = re.compile(
    "\\b(l|d|j|n|s|m|t|c|qu|dell|all|nell|sull|dall|un)['\u2019](?=[aeiouhy\u00e0-\u00ff\u0153])"
)
"""French and Italian elisions are words of their own: d'alarme holds alarme."""
_GAP = re.compile(r"(?:[^\w\u0900-\u109f\u1780-\u17ff\u0e00-\u0fff\u1200-\u139f\ua980-\ua9df]|_)+")


@lru_cache(maxsize=1 << 13)
def fold(text: str) -> str:
    """Comparable text: folded letters, words one space apart, nothing else."""
    text = unicodedata.normalize("NFKC", text).casefold()
    if text.isascii():
        return _GAP.sub(" ", _APOSTROPHES.sub("", _ELISION.sub(r"\1 ", text))).strip()
    text = _APOSTROPHES.sub("", _ELISION.sub(r"\1 ", text)).translate(_TRADITIONAL)
    kept = unicodedata.normalize("NFD", text).translate(_ACCENTS)
    kept = kept.translate(_LATIN).translate(_ARABIC)
    return _GAP.sub(" ", unicodedata.normalize("NFC", kept)).strip()


LATINISED = frozenset({"sr", "mk", "uz"})
"""Languages written in Cyrillic and in Latin, whose terms meet in Latin letters."""
_SERBIAN = str.maketrans({
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "ђ": "dj", "е": "e", "ж": "z", "з": "z",
    "и": "i", "ј": "j", "к": "k", "л": "l", "љ": "lj", "м": "m", "н": "n", "њ": "nj", "о": "o",
    "п": "p", "р": "r", "с": "s", "т": "t", "ћ": "c", "у": "u", "ф": "f", "х": "h", "ц": "c",
    "ч": "c", "џ": "dz", "ш": "s", "ѓ": "g", "ќ": "k", "ѕ": "dz", "ў": "o", "қ": "q", "ғ": "g",
    "ҳ": "h", "э": "e", "ё": "yo", "ю": "yu", "я": "ya", "й": "y", "ъ": "", "ь": "",
})  # fmt: skip
_UZBEK = {"ж": "j", "х": "x", "ц": "ts", "ч": "ch", "ш": "sh"}
_ONLY_SERBIAN = re.compile("[ђћљњџјѓќѕ]")
_ONLY_UZBEK = re.compile("ў")
_NEITHER = re.compile("[ыіїєәөұңӣӯҷґ]")


def latinised(text: str) -> str:
    """Serbian, Macedonian or Uzbek Cyrillic in the Latin letters of the language; else as given.

    What is told by letters that only these languages have; a text with letters of another
    language is left alone.
    """
    low = text.lower()
    if _NEITHER.search(low):
        return text
    if _ONLY_UZBEK.search(low):
        return low.translate({**_SERBIAN, **{ord(k): v for k, v in _UZBEK.items()}})
    return low.translate(_SERBIAN) if _ONLY_SERBIAN.search(low) else text
