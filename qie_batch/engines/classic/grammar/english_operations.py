"""The English words that name an operation, its degree or its place."""

from __future__ import annotations

#: Lines of `kind: word|word` or `kind=value: word|word`, which may go on in indented lines.
ENGLISH_OPERATIONS = """
more=1: high|increase|raise|boost|more|higher|up|bump|bump up|turn up|enhanced|increased|extra|stronger|
  greater|add more|intensify|push|enhance|up a notch|plus|crank up|crank|pump up|gain|lift|amp up|
  strengthen|richer|improve|push up|dial up|bring up|punch up|step up|raised
more=1: a little more|a bit more|subtly more|a lot more|a smidge more|a touch more|a tad more|slightly more|
  somewhat more|much more
slight=slight: a touch more|a tad more|slightly more|somewhat more|a smidge more
slight=strong: much more
more=-1: low|decrease|reduce|lower|less|down|turn down|tone down|dial down|dial back|reduced|drop|cut down|
  decreased|weaker|minus|bring down|take down|pull down|soften|diminish|lessen|pull back|flatten|tone back|
  lowered|softer
too: too|way too|a bit too|a little too|far too|rather|quite|looks|look|looks too|feels too|kind of|pretty
too=lacking: not enough|isn't enough|lacks|lacking
slight=slight: ever so slightly|a wee bit|ever so little|a smidgeon|
  slightly|a bit|a little|a little bit|a touch|a tad|somewhat|subtle|subtly|gently|mildly|
  just a bit|a bit of|bit of|little|bit|touch|tad|faint|gentle|a notch|a hint of|a hair|marginally|lightly|
  mild|minor|minimal|barely visible|softly|slight|a smidge|a bit more|a smidgen|a fraction|subtly more|
  modestly|a shade|a tiny bit|tiny|a little more
slight=strong: much|a lot|very|strongly|significantly|considerably|really|way|heavily|far|lots of|a lot of|
  dramatically|noticeably|strong|heavy|a great deal|substantially|pronounced|quite a bit|plenty of|intense|
  clearly|a lot more|loads of|greatly|hard shadow strength|super|extremely|deeply
bright=1: brighter|brighten|lighten|lighter|brightening|bright|brighten up|lighten up|brightened|lightened|
  brightens
bright=-1: darker|darken|dim|dimmer|dark|darkening|darken down|darkened|dull|gloomy
brightness: brightness|exposure|lightness|luminosity|light|light level|luminance
contrast: contrast|contrasts
contrasty=1: contrasty|punchier|contrastier|punchy|more contrasted
contrasty=-1: flatter
saturation: saturation|vibrance|vibrancy|colour intensity|colour saturation|colourfulness|vividness|chroma
vivid=1: colours pop|the colours pop|colours really pop|more punchy colours|vivid|saturated|vibrant|
  saturate|colourful|lively|more vivid|livelier|intenser|bolder|oversaturated
vivid=-1: fade the colours|fade colours|muted|desaturated|mute|washed out|faded colours|subdued|undersaturated
desaturate: desaturate|desaturated look
sharp: sharpen|sharper|sharpening|sharpness|crisper|sharp|sharpened|crispness|clearer|clarity|crispier|
  more crisp|unsharp mask|in focus
blurry: blurry|soft focus|blurred|fuzzy|out of focus
automatic: auto|automatic|automatically|one click|1 click|one-click
levels: level|levels|tone correction|tones correction|tonal range|tone curve|histogram|levels correction|
  tone|tones|curves
adjusting: neutral|adjust|adjustment|adjustments|improve|correct|correction|fix|fixes|enhancement|balance|
  normalise|normalize|optimise|optimize|stretch|equalise|equalize|corrected|optimization|corrections|
  neutralise|neutralize|improvement|sort out
enhance: enhancement|image enhancement|photo enhancement|autocorrect|autofix|autotone|autolevels|autolevel|
  autocontrast|enhance|auto enhance|autoenhance|enhancing
wb: white balance|wb|whitebalance|white-balance|awb|auto wb|white point|grey balance
cast: bluish|yellowish|reddish|greenish|orangish|pinkish|purplish|cast|colour cast|tint|colour tint|tinge|
  colour casts|casts|yellowish tint|discolouration
grey: black and white|black & white|b&w|b/w|bw|b w|black n white|black white|monochrome|greyscale|
  grey scale|grey tones|shades of grey|grey levels|b and w|mono|black and white photo|blackandwhite|
  colourless
tone=warm: warm|warmer|warmth|warm up|warmly|warmed
tone=cool: cool|cooler|cold|colder|cool down|coolness|icy|chilly
tone=autumn: autumn|autumnal|fall|autumn like|autumny
tone=vintage: vintage|retro|old fashioned|nostalgic|old film|old photo|sepia like|film look|aged
look: like|feel like|feels|tone|tones|toned|look|looks|look like|style|feel|feeling|mood|filter|effect|
  atmosphere|palette|vibe|vibes|temperature|colour temperature|colours|colour|grading|colour grading|
  colour tone|colour palette|temp|white temperature|lighting|light|treatment|touch|colour grade|tinted|hue|
  aesthetic|inspired|cast|tint|season
crop: crop|cropped|cropping|crop it|re crop|recrop|centre crop|center crop|crop down|crop in
square: square form|square shape|sq|
  square|squared|a square|square format|square shape|square image|squarely|quadratic
ratioword: ratio|aspect ratio|aspect|format|proportions|proportion|size ratio|shape|aspect-ratio|
  dimension ratio
portrait: portrait|vertical format|upright
landscape: landscape|widescreen|wide screen
trim: trim|trim down|trim off|trimmed|cut off|crop out|crop away|crop off|shave off|autocrop|auto crop|
  trim away|crop tight|crop tightly|tight crop|crop close|crop closely|close crop|trimming|crop to content|
  tightly crop|closely crop|tighten the crop|tighten crop|crop in tight|cut away|crop tighter
tight: tight|tightly|close|closely|snug|snugly
empty: empty|extra|excess|blank|unused|surplus|unnecessary|surrounding|useless|unneeded|superfluous|
  redundant
margin: margin|margins|padding|space|whitespace|white space|breathing room|spacing|breathing space|
  negative space|empty space|blank space|bleed|safe zone|more room|some room|extra room
edges: bars|strips|edges|edge|sides|side|borders|outer edge|outer edges
pad: pad it out|pad out|pad|padded|leave|extend|expand|extend canvas|expand canvas|fill out|
  enlarge the canvas|enlarge canvas|letterbox|extend out|padding it
resize=0: scaling|re scale|
  resize|scale|rescale|resized|resizing|size|sized|dimensions|dimension|resample|re size|scaled|
  resolution|image size|output size|export size|final size|resize it|set size|file dimensions|
  pixel dimensions
resize=-1: shrink|downscale|scale down|downsize|size down|make it smaller|smaller|downsample|resize down|
  reduce the size|reduce size|reduce image size|reduce in size
resize=1: enlarge|upscale|scale up|size up|bigger|larger|upsize|resize up|blow up|increase the size|
  increase size
factor=0.5: half as big|half as large|half as wide and high|half|half the size|half size|one half|
  half its size|half of its size
factor=2.0: double|twice|double the size|twice the size|double size|two times|twice as big|twice as large
factor=0.25: a quarter of its size|a quarter of its original size|quarter of its size|quarter size|
  a quarter of the size|one quarter
factor=3.0: triple|three times
width: width|wide|w|widths|horizontal size
height: height|high|tall|h|vertical size
longest: longest side|longer side|long side|long edge|longest edge|longer edge|largest side|max side|
  biggest side|longest dimension|larger side
rotate: rotate|rotation|rotated|spin|tilt|rotating|turn by
quarter=90.0: quarter turn|a quarter turn|one quarter turn|90 degree turn
quarter=180.0: half turn|upside down|a half turn|upside-down|on its head|the other way up
turning=1: clockwise|cw|clock wise|to the right|rightwards|rightward
turning=-1: counterclockwise|anticlockwise|ccw|counter clockwise|anti clockwise|counter clock wise|
  to the left|leftwards|leftward|anti clock wise
flip: flip|mirror|flipped|mirrored|reflect|mirroring|mirror image|flipping|invert left and right|mirror it
axis=horizontal: h|
  horizontally|horizontal|left to right|left right|sideways|right to left|from left to right|
  left and right|side to side|from right to left|left for right|on the horizontal axis|along the horizontal|
  left with right|l r|lr|x axis
axis=vertical: v|
  vertically|vertical|top to bottom|up down|up and down|top bottom|from top to bottom|
  bottom to top|upside|top and bottom|on the vertical axis|top with bottom|y axis
border: line around|line around it|line all around|border|frame|outline frame|edging|borders|framing|
  bordered|framed|picture frame|edge line|surround|frames|border line|borderline|photo frame
thick=0.5: thin|narrow|fine|hairline|slim|small|delicate
thick=2.0: thick|wide|bold|broad|chunky|heavy|fat
shadow: shadow|drop shadow|shadows|dropshadow|ground shadow|contact shadow|shadow effect|soft drop shadow|
  natural shadow|cast shadow|product shadow|drop-shadow
soft: soft|natural|drop|realistic|smooth|diffuse|diffused|natural looking|grounded|real|realistically|
  looking|discreet|ambient|blurred|feathered|nice|product|grounding
textword: text|word|words|title|caption|slogan|label|price|headline|heading|lettering|phrase|tagline|
  sentence|sign|inscription|letters|wording|note|message|subtitle|tag line|line of text|typography|writing|
  font|characters|copy|price tag|labels|texts
graphic: logo|logos|watermark|sticker|badge|icon|stamp mark|emblem|qr code|barcode
outline: outline|stroke
with: with the words|with the text|with text|with wording
saying: saying|reading|that says|that reads|which says|which reads|says|reads|with the words|with the text|
  with text|with wording|stating
letters: letters|in big letters|in large letters|in bold|bold|large|big|lettering|font|ink|in bold letters|
  text colour|characters|big bold|type|writing|large letters|huge
corner: corners|corner|side|edge|position|hand|hand side|area|part|third|region
centring: centred|centered|aligned|across
place=top: top|upper|above|header|up top|topmost
place=bottom: bottom|lower|footer|at the foot|foot|down below
place=left: left|lefthand|left hand
place=right: right|righthand|right hand
place=centre: centre|center|middle|midpoint|dead centre|dead center|mid
place=top left: tl
place=top right: tr
place=bottom left: bl
place=bottom right: br
not: rest|other|others|another|remaining|remainder|everything else|all else|not|no|don't|dont|do not|never|
  without|except|only|keep|but|apart from|avoid|stop|other than|doesn't|isn't|unless|preserve|retain|
  untouched|unchanged|nor|neither|or|instead of|rather than|either|won't|can't|cannot|maintain|restore|undo|
  except for
none: no|without
shade=light: light
shade=pale: very light|very pale|pale
shade=pastel: pastel
shade=soft: soft
shade=dark: very dark|dark
shade=deep: deep|rich
shade=bright: bright|vivid
body: hair|skin|face|lips|lip|eyes|eye|nails|nail|teeth|body|hand|hands|arms|legs|feet|beard|eyebrows|
  eyebrow|eyelashes|lashes|cheeks|nose|ears|ear|neck|model|person|people|man|woman|girl|boy|her|him|his|she|
  he|their|they|kid|child|baby|iris|tan lines|lipstick|makeup|make up|fingernails|complexion|moustache|
  mustache|tongue
scene: sky|dog|cat|animal|pet|bird|horse|house|building|wall|walls|floor|grass|sea|water|room|ceiling|
  ground|street|beach|sand|forest|trees|tree|leaves|sun|clouds|cloud|scene|scenery|landscape view|
  light source|reflection|foreground|table top|tabletop|surface|environment|surroundings
part: hole|holes|stain|stains|spot|sole|soles|sleeve|sleeves|collar|collars|button|buttons|strap|straps|
  pocket|pockets|hem|lining|laces|lace|shoelaces|heel|heels|buckle|seam|seams|stitching|handle|handles|lid|
  wheels|wheel|rims|trim piece|cuffs|cuff|hood|tongue|toe|toes|leg|armrests|armrest|backrest|piping|
  waistband|drawstring|drawstrings|screen|dial|bezel|hands of|spout|base|half|top half|inside|interior|tag|
  tags|hardware|logo patch
joint=and: and|also|plus|additionally|besides|moreover|n|while|so|as well as|as well|at the same time|
  along with|but also|in addition|on top of that|together with|and also
joint=then: then|followed by|afterward|finally|next|afterwards|lastly|first|firstly|secondly|after that|
  and then|when done
parted: metal|fabric|wood|leather|material|texture|cap|band|cover|shade|seat|frame|top|tip|ring|line|door|
  roof|petals|rim|back|front|edge|arm|trim|end|neck|center|piece|side|panel|bottom|pattern|print
unit=other: cm|mm|inch|inches|in inches|dpi|kb|mb|pt|points|meter|metre|stops|stop|ev
finish: neon|metallic|glossy|matte|matt|shiny|fluorescent|dusty|electric|hot|dirty|muddy|smoky|washed|faded|
  glowing|sparkly|glittery|translucent|satin|pearl|pearly|chrome|acid|frosted|brushed|distressed|ombre|
  two tone|multicolour|multicoloured|rainbow|striped|checked|checkered|dotted|patterned|tie dye|camouflage|
  camo|leopard|floral|plaid|gradient|medium|mid|true|dull|vintage
details: details|detail
"""
