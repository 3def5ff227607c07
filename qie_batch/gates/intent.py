"""What an instruction, in English or Chinese, allows to change.

A gate that looks for a change which the instruction may mean finds faults that are none. So a clause that is
not understood allows everything, and "keep the logo" forbids nothing that another clause allows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    #: What is behind the product.
    background: bool = False
    #: The product itself: another colour, material, garment or object.
    product: bool = False
    #: Words on the image.
    text: bool = False
    #: Where things are: crop, rotation, mirror, zoom, pose, canvas.
    geometry: bool = False
    #: Mood, light or tone of the whole image.
    style: bool = False

    @classmethod
    def of(cls, names: set[str]) -> Self:
        return cls(**{each.name: each.name in names for each in fields(cls)})


_EVERYTHING = {each.name for each in fields(Intent)}

_QUOTED = re.compile(r"[“\"「『‘《].*?[”\"」』’》]|(?<!\w)'[^']*'(?!\w)")
_CLAUSE = re.compile(
    r"[;,.!?\n；，。！？、]+(?!\d)|\b(?:and then|then|and|but|while)\b|然后|并且|同时|接着|并"
)
_KEPT = re.compile(
    r"\b(?:keep|keeping|preserve|preserving|retain|leave|leaving|maintain|maintaining)\b"
    r"|\b(?:do not|don't|without|never) (?:chang|alter|touch|modif|mov)|\bunchanged\b|\bstays?\b"
    r"|保持|保留|不变|不要(?:改|动|变)|别(?:改|动|变)|勿"
)
_BACKGROUND = re.compile(
    r"\b(?:back ?grounds?|backdrops?|behind|scene|scenery|surroundings?|setting|environment|cut ?out|floor|wall"
    r"|shadows?|reflections?|transparent|isolate)\b"
    r"|\b(?:put|place|set|stand|show|display|photograph) (?:it|this|them|the [\w -]+?) (?:\w+ )?"
    r"(?:on|in|into|onto|at|against|before|under|by|beside|next|near|among|inside|outdoors|indoors)\b"
    r"|背景|白底|黑底|底色|底图|透明|场景|抠图|抠出|去底|阴影|倒影|投影|放(?:在|到|进|入|于)|置于|摆(?:在|到|放)"
)
_TEXT = re.compile(
    r"\b(?:texts?|words?|wording|captions?|titles?|slogans?|headlines?|lettering|letters|fonts?|typography"
    r"|watermarks?|translate|spelling|price)\b"
    r"|文字|文案|文本|标题|字样|标语|水印|字体|翻译|价格|写(?:上|着)|印上"
)
#: What is written on the product is a part of it.
_MARKS = re.compile(
    r"\b(?:logos?|labels?|prints?|badges?|tags?|stickers?)\b|标志|商标|标签|吊牌|贴纸|图案|印花"
)
_GEOMETRY = re.compile(
    r"\b(?:crop|rotat|mirror|flip|resiz|rescal|scal|zoom|enlarg|shrink|shrunk|pad|trim|straighten|upscal|perspective"
    r"|viewpoint|recent|outpaint|uncrop|expand|extend|stretch|lying|laid flat|hold|worn|wear|dress|pos)"
    r"(?:s|es|ed|ing|e|er|ping|ped|ming|med|ding|ted|ion|ions|are)?\b"
    r"|\b(?:margins?|canvas|cent(?:er|re|red|ered)|square|aspect|angles?|side view|front view|top view|borders?|frame"
    r"|bigger|smaller|larger|px|pixels?|move|shift|turn (?:it|the [\w -]+) (?:around|over|left|right|by)"
    r"|upside down|try[- ]?on|put on|put it on (?:a|the) (?:model|person|man|woman|girl|boy))\b|\d:\d"
    r"|裁|旋转|翻转|镜像|缩放|放大|缩小|边距|画布|居中|角度|姿势|视角|尺寸|比例|移动|移到|左移|右移|边框|留白|扩展|扩图"
    r"|拉直|像素|倒置|穿|戴|试穿|手持|拿着|正面|侧面|俯视"
)
_STYLE = re.compile(
    r"\b(?:mood|lights|lighting|lighter|(?:more|less|soft|warm|cold|natural|window|day|studio|back|rim|sun) ?light|lit|bright(?:er|en|ness)|dark(?:er|en)|contrast|warm(?:er|th)"
    r"|warm|cooler|colder|saturat\w*|desaturat\w*|vibran\w*|vivid|tones?|toned|vintage|sepia|black and white|gr[ae]yscale|mono\w*"
    r"|sharp\w*|exposure|white balance|auto ?levels?|levels|cinematic|cyberpunk|neon|styles?|filter|film|atmosphere"
    r"|hdr|gamma|denoise|noise|blur\w*|soften|enhance|quality|night|sunset|golden hour|colou?rs? of the (?:image|photo"
    r"|picture)|retouch|restore|look)\b"
    r"|风格|氛围|[调变更提][亮暗冷暖]|[亮暗冷暖](?:一|些|度|色调|光|调)|对比度|饱和|色调|黑白|复古|锐化|曝光|白平衡|光线|光照|灯光|滤镜|质感|赛博|霓虹|夜景|模糊"
    r"|降噪|清晰|画质|鲜艳|柔和|色温|意境"
)
#: The whole is painted anew.
_REPAINTED = re.compile(
    r"\b(?:watercolou?r|painting|sketch|cartoon|anime|drawing|illustration|restyle|3d render|pencil|comic)\b"
    r"|水彩|油画|素描|卡通|动漫|插画|手绘|漫画"
)
#: A thing that is added or removed may be anywhere.
_ADDED = re.compile(
    r"\b(?:add|insert|remove|erase|delete|get rid|take (?:away|out|off)|clean|fix|repair|put (?:a|an|some|two)"
    r"|decorate|surround|with)\b|添加|加上|增加|加(?:一|个|入)|去掉|去除|删除|移除|擦除|清除|消除|修复|修补|装饰|点缀"
)
#: The product in another form: the object of the sentence is none of the above.
_REMADE = re.compile(
    r"\b(?:change|make|turn|replace|swap|recolou?r|paint|dye|colou?r|convert|transform|substitute|give|tint)\b"
    r"|换|改|变|涂|染|替|调成|做成"
)
#: The object of a change: what stands behind the verb, or between 把 and the verb.
_OBJECT = re.compile(
    r"\b(?:change|make|turn|replace|swap|recolou?r|paint|dye|convert|tint) (?:the |this |its |all |both )?"
    r"(?P<en>[\w' -]+?)(?: (?:to|into|with|by|in|on|for|against|a|an)\b|$)"
    r"|(?:把|将|给)(?P<zh>.+?)(?:换|改|变|涂|染|替|调|做)"
)
_ANYTHING = re.compile(
    r"\b(?:it|image|photo|picture|everything|all|colou?rs)\b|图片|照片|画面|整体|全部|图像"
)


def intent_of(instruction: str) -> Intent:
    """Everything may change where nothing is understood."""
    plain = _QUOTED.sub(" text ", instruction.strip().lower()).replace("black and white", "monochrome")
    clauses = [each.strip() for each in _CLAUSE.split(plain) if each.strip()]
    asked = [each for each in clauses if not _KEPT.search(each)] or clauses
    allowed: set[str] = set()
    for clause in asked:
        allowed |= _allowed_by(clause)
    return Intent.of(allowed or _EVERYTHING)


def _allowed_by(clause: str) -> set[str]:
    found = _OBJECT.search(clause)
    thing = (found["en"] or found["zh"] or "") if found else ""
    names = {"background"} if _BACKGROUND.search(thing) else _named(clause)
    if _MARKS.search(clause):
        names |= {"text", "product"}
    if _REPAINTED.search(clause):
        names |= {"style", "product", "background"}
    if thing and not _named(thing) and not _ANYTHING.search(thing):
        names.add("product")
    if "geometry" in names:
        names.add("background")
    if not names and _ADDED.search(clause):
        return {"product", "background"}
    if not names and _REMADE.search(clause):
        return {"product"}
    return names


def _named(words: str) -> set[str]:
    kinds = {"background": _BACKGROUND, "text": _TEXT, "geometry": _GEOMETRY, "style": _STYLE}
    return {name for name, pattern in kinds.items() if pattern.search(words)}
