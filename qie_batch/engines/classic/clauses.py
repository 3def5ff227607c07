"""The patterns of the vocabulary. Each matches one whole clause, case-folded, its texts replaced by "0", "1".

English clauses have single spaces; Chinese ones have none.
"""

from __future__ import annotations

import re

from qie_batch.engines.classic.colour_codes import CODE
from qie_batch.engines.classic.colours import BY_WORD, CHINESE, ENGLISH, GREYS

#: The separators between the clauses of a sentence.
JOINTS = re.compile(
    r"[,;.!?。、\n]|\b(?:and|then|also|finally|please|pls|plz|kindly)\b|\b(?:can|could|would) you\b"
    r"|(?:并且|并|然后|接着|随后|同时|最后|再(?=[把将在加添变调改换写]))"
)

#: The operation whose name contains a separator.
MONOCHROME = re.compile(r"\bblack[ -](?:and|&)[ -]white\b|\bb&w\b")

#: Words that an object's name may not contain: they restrict, negate or shade, which no recolour by hue does.
FORBIDDEN_WORDS = frozenset(BY_WORD) | frozenset(
    re.findall(
        r"[^ ]+",
        "on in at of with without but not except no only left right front back top bottom or from to near "
        "behind under over into as background backdrop bg text inside outside upper lower half neon pastel "
        "matte metallic glossy dark light bright deep pale hot vivid soft shiny between never don't is are",
    )
)
FORBIDDEN_HANZI = re.compile(
    "[不除左右上下前后里内外只仅和与及别没非勿到从在]|背景|文字|" + "|".join(BY_WORD)
)
#: Clothes whose Chinese names contain a word of place: coat, top, underwear.
CLOTHES = re.compile("外套|外衣|上衣|内衣")
_HANZI = "一-鿿"

_WHOLE = r"(?:it|this|(?:the |this |whole |entire )*(?:picture|image|photo|photograph|shot|scene|photo))"
_WHOLE_ZH = r"(?:(?:把|将|让)?(?:整张|整个|这张)?(?:图片|照片|图像|画面|图|它)?(?:整体)?(?:的)?)"
_START_ZH = r"(?:请)?(?:帮我)?"
_INTO_ZH = r"(?:换成|换为|换|改成|改为|变成|变为|调成|调为|设为|设成|替换成|替换为|转成|转为|染成|做成)"
_PLAIN = r"(?:(?:a|an|plain|pure|solid|clean|simple|uniform|seamless|completely|fully) )*"
_EN = rf"(?P<colour>(?:{ENGLISH})(?: {CODE})?|{CODE})"
_ZH = rf"(?P<colour>(?:{CHINESE})(?:{CODE})?|{CODE})"
#: The code may also stand behind the noun: "white background #ffffff".
_ITS_CODE = rf"(?: (?P<code>{CODE}))?"
_GROUND = r"(?:(?:studio |image |photo |picture |product )?(?:background|backdrop|bg))"
_OLD_GROUND = rf"(?:(?:the|its) )?(?:(?:{ENGLISH}|current|existing) )?{_GROUND}"
_SHADE = r"(?: colou?r(?: code)?)?"
_ITEM = r"(?:it|this|the (?:product|item|object))"
_REMOVE = r"(?:remove|delete|erase|cut out|clear|get rid of)"
_REMOVE_ZH = r"(?:去除|去掉|去|移除|删除|删掉|抠掉)"
_THING = r"(?P<thing>(?:(?: [a-z-]+){0,3}?(?P<noun> [a-z-]+))?)"
_CHANGE = r"(?:change|turn|make|recolou?r|paint|dye|convert)"
_SAME = r"(?: (?:one|colou?r)|(?P=thing)|(?P=noun))?"
_FROM = rf"(?P<source>{ENGLISH})"
_TO = rf"(?:(?:a|an|solid) )?(?P<target>(?:{ENGLISH})(?: {CODE})?|{CODE})"
_TO_ZH = rf"(?P<target>(?:{CHINESE})(?:{CODE})?|{CODE})"
_LESS = r"(?P<less>(?:slightly |a (?:little|bit|touch) )?)"
_MUCH = r"(?P<more>(?:much |a lot |significantly )?)"
_ZH_LESS = r"(?P<less>(?:一点点|一点|一些|稍微|略微|些|点)?)"
_ZH_MUCH = r"(?P<more>(?:很多|许多)?)"
_TONE = r"(?P<tone>warm|cool|cold|autumn|autumnal|fall|vintage|retro)"
_LOOK = (
    r"(?:(?:colou?r )?(?:tone|tones|toned|look|style|feel|mood|filter|effect|atmosphere|palette|colou?rs))"
)
_TONE_ZH = r"(?P<tone>暖色|暖|冷色|冷|秋天|秋季|秋日|秋|复古|怀旧)"
_LOOK_ZH = r"(?:的)?(?:色?调|风格|风|感觉|氛围|滤镜|效果|色彩|气氛)"
_GREY = r"(?:monochrome|gr[ea]y ?scale)"
_PLACE = r"(?P<place>top|bottom|cent(?:re|er)|middle)(?:[ -](?:cent(?:re|er)|middle))?"
_AT = rf"(?: (?:(?:at|in|on|to) )?(?:the )?{_PLACE}(?: of {_WHOLE})?)?"
_PLACE_ZH = r"(?P<place>上方|上面|上部|顶部|顶端|下方|下面|下部|底部|底端|中间|中央|中部|中心|正中)"
_PICTURE_ZH = r"(?:图片|照片|图像|画面|图)?(?:的)?"
_INK = rf"(?: in {_EN}(?: letters)?)?"
_INK_ZH = rf"(?:{_ZH}(?:的)?)?"
_TEXT = r'"(?P<text>\d+)"'

_BACKGROUND = (
    (
        rf"(?:change|turn|make|set|replace|paint|switch) {_OLD_GROUND}{_SHADE}"
        rf"(?: of {_WHOLE})? (?:(?:to|into|with|by) )?{_PLAIN}{_EN}"
        rf"(?: (?:one|colou?r|{_GROUND}))?{_ITS_CODE}"
    ),
    (
        rf"(?:(?:put|place|show|set|isolate) {_ITEM} (?:on|onto|in front of|against) |on |(?:give|make) it |"
        rf"(?:use|add|with|make|change (?:it )?to|make it with|i (?:want|need)) )?"
        rf"{_PLAIN}{_EN} {_GROUND}{_ITS_CODE}"
    ),
    rf"(?:put|place|show|set|isolate) the (?:product|item|object) (?:on|onto|against) {_PLAIN}{_EN}",
    rf"(?:the )?{_GROUND}{_SHADE}(?: to| ?[:=]| in| is| should be| must be)? {_PLAIN}{_EN}",
    (
        rf"{_START_ZH}(?:把|将|让)?{_PICTURE_ZH}(?:{CHINESE})?背景(?:颜色|色)?(?:都|全部)?"
        rf"(?:{_INTO_ZH}|用|要|为|是|:)?{_ZH}(?:的)?(?:背景|底图|底)?"
    ),
    (
        rf"{_START_ZH}(?:{_REMOVE_ZH}背景(?:后)?)?(?:{_INTO_ZH}|用|使用|加|加上)?{_ZH}(?:的)?(?:背景|底图|底)"
        rf"(?:图)?(?P<code>{CODE})?"
    ),
    rf"{_START_ZH}{_REMOVE_ZH}背景(?:后)?{_INTO_ZH}{_ZH}",
)
_RECOLOUR = (
    rf"{_CHANGE} (?:(?:the|this|all the|all) )?(?:colou?r of the )?{_FROM}{_THING} (?:to|into) {_TO}{_SAME}",
    rf"(?:make|turn|paint|dye) (?:the|this) {_FROM}{_THING} {_TO}",
    (
        rf"(?:change|turn|recolou?r|paint|dye) (?:the (?:colou?r of the )?)?(?P<thing>(?:[a-z-]+ ){{0,4}}?)"
        rf"from {_FROM} (?:to|into) {_TO}"
    ),
    rf"replace (?:the )?{_FROM}{_THING} (?:with|by) {_TO}{_SAME}",
    (
        rf"{_START_ZH}(?:把|将)?(?:这件|这个|这只|这双|那个|图中|图片中)?(?:的)?(?P<source>{CHINESE})(?:的)?"
        rf"(?P<thing>[{_HANZI}]{{0,6}}?)(?:的颜色)?{_INTO_ZH}{_TO_ZH}(?:的(?P=thing)|(?P=thing))?"
    ),
    (
        rf"{_START_ZH}(?:把|将)(?P<thing>[{_HANZI}]{{1,6}}?)(?:的颜色)?"
        rf"从(?P<source>{CHINESE}){_INTO_ZH}{_TO_ZH}"
    ),
)
_TONES = (
    rf"(?:make {_WHOLE} |a bit |slightly )*(?P<tone>warm|cool)er(?: in tone)?",
    (
        rf"(?:(?:give|apply|add|use|make|turn|change|set|with) )?(?:{_WHOLE} )?(?:(?:to|into|in|look) )?"
        rf"(?:(?:a|an|the) )?{_TONE}(?: {_LOOK})*(?: (?:to|on) {_WHOLE})?"
    ),
    rf"make {_WHOLE} (?:look|feel) (?:like |more )?{_TONE}",
    rf"{_START_ZH}{_WHOLE_ZH}(?:{_INTO_ZH}|加上|加|用|使用|添加|应用)?{_TONE_ZH}{_LOOK_ZH}",
    rf"{_START_ZH}{_WHOLE_ZH}(?:变|调|更|调得更)(?P<tone>暖|冷)(?:一点|一些)?",
)
_BRIGHTNESS = (
    rf"(?:make {_WHOLE} )?{_LESS}{_MUCH}(?:(?P<up>brighter|lighter)|darker)",
    rf"{_LESS}{_MUCH}(?:(?P<up>brighten|lighten)|darken)(?: up)?(?: {_WHOLE})?",
    rf"{_LESS}{_MUCH}(?:(?P<up>increase|raise)|decrease|reduce|lower)(?: the)? brightness(?: of {_WHOLE})?",
    rf"{_START_ZH}{_WHOLE_ZH}(?:调|变|弄)?(?:得)?(?:更)?(?:(?P<up>提亮|亮)|暗){_ZH_LESS}{_ZH_MUCH}",
    rf"{_START_ZH}{_WHOLE_ZH}(?:(?P<up>增加|提高|增强)|降低|减少|减小){_ZH_LESS}{_ZH_MUCH}{_PICTURE_ZH}亮度",
)
_GREYS = (
    (
        rf"(?:(?:make|turn|convert|change|render) {_WHOLE} )?(?:(?:to|into|in) )?(?:a )?"
        rf"{_GREY}(?: (?:photo|image|picture))?"
    ),
    rf"(?:convert|change|turn) (?:to|into) {_GREY}",
    rf"desaturate(?: {_WHOLE})?|remove (?:all )?(?:the )?colou?rs?",
    rf"{_START_ZH}{_WHOLE_ZH}(?:{_INTO_ZH}|处理成)?(?:黑白|灰度)(?:色|的)?(?:照片|图片|图|效果|风格)?",
    rf"{_START_ZH}{_WHOLE_ZH}去色",
)
_TEXTS = (
    (
        rf"(?:add|write|put|print|place|overlay) (?:the |a )?"
        rf"(?:(?:text|words?|title|caption|slogan)(?: saying| reading| that (?:says|reads))?:? )?"
        rf"{_TEXT}(?: text)?{_AT}{_INK}"
    ),
    (
        rf"{_START_ZH}(?:在)?{_PICTURE_ZH}(?:{_PLACE_ZH})?(?:添加|加上|加入|加|写上|写|放上)"
        rf"{_INK_ZH}(?:文字|文本|标题|字样|字)?:?{_TEXT}(?:字样|文字)?"
    ),
    (
        rf"{_START_ZH}(?:添加|加上|加入|加|写上|写){_INK_ZH}(?:文字|文本|标题|字样)?:?{_TEXT}"
        rf"(?:在|到){_PICTURE_ZH}{_PLACE_ZH}"
    ),
)
_BY_KIND = {
    "background": _BACKGROUND,
    "recolour": _RECOLOUR,
    "tone": _TONES,
    "brightness": _BRIGHTNESS,
    "grey": _GREYS,
    "text": _TEXTS,
}

#: Kind and pattern, in the order they are tried.
CLAUSES = tuple((kind, re.compile(pattern)) for kind, patterns in _BY_KIND.items() for pattern in patterns)

#: A request for transparent pixels, which is answered in a sentence of its own.
TRANSPARENT = re.compile(
    rf"transparen|see[- ]?through|{_REMOVE}.*{_GROUND}|{_GROUND} remov"
    rf"|透明|抠图|{_REMOVE_ZH}.{{0,4}}(?:背景|底)"
)
_REMOVAL = re.compile(
    rf"{_REMOVE} {_OLD_GROUND}(?: (?:of|from) {_WHOLE})?"
    rf"|{_START_ZH}(?:(?:把|将)?背景{_REMOVE_ZH}|{_REMOVE_ZH}{_PICTURE_ZH}背景|抠图)"
)
#: What fills a background that the clause before has removed. "Make it red" may mean the product.
_FILLING = re.compile(
    rf"(?:(?:replace|fill|change|swap) (?:it|that) (?:to|with|by|into) |put |use |add )(?P<any>{_PLAIN}{_EN})"
    rf"|(?:make|turn|set) (?:it|that) (?P<grey>{_PLAIN}(?:(?:{GREYS})(?: {CODE})?|{CODE}))"
)
_FILLING_ZH = re.compile(rf"(?:{_INTO_ZH}|用|加){_ZH}(?:的)?(?:背景|底图|底)?")
#: Where "it" is the product: at the start, not behind a text. Without a verb, as the whole instruction.
_ITEM_ON = re.compile(
    rf"(?:put|place|show|set|isolate) {_ITEM} (?:on|onto|against) (?P<ground>{_PLAIN}{_EN})"
)
_ON = re.compile(rf"(?:on|against) (?P<ground>{_PLAIN}{_EN})")


def in_context(clauses: list[str]) -> list[str]:
    """The clauses, each of which means the same on its own, if they are understood at all."""
    if not clauses:
        return []
    on = _ITEM_ON.fullmatch(clauses[0]) or (len(clauses) == 1 and _ON.fullmatch(clauses[0]))
    if on:
        return [f"background: {on['ground']}", *clauses[1:]]
    return _without_removal(clauses)


def _without_removal(clauses: list[str]) -> list[str]:
    """The clauses without "remove the background" where the next one says what takes its place."""
    if len(clauses) < 2 or not _REMOVAL.fullmatch(tight(clauses[0])):
        return clauses
    second = tight(clauses[1])
    found = _FILLING.fullmatch(second)
    if found:
        return [f"background: {found['any'] or found['grey']}", *clauses[2:]]
    if _FILLING_ZH.fullmatch(second):
        return [f"背景{second}", *clauses[2:]]
    fills = any(pattern.fullmatch(second) for kind, pattern in CLAUSES if kind == "background")
    return clauses[1:] if fills else clauses


def tight(clause: str) -> str:
    """Chinese is written without spaces, except around Latin words and by mistake."""
    return clause if clause.isascii() else re.sub(r"\s", "", clause)
