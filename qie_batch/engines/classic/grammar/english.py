"""The English words that any clause may have: fillers, links, verbs, objects; and misspellings."""

from __future__ import annotations

#: A word of the kind "filler" means nothing, wherever it stands.
#: Lines of `kind: word|word` or `kind=value: word|word`, which may go on in indented lines.
ENGLISH = """
filler: note|please note|note that|shall|pray|perhaps|maybe|be so kind as to|be so good as to|
  be kind enough to|be good enough to|i should be most grateful if you|i should be grateful if you|
  i would be grateful if you|i would be most grateful if you|i'd be grateful if you|
  i would be obliged if you|i'd be obliged if you would|i should be obliged if you would|
  grateful if you could|it would be lovely if|it would be lovely|might i ask you to|may i ask you to|
  can i ask you to|could i trouble you to|might i trouble you to|i wonder whether you|i wonder if you|
  i was wondering if you|request that|request you to|i request|requesting|see to it that|see to it|
  if it is not too much trouble|if it's not too much trouble|if you please|if you would|
  if you would be so kind|kind regards|best regards|warm regards|regards|yours sincerely|sincerely|
  yours faithfully|many thanks|thanks in advance|thank you in advance|thank you very much|thanks a lot|
  much obliged|dear sir|dear sir or madam|dear colleague|dear colleagues|dear editor|good morning|
  good afternoon|hi team|hello team|we should like|i should like|should like|ever so kindly|be sure to|
  please to|do please|do let|do you think you could|keeping proportions|keep proportions|
  keep the proportions|keeping the proportions|keep aspect ratio|keep the aspect ratio|keeping aspect ratio|
  keeping the aspect ratio|maintain aspect ratio|maintain the aspect ratio|maintaining aspect ratio|
  preserve aspect ratio|preserving aspect ratio|without stretching|without distortion|without distorting it|
  don't stretch|don't stretch it|do not stretch|do not distort|don't distort|no stretching|no distortion|
  proportionally|proportionately|in proportion|constrain proportions|step|run|perform|all in all|exactly|
  completely done|instead|there is|could be|can be|might be|could|can|would|about|approximately|approx|
  roughly|actually|simply put|as a|accordingly|appropriately|properly|needed|prefer|i'd prefer|we prefer|
  would prefer|has|has to|asap|urgent|urgently|quick|quickly|today|if you can|when you can|when possible|
  would be great|would be nice|would be good|it would be great if you could|is it possible to|be able to|
  client wants|customer wants|the client wants|the customer wants|looking for|i'm looking for|how about|
  what about|try|go ahead and|feel free to|i think|wanna|gotta|need to|needs to|needed to|let me have|
  i wish|we wish|would you mind|do you mind|asking for|required|requires|require|my|your|please|pls|plz|
  kindly|just|can you|could you|would you|will you|can i|could i|can we|could we|may i|i want|i'd like|
  i would like|i need|i want you to|i'd like you to|i need you to|we want|we'd like|we would like|we need|
  want|need|needs|have|have it|i'd love|would love|let's|let us|make sure|ensure|that|thanks|thank you|thx|
  cheers|hi|hello|hey|dear team|for me|for us|me|to have|you|should|must|go for|go with|only need|simply|
  now|try to|have to|ok|okay|if possible|overall|in general|version|ty|here|there|much appreciated
usage: main images|product images|product photos|listing images|hero image|cover image|cover photo|
  instagram|website|the website|webshop|online shop|online store|social media|marketplace|output|
  target|final|export|zalando|walmart|google shopping|hero|thumbnail|our shop|our website|hd|full hd|advert|
  ad|post|amazon|ebay|shopify|etsy|main image|main photo|e commerce|ecommerce|listing|catalog|catalogue|
  product photo|product image|packshot|product shot|product picture|style|studio|web|shop|store
the: whatever|that whole|the|a|an|this|these|those|its|all|whole|entire|some|my|our|every|any|each|all of|
  both|current|existing|original|old
new: new
translate: translate|translated|translating|translation|localise|localize|localised|localized
language=english: english|into english|en
language=chinese: chinese|mandarin|simplified chinese
glossary: glossary|the glossary
carrier: poster|banner|flyer|packaging|package
unknown: poster|banner|flyer|packaging|package
it: thing|things|whole thing|the whole thing|it|this one|them|everything
image: image|images|picture|pictures|photo|photos|photograph|pic|pics|shot|canvas|file
item: product|products|item|items|object|subject|article|goods
ground: everything behind the product|everything behind it|area behind the product|
  everything around the product|the area around the product|background|backgrounds|backdrop|bg|back ground|
  back drop|bkg|bgs|background area
is: is|are|were|be|being|been|to be|was|=|:
to: to|into|becomes|become|->|→|=>|-->|as|till|towards
on: on|onto|against|in front of|over|upon
in: in|at
of: of|'s
for: for
from: from
with: with|using|having
by: by
under: under|beneath|below|underneath|behind
around: around|round|on all sides|on every side|on each side|all around|all round|each side|
  on all four sides|per side|all sides|outside|along the edges|outer
change: fit|fit to|fit into|fit in|fit within|fit inside|
  change|turn|make|makes|set|convert|replace|render|paint|dye|recolour|recolor|modify|alter|transform|
  update|edit|changed|turned|replaced|made|adjust|colourise|substitute|tint|changing|making|redo|
  colour change|change in colour|put into
swap: swap|exchange|switch|interchange|trade|swapped|reverse|invert
around-words: around each other|each other|with each other|one another|vice versa
add: drop it|drop onto|
  bring|bring in|slap|add|put|place|apply|give|insert|include|use|draw|show|overlay|attach|adding|create|
  set down|do|position|lay|display|present|plus a|added|get|throw in|drop in|pop|shoot|photographed|shown|
  placed|isolated|lie
write: write|print|type|stamp|writing|letter it|label it|superimpose
remove: remove|delete|drop|lose|kill|ditch|dump|erase|get rid of|strip|take out|take away|knock out|
  wipe out|clear|clear out|eliminate|removed|deleted|removing|take off|mask out|rid of|removal|removal of|
  cut away|strip out|deleting|drop out|clip out|erased
ba: let
fill: fill|filled|flood|cover|fill in
snip: cut
take: knock|wipe|take|pull|taken
cut: keep only the product|only the product|just the product|keep just the product|cut out|cutout|cut-out|
  isolate|isolated|clear cut|deep etch|deepetch|clipping path|silhouette|extract|cut around|isolation|clip|
  mask|knockout|cutouts
away: out|off|away|go|gone|disappear|vanish|goes
transparent: transparent|transparency|see through|alpha|see-through|alpha channel|alpha background
format: png|webp|as png|as a png|png file|save|save as|export|export as|save it as|output as|deliver as|
  exported as
plain: equal|same|equally|clear|blank|bare|neutral|basic|regular|true|uniformly|opaque|plain|pure|solid|
  clean|simple|uniform|seamless|completely|fully|totally|flat|full|crisp|entirely|monotone|nice|perfectly|
  proper|even
colourword: tone|tones|colour|colours|colouring|shade|hue|hex|code|colour code|hex code|colour value|
  paint colour|coloured|colour scheme|colour of
parts: part|parts|area|areas|section|sections|bit|bits|one|ones|element|elements|pixels of|stuff|regions
pattern: stripes|stripe|dots|pattern|print|flowers|polka dots|checks|spots|graphic|zip|zipper|zippers|zips
"""

#: Misspellings of the words that carry an edit.
TYPOS = {
    "rezise": "resize", "risize": "resize", "widht": "width", "wdith": "width", "witdh": "width",
    "lef": "left", "lefft": "left", "rigth": "right", "rihgt": "right", "topp": "top", "ligth": "light",
    "lihgt": "light", "drak": "dark", "drk": "dark", "bkgd": "background", "bckg": "background",
    "levls": "levels", "cutt": "cut", "delte": "delete", "delet": "delete", "whitespce": "whitespace",
    "pxiels": "px", "pixles": "px", "pixls": "px", "pixeles": "px", "pxl": "px", "pxls": "px",
    "degress": "degrees", "bottem": "bottom", "buttom": "bottom", "corener": "cornor", "midle": "middle",
    "middel": "middle", "trasparent": "transparent", "srink": "shrink", "enlarg": "enlarge",
    "plese": "please", "pleas": "please", "plaese": "please", "tihs": "this", "taht": "that", "adn": "and",
    "wiht": "with", "wih": "with", "frm": "from", "rot": "rotate", "rmv": "remove", "transp": "transparent",
    "blk": "black", "wht": "white", "txt": "text", "sat": "saturation", "shdw": "shadow",
    "bckgrnd": "background", "bgd": "background", "bgrd": "background", "horiz": "horizontally",
    "vert": "vertically", "deg": "degrees", "centere": "centre", "brite": "bright",
    "brighness": "brightness", "colr": "colour", "colou": "colour", "shado": "shadow", "sqare": "square",
    "squre": "square", "mirro": "mirror", "rotae": "rotate", "borde": "border", "crp": "crop",
    "fotos": "photos", "picure": "picture", "imgae": "image", "iamge": "image", "gray": "grey",
    "grayscale": "greyscale", "color": "colour", "colors": "colours", "colored": "coloured",
    "coloring": "colouring", "colorful": "colourful", "colorize": "colourise", "colourize": "colourise",
    "colorless": "colourless", "gry": "grey", "collor": "colour", "colur": "colour", "coulour": "colour",
    "wite": "white", "whit": "white", "whte": "white", "whiet": "white", "whtie": "white", "blak": "black",
    "balck": "black", "teh": "the", "backround": "background", "backgroud": "background",
    "bakground": "background", "backgound": "background", "baground": "background",
    "backrgound": "background", "brigther": "brighter", "shaddow": "shadow", "shadw": "shadow",
    "boarder": "border", "boder": "border", "resise": "resize", "cropp": "crop", "rotat": "rotate",
    "squar": "square", "sqaure": "square", "contast": "contrast", "tranparent": "transparent",
    "transparant": "transparent", "pix": "px", "piture": "picture", "pictue": "picture", "imge": "image",
    "foto": "photo", "chnage": "change", "chage": "change", "chang": "change", "mak": "make",
    "remve": "remove", "remov": "remove", "bacground": "background", "navey": "navy", "beidge": "beige",
    "purpel": "purple", "yelow": "yellow", "sharpn": "sharpen",
}  # fmt: skip

#: A word that is not known and differs by one letter from one of these, or by two from nine letters on, is
#: that word.
UNMISTAKABLE = (
    "background", "backdrop", "transparent", "transparency", "brightness", "brighter", "brighten", "darker",
    "contrast", "saturation", "sharpen", "sharper", "sharpness", "greyscale", "monochrome", "horizontally",
    "vertically", "horizontal", "clockwise", "counterclockwise", "anticlockwise", "padding", "vintage",
    "turquoise", "lavender", "burgundy", "picture", "product", "increase", "decrease", "replace",
    "slightly", "percent", "degrees", "shadow", "border", "resize", "rotate", "square", "colour", "please",
    "change", "remove", "desaturate", "upscale", "automatic", "enhance", "isolate", "exposure", "pixels",
    "landscape", "portrait", "warmer", "cooler", "autumn", "margin", "height", "delete", "shrink",
    "vibrance", "whitespace", "lighter", "mirror", "bottom", "centre",
)  # fmt: skip
#: Words of their own that look like misspellings.
NOT_MISSPELT = (
    "marlin", "martin", "marvin", "shrine", "shriek", "deplete", "scarper", "harper", "cornet", "aromatic",
    "asthmatic", "autocratic", "automat", "automate", "automated", "automation", "automaton", "birder",
    "bottoms", "brighton", "blighter", "brightest", "chance", "changer", "changes", "charge", "contract",
    "contras", "cooker", "cooled", "coolers", "cooper", "danker", "darner", "darter", "decease",
    "decreases", "decrees", "enhancer", "enhances", "lighted", "lighters", "mirrors", "monochromes",
    "paddling", "podding", "pudding", "percept", "pictured", "pleased", "portraits", "produce", "remote",
    "remover", "removes", "reside", "rotates", "salutation", "satiation", "saturating", "situation",
    "shadowy", "sharpens", "shaper", "sharer", "sharpeners", "sharpest", "sharpies", "shortness",
    "smartness", "squares", "squire", "vantage", "warder", "warier", "warmers", "warner",
)  # fmt: skip
