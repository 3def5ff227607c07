"""Catalogs in national encodings: how many are misread in silence, and how many Chinese ones are refused.

Seeded random catalogs of 2 to 200 rows are made of shops' words. The words are not those that the rule knows
by itself, save for the most common ones.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections import Counter
from pathlib import Path

from qie_batch.manifest.encoding import detect_encoding
from qie_batch.model import InvalidManifest

#: Codec -> words of the languages that shops write in it.
NATIONAL = {
    "cp949": """빨간 파란 검은색 하얀 노란색 초록 분홍 회색 갈색 보라색 운동화 구두 슬리퍼 부츠 가방 백팩 지갑 셔츠 블라우스
    바지 청바지 치마 원피스 코트 재킷 니트 모자 양말 장갑 목도리 벨트 목걸이 귀걸이 반지 팔찌 손목시계 안경 선글라스 우산
    머그컵 접시 그릇 냄비 프라이팬 칼 의자 책상 소파 침대 이불 베개 커튼 러그 조명 스탠드 화병 액자 장난감 인형 블록 유모차
    면 가죽 울 실크 린넨 나일론 스테인리스 도자기 유리 플라스틱 원목 대나무 남성용 여성용 아동용 여름 겨울 신상품
    배경을 흰색으로 바꿔주세요 그림자를 제거해주세요 상품은 그대로 유지 제품명 색상 재질 가격 할인""",
    "euc_jp": """赤い 青 ブラック ホワイト 黄色 緑 ピンク グレー 茶色 紫 スニーカー 革靴 サンダル ブーツ 鞄 リュック 財布
    シャツ ブラウス パンツ ジーンズ スカート ワンピース コート ジャケット 帽子 靴下 手袋 マフラー 腰帯 首飾り 指輪 腕時計
    眼鏡 傘 湯呑 皿 鍋 包丁 椅子 机 長椅子 寝台 布団 枕 カーテン 絨毯 照明 花瓶 額縁 玩具 人形 積木 綿 本革 羊毛 絹 麻
    ステンレス 陶器 硝子 木製 竹 男性用 女性用 子供用 夏物 冬物 新商品 背景を白に変更してください 影を消す 商品はそのまま
    品名 色 素材 価格 送料無料 限定 日本製""",
    "cp932": """赤 青色 黒 白い 黄 みどり 桃色 灰色 ブラウン パープル 運動靴 パンプス スリッパ 長靴 ハンドバッグ 旅行鞄
    ワイシャツ 上着 セーター ズボン 水着 下着 着物 浴衣 帯 下駄 扇子 箸 茶碗 急須 弁当箱 水筒 やかん フライパン まな板
    座布団 畳 障子 本棚 電気スタンド 目覚まし時計 鉛筆 消しゴム 手帳 封筒 便箋 石鹸 歯ブラシ タオル 化粧水 口紅 香水 爪切り
    自転車 三輪車 ぬいぐるみ 風船 花火 ｼｬﾂ ｽﾞﾎﾞﾝ 綿100% 革製 銀製 金色 透明 防水 軽量 背景を透明にする 文字を消して
    明るくしてください 名称 寸法 数量 備考 在庫 特価""",
    "cp950": """紅色 藍色 黑色 白色 黃色 綠色 粉紅色 灰色 咖啡色 紫色 運動鞋 皮鞋 涼鞋 長靴 手提包 後背包 錢包 襯衫 罩衫
    長褲 牛仔褲 裙子 洋裝 大衣 夾克 毛衣 帽子 襪子 手套 圍巾 皮帶 項鍊 耳環 戒指 手鐲 手錶 眼鏡 雨傘 馬克杯 盤子 碗 鍋子
    菜刀 椅子 桌子 沙發 床組 棉被 枕頭 窗簾 地毯 檯燈 花瓶 相框 玩具 娃娃 積木 純棉 真皮 羊毛 絲綢 亞麻 尼龍 不鏽鋼 陶瓷
    玻璃 塑膠 原木 竹製 男用 女用 兒童 夏季 冬季 新品 將背景換成白色 去除陰影 保持商品不變 品名 顏色 材質 價格 特賣""",
    "cp1250": """czerwony niebieski czarny biały żółty zielony różowy szary brązowy fioletowy buty sandały kozaki torebka
    plecak portfel koszula bluzka spodnie dżinsy spódnica sukienka płaszcz kurtka czapka skarpetki rękawiczki szalik pasek
    naszyjnik kolczyki pierścionek zegarek parasol kubek talerz miska garnek nóż krzesło stół łóżko kołdra poduszka zasłona
    świecznik bawełna skóra wełna jedwab szkło drewno męski damski dziecięcy święta zmień tło na białe usuń cień książka
    červený modrý černý bílý žlutý zelený růžový šedý hnědý fialový boty kabelka košile sukně šaty kabát čepice ponožky
    rukavice náušnice hodinky deštník hrnek talíř nůž židle stůl polštář závěs bavlna kůže vlna hedvábí sklo dřevo pánský
    dámský dětský změňte pozadí na bílé odstraňte stín""",
    "cp1251": """красный синий чёрный белый жёлтый зелёный розовый серый коричневый фиолетовый кроссовки туфли сандалии
    сапоги сумка рюкзак кошелёк рубашка блузка брюки джинсы юбка платье пальто куртка свитер шапка носки перчатки шарф ремень
    ожерелье серьги кольцо браслет часы очки зонт кружка тарелка миска кастрюля нож стул стол диван кровать одеяло подушка
    штора ковёр лампа ваза рамка игрушка кукла хлопок кожа шерсть шёлк лён стекло дерево мужской женский детский лето зима
    замените фон на белый уберите тень товар название цвет материал цена НОВИНКА СКИДКА""",
    "koi8-r": """алый голубой тёмный светлый золотой салатовый бежевый бордовый песочный лиловый ботинки кеды тапочки валенки
    портфель чемодан бумажник сорочка майка футболка шорты колготки халат пижама плащ жилет кепка варежки платок галстук
    цепочка брошь запонки будильник трость чашка блюдце салатник сковорода ложка вилка табурет комод кресло матрас плед
    наволочка скатерть светильник зеркало картина мяч кубики коляска бархат замша трикотаж фланель бронза фарфор бамбук
    весна осень поменяй фон удали надпись сделай ярче сохрани форму артикул размер описание""",
    "cp1252": """vermelho azul preto branco amarelo verde rosa cinza marrom tênis sandálias botas mochila bolsa carteira
    calção calças saia vestido casaco camisa boné meias luvas cinto colar brincos anel relógio óculos guarda-chuva xícara
    prato tigela panela facão cadeira mesa sofá cama edredão travesseiro tapete luminária algodão couro lã seda linho vidro
    cerâmica madeira verão inverno feminino masculino criança troque o fundo para branco não altere a posição PROMOÇÃO
    grün weiß gelb schwarz Größe Stiefel Hausschuhe Gürtel Mütze Ohrringe Löffel Schüssel Stühle Bücher für Männer Mädchen
    crème brûlée façade très élégant année forêt châtaigne""",
    "cp1253": """κόκκινο μπλε μαύρο λευκό κίτρινο πράσινο ροζ γκρι καφέ μωβ παπούτσια σανδάλια μπότες τσάντα σακίδιο
    πορτοφόλι πουκάμισο μπλούζα παντελόνι φούστα φόρεμα παλτό μπουφάν καπέλο κάλτσες γάντια κασκόλ ζώνη κολιέ σκουλαρίκια
    δαχτυλίδι ρολόι γυαλιά ομπρέλα κούπα πιάτο κατσαρόλα μαχαίρι καρέκλα τραπέζι καναπές κρεβάτι μαξιλάρι κουρτίνα χαλί
    φωτιστικό βάζο παιχνίδι κούκλα βαμβάκι δέρμα μαλλί μετάξι γυαλί ξύλο ανδρικό γυναικείο παιδικό καλοκαίρι χειμώνας
    άλλαξε το φόντο σε λευκό ΠΡΟΣΦΟΡΑ χρώμα υλικό τιμή""",
    "cp1254": """kırmızı mavi siyah beyaz sarı yeşil pembe gri kahverengi mor ayakkabı terlik çizme çanta sırt cüzdan gömlek
    bluz pantolon etek elbise mont ceket şapka çorap eldiven atkı kemer kolye küpe yüzük saat gözlük şemsiye fincan tabak
    kâse tencere bıçak sandalye masa koltuk yatak yorgan yastık perde halı lamba vazo çerçeve oyuncak bebek pamuk deri yün
    ipek keten cam ahşap erkek kadın çocuk yaz kış arka planı beyaz yap gölgeyi kaldır ürün adı ölçü açıklama İNDİRİM""",
    "cp1256": """أحمر أزرق أسود أبيض أصفر أخضر وردي رمادي بني بنفسجي حذاء صندل حقيبة محفظة قميص بلوزة بنطلون تنورة فستان معطف
    سترة قبعة جوارب قفازات وشاح حزام قلادة أقراط خاتم ساعة نظارة مظلة كوب صحن وعاء قدر سكين كرسي طاولة أريكة سرير لحاف وسادة
    ستارة سجادة مصباح مزهرية إطار لعبة دمية قطن جلد صوف حرير كتان زجاج خشب رجالي نسائي أطفال صيف شتاء غير الخلفية إلى الأبيض
    أزل الظل المنتج اللون المادة السعر""",
    "cp874": """สีแดง สีน้ำเงิน สีดำ สีขาว สีเหลือง สีเขียว สีชมพู สีเทา สีน้ำตาล สีม่วง รองเท้า รองเท้าแตะ กระเป๋า เป้ เสื้อ กางเกง
    ยีนส์ กระโปรง ชุดเดรส เสื้อโค้ท แจ็คเก็ต หมวก ถุงเท้า ถุงมือ ผ้าพันคอ เข็มขัด สร้อยคอ ต่างหู แหวน กำไล นาฬิกา แว่นตา ร่ม แก้ว จาน ชาม
    หม้อ มีด เก้าอี้ โต๊ะ โซฟา เตียง ผ้าห่ม หมอน ผ้าม่าน พรม โคมไฟ แจกัน ของเล่น ตุ๊กตา ผ้าฝ้าย หนัง ขนสัตว์ ไหม ผ้าลินิน เซรามิก ไม้
    ผู้ชาย ผู้หญิง เด็ก ฤดูร้อน ฤดูหนาว เปลี่ยนพื้นหลังเป็นสีขาว ลบเงา สินค้า ราคา วัสดุ ขนาด""",
}

CHINESE_NAMES = """雪纺连衣裙 碎花半身裙 百褶裙 阔腿裤 工装裤 束脚裤 打底裤 冲锋衣 皮草 棉服 马甲 旗袍 汉服 婚纱 礼服 校服 雨衣 围裙 肚兜
老爹鞋 乐福鞋 马丁靴 雪地靴 洞洞鞋 豆豆鞋 布鞋 雨靴 舞鞋 跑鞋 篮球鞋 斜挎包 托特包 双肩包 腰包 化妆包 公文包 编织袋 拉杆箱 卡包
吊坠 脚链 胸针 发卡 发箍 头绳 袖扣 怀表 老花镜 墨镜 遮阳伞 折扇 马克杯 紫砂壶 盖碗 醒酒器 保鲜盒 饭盒 汤勺 砧板 菜刀 削皮器 平底锅 电饭煲
烤箱 微波炉 榨汁机 加湿器 吸尘器 电熨斗 剃须刀 吹风机 体重秤 血压计 蓝牙音箱 移动电源 机械键盘 显示器 投影仪 路由器 硬盘 U盘 三脚架
沙发垫 懒人沙发 餐边柜 鞋架 衣帽架 穿衣镜 梳妆台 床头柜 蚊帐 凉席 四件套 抱枕 门帘 挂钟 香薰蜡烛 相框 绿植 花盆 多肉 鱼缸 猫砂盆 狗窝 牵引绳
奶瓶 尿不湿 婴儿车 安全座椅 爬行垫 拼图 遥控车 毛绒熊 芭比娃娃 滑板车 轮滑鞋 羽毛球拍 瑜伽垫 哑铃 帐篷 睡袋 登山杖 鱼竿 头盔 骑行服
绿茶 普洱 龙井 枸杞 红枣 核桃 蜂蜜 腊肠 辣条 月饼 粽子 螺蛳粉 火锅底料 老干妈 酱油 陈醋 大米 燕麦 巧克力 薯片""".split()
CHINESE_TRAITS = """大红 玫红 湖蓝 宝蓝 天蓝 军绿 豆绿 鹅黄 姜黄 驼色 杏色 裸粉 香槟金 玫瑰金 枪灰 象牙白 奶白 纯黑 花灰 焦糖色 雾霾蓝 牛油果绿 渐变紫
全棉 莫代尔 真丝 桑蚕丝 羊绒 聚酯纤维 氨纶 灯芯绒 牛津布 珊瑚绒 头层牛皮 麂皮 PU皮 304不锈钢 铝合金 黄铜 锌合金 骨瓷 钢化玻璃 亚克力 榉木 胡桃木
橡木 藤编 乳胶 记忆棉 食品级硅胶 碳纤维 均码 加大码 建议110斤以内 小号 36码 L码 5L容量 ①号 ②号 约20厘米 ￥99 ￥128.00 ×1 10%off 2件装""".split()
CHINESE_WISHES = """把背景换成纯白色 请将裙子改为墨绿色，其他不变 去掉右下角的水印和文字 在左上角加上“新品”二字 模特换成站在海边的姿势
把鞋带换成黑色 去除桌面上的灰尘与反光 背景改成浅木纹台面，柔和自然光 让皮革看起来更有光泽 将图中杯子的图案换成一只小猫 放在大理石台面上，旁边摆一束鲜花
把模特的头发改成短发 保留商品主体，抠掉背景 调亮一点，增加对比度 换成雪山和湖泊的场景 给产品加上自然的阴影 删除吊牌 改成圣诞节氛围（红绿配色）
包装盒上的字改为“限量款” 袖子改成短袖 添加“包邮”标签 把logo去掉 使画面更清晰！ 衣领改成V领 整体偏暖色调 将三只杯子变成两只""".split()
RARE = (
    "氍毹 粿条 饸饹 犇牛牌 喆家 鑫淼 堃 玥 翀 槟榔 髹漆 缂丝 繡花 臺灣 茶壺 龍鳳 雙喜 黃金 華為 裏料".split()
)
BRANDS = "Nike 小米 华为 HUAWEI 李宁 Adidas 安踏 ANTA 美的 海尔 Haier 回力 MUJI 无印良品 Zara の".split()


def national_text(words: list[str], rows: int, chance: random.Random) -> str:
    """Now and then one word is all that is not ASCII."""
    header = chance.choice(["id,image,instruction,name", f"sku,image,prompt,{chance.choice(words)}"])
    lines = [header]
    for number in range(1, rows + 1):
        name = " ".join(chance.choices(words, k=chance.choice([0, 1, 1, 2, 3])))
        wish = (
            " ".join(chance.choices(words, k=chance.randint(2, 7)))
            if chance.random() < 0.6
            else "make it red"
        )
        lines.append(f"P{number},p{number}.jpg,{wish},{name}")
    if not any(not line.isascii() for line in lines):
        lines[-1] += next(word for word in chance.sample(words, len(words)) if not word.isascii())
    return "\r\n".join(lines) + "\r\n"


def chinese_text(rows: int, chance: random.Random) -> str:
    header = chance.choice(
        ["id,image,instruction,name,trait", "货号,主图,指令,名称,颜色", "sku,image,prompt,品名,规格"]
    )
    wishes = chance.sample(CHINESE_WISHES, 3) if chance.random() < 0.5 else CHINESE_WISHES
    lines = [header]
    for number in range(1, rows + 1):
        name = chance.choice(CHINESE_NAMES)
        name = chance.choice(BRANDS) + chance.choice(["", " "]) + name if chance.random() < 0.3 else name
        name += chance.choice(RARE) if chance.random() < 0.1 else ""
        wish = chance.choice(wishes) if chance.random() < 0.8 else "white background"
        lines.append(
            f"P{number},图/{number}.jpg,{wish.replace(',', ' ')},{name},{chance.choice(CHINESE_TRAITS)}"
        )
    if chance.random() < 0.2:
        lines = [line.replace("图/", "") for line in lines]
    return "\r\n".join(lines) + "\r\n"


def verdict(path: Path, text: str, codec: str) -> str:
    path.write_bytes(text.encode(codec))
    try:
        found = detect_encoding(path)
    except InvalidManifest:
        return "refused"
    read = path.read_bytes().decode(found.codec)
    return "right" if read == text else "misread"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--catalogs", type=int, default=20, help="of each national encoding")
    parser.add_argument("--chinese", type=int, default=1_000)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    national: dict[str, Counter[str]] = {codec: Counter() for codec in NATIONAL}
    chinese: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="qie-encodings-") as name:
        path = Path(name) / "catalog.csv"
        for codec, words in NATIONAL.items():
            for number in range(arguments.catalogs):
                rows = 2 if number < arguments.catalogs // 4 else chance.randint(2, 200)
                national[codec][verdict(path, national_text(words.split(), rows, chance), codec)] += 1
            print(f"{codec:8} {dict(national[codec])}", flush=True)
        for number in range(arguments.chinese):
            rows = 2 if number % 10 == 0 else chance.randint(2, 200)
            chinese[verdict(path, chinese_text(rows, chance), chance.choice(["gb18030", "gbk"]))] += 1
    misread, total = (
        sum(counted["misread"] for counted in national.values()),
        len(NATIONAL) * arguments.catalogs,
    )
    print(f"misread in silence: {misread} of {total} in national encodings")
    print(f"Chinese: {chinese['refused']} of {arguments.chinese} refused, {chinese['misread']} misread")
    if arguments.json:
        figures = {"misread": misread, "national": total, "chinese": arguments.chinese}
        print(
            json.dumps(
                {**figures, "chinese_refused": chinese["refused"], "chinese_misread": chinese["misread"]}
            )
        )


if __name__ == "__main__":
    main()
