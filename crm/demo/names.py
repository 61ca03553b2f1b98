"""Names of companies, people, places and things, built from parts. None is taken from a list of real companies."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from pypinyin import lazy_pinyin


@dataclass(frozen=True)
class Place:
    """A town where customers sit: its region in the tree, what addresses and phone numbers begin with."""

    name: str
    region: str
    dial: str
    postcode: str
    language: str
    country: str = ""

    @property
    def code(self) -> str:
        """The code of the town's own region: below its province in mainland China, the region itself elsewhere."""
        return f"{self.region}-{self.dial}" if self.language == "zh-hans" else self.region


def _mainland(*rows: str) -> list[Place]:
    return [Place(name, region, dial, postcode, "zh-hans") for name, region, dial, postcode in map(str.split, rows)]


MAINLAND = _mainland(
    "杭州 ZJ 0571 310000", "宁波 ZJ 0574 315000", "温州 ZJ 0577 325000", "嘉兴 ZJ 0573 314000", "绍兴 ZJ 0575 312000",
    "台州 ZJ 0576 318000", "金华 ZJ 0579 321000", "苏州 JS 0512 215000", "无锡 JS 0510 214000", "常州 JS 0519 213000",
    "南京 JS 025 210000", "南通 JS 0513 226000", "合肥 AH 0551 230000", "芜湖 AH 0553 241000", "上海 SH 021 200000",
    "济南 SD 0531 250000", "青岛 SD 0532 266000", "烟台 SD 0535 264000", "潍坊 SD 0536 261000", "天津 TJ 022 300000",
    "北京 BJ 010 100000", "沈阳 LN 024 110000", "大连 LN 0411 116000", "石家庄 HE 0311 050000", "广州 GD 020 510000",
    "深圳 GD 0755 518000", "东莞 GD 0769 523000", "佛山 GD 0757 528000", "中山 GD 0760 528400", "南宁 GX 0771 530000",
    "厦门 FJ 0592 361000", "泉州 FJ 0595 362000", "福州 FJ 0591 350000", "南昌 JX 0791 330000", "武汉 HB 027 430000",
    "宜昌 HB 0717 443000", "长沙 HN 0731 410000", "株洲 HN 0733 412000", "郑州 HA 0371 450000", "洛阳 HA 0379 471000",
    "成都 SC 028 610000", "德阳 SC 0838 618000", "重庆 CQ 023 400000", "西安 SN 029 710000",
)  # fmt: skip
TAIWAN = [
    Place(name, f"TW-{county}", dial, postcode, "zh-hant")
    for name, county, dial, postcode in (
        ("臺中市", "TXG", "04", "407"), ("彰化縣", "CHA", "04", "500"), ("臺南市", "TNN", "06", "700"),
        ("高雄市", "KHH", "07", "802"), ("新北市", "NWT", "02", "220"), ("桃園市", "TAO", "03", "330"),
        ("臺北市", "TPE", "02", "100"), ("新竹縣", "HSQ", "03", "302"),
    )
]  # fmt: skip
ABROAD = [
    Place(name, region, dial, postcode, "en", country)
    for name, region, dial, postcode, country in (
        ("Chicago", "US", "+1 312", "60601", "United States"), ("Houston", "US", "+1 713", "77002", "United States"),
        ("Cleveland", "US", "+1 216", "44113", "United States"), ("Hamburg", "DE", "+49 40", "20095", "Germany"),
        ("Stuttgart", "DE", "+49 711", "70173", "Germany"), ("Osaka", "JP", "+81 6", "530-0001", "Japan"),
        ("Nagoya", "JP", "+81 52", "450-0002", "Japan"), ("Hai Phong", "VN", "+84 225", "180000", "Vietnam"),
        ("Ho Chi Minh City", "VN", "+84 28", "700000", "Vietnam"), ("Bangkok", "TH", "+66 2", "10110", "Thailand"),
        ("Birmingham", "GB", "+44 121", "B1 1AA", "United Kingdom"), ("Penang", "MY", "+60 4", "10050", "Malaysia"),
        ("Singapore", "SG", "+65", "049315", "Singapore"), ("Pune", "IN", "+91 20", "411001", "India"),
    )
]  # fmt: skip

HANS_FIRST = "恒瑞鑫华盛兴泰宏力精锐博远正金万通德凯新东海长安永嘉立亿信诚源中润天顺荣光明晟"
HANS_SECOND = "达丰源力科创泰宇峰腾隆昌华锋邦成洋杰特威旭胜辉利联森"
HANT_FIRST = "永大東宏建興裕長協台立盛新正全高金和春順昇億榮南上"
HANT_SECOND = "興昌泰豐隆成益發鎰鋒達源盛億聯勝輝榮"
EN_WORDS = [
    "Northgate", "Lakeshore", "Redwood", "Ironbridge", "Silverline", "Harbour", "Summit", "Granite", "Cedar",
    "Falcon", "Beacon", "Orchard", "Kestrel", "Juniper", "Meridian", "Anchor", "Copper", "Compass", "Riverside",
    "Highland", "Stonefield", "Bluewater", "Eastmark", "Westbrook", "Oakridge", "Brightwell", "Ashford",
    "Clearwater", "Fairview", "Greystone", "Kingsway", "Marlow", "Newbury", "Pinecrest", "Southport", "Thornton",
    "Valley", "Whitehall", "Wyndham", "Zenith",
]  # fmt: skip
HANS_TRADES = [
    "轴承", "传动", "机电", "液压", "泵业", "阀门", "机械配件", "精密机械", "动力设备", "密封件", "自动化设备",
    "工业器材", "减速机", "五金机电",
]  # fmt: skip
HANT_TRADES = ["軸承", "機械", "傳動", "油壓", "泵浦", "閥業", "精密工業", "機電", "五金", "自動化", "動力", "密封"]
EN_TRADES = [
    "Bearings", "Drives", "Pumps", "Valves", "Hydraulics", "Machine Parts", "Power Transmission",
    "Industrial Supply", "Tools", "Seals", "Motion", "Engineering", "Fluid Power", "Gears",
]  # fmt: skip
HANS_SUFFIXES = ("有限公司", "有限公司", "有限公司", "有限责任公司", "股份有限公司", "商贸有限公司", "制造有限公司")
HANT_SUFFIXES = ("股份有限公司", "股份有限公司", "有限公司", "企業有限公司", "實業股份有限公司", "企業社")
EN_SUFFIXES = {
    "United States": ("Inc.", "LLC", "Corp."), "Germany": ("GmbH", "GmbH & Co. KG"), "Japan": ("Co., Ltd.", "K.K."),
    "Vietnam": ("Co., Ltd.", "JSC"), "United Kingdom": ("Ltd", "plc"), "Thailand": ("Co., Ltd.",),
    "Malaysia": ("Sdn. Bhd.",), "Singapore": ("Pte. Ltd.",), "India": ("Pvt. Ltd.",),
}  # fmt: skip
HANS_ROADS = [
    "工业", "人民", "科技", "创业", "兴业", "滨江", "迎宾", "发展", "朝阳", "振兴", "中山", "解放", "文化", "建设",
]  # fmt: skip
HANT_ROADS = ["工業", "中正", "民生", "建國", "中山", "光復", "自強", "復興", "信義", "忠孝"]
EN_ROADS = ["Mill", "Station", "Harbour", "Industrial", "Park", "Foundry", "Canal", "Market", "Depot", "Bridge"]

HANS_SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾"
HANS_GIVEN = [
    "建国", "志强", "伟明", "晓东", "海燕", "丽华", "国平", "永康", "文静", "俊杰", "秀英", "振华", "立新", "雪梅",
    "鹏飞", "春生", "玉兰", "家豪", "思远", "红梅", "卫东", "佳怡",
]  # fmt: skip
HANT_SURNAMES = "陳林黃張李王吳劉蔡楊許鄭謝郭洪邱曾廖賴徐"
HANT_GIVEN = [
    "志明", "淑芬", "俊宏", "雅惠", "建志", "美玲", "家豪", "怡君", "文雄", "麗華", "宗翰", "佩珊", "冠宇", "秀琴",
    "信宏", "雅婷", "明德", "惠珍",
]  # fmt: skip
EN_GIVEN = [
    "Anna", "Thomas", "Maria", "James", "Laura", "Peter", "Susan", "Daniel", "Helen", "Mark", "Julia", "Robert",
    "Claire", "Martin", "Emma", "Paul", "Nina", "David",
]  # fmt: skip
EN_SURNAMES = [
    "Keller", "Porter", "Brandt", "Walker", "Tanaka", "Hughes", "Becker", "Moreau", "Novak", "Carter", "Schmitt",
    "Lim", "Rao", "Suzuki", "Ellis", "Tran",
]  # fmt: skip
BANKS = {
    "zh-hans": ("中国工商银行", "中国建设银行", "中国银行", "招商银行", "中国农业银行"),
    "zh-hant": ("第一銀行", "合作金庫", "彰化銀行", "玉山銀行"),
    "en": ("First Harbour Bank", "Union Commercial Bank", "Merchants Bank"),
}
COMPETITORS = {
    "zh-hans": ("SKF, 人本", "NSK, 瓦轴", "Parker, 恒立", "格兰富, 南方泵业", "无"),
    "zh-hant": ("上銀, NSK", "SKF, TPI", "Parker, 油研", "無"),
    "en": ("SKF, Timken", "NSK, Schaeffler", "Parker, Bosch Rexroth", "Grundfos, KSB", "none known"),
}
INDUSTRIES = {
    "zh-hans": (
        "机械制造", "轴承", "纺织机械", "水处理", "矿山", "食品机械", "包装", "钢铁", "造纸", "汽车", "船舶修理",
        "机械配件批发",
    ),
    "zh-hant": (
        "機械製造", "軸承", "紡織機械", "水處理", "礦業", "食品機械", "包裝", "鋼鐵", "造紙", "汽車", "船舶維修",
        "機械零件批發",
    ),
    "en": (
        "machine building", "bearings", "textile machinery", "water treatment", "mining", "food machinery", "packaging",
        "steel", "paper", "automotive", "ship repair", "wholesale of machine parts",
    ),
}  # fmt: skip
PAYMENT_METHODS = {
    "zh-hans": ("银行转账", "银行转账", "银行承兑汇票"),
    "zh-hant": ("銀行匯款", "銀行匯款", "支票"),
    "en": ("transfer", "transfer", "letter of credit"),
}
TRANSPORT = {
    "zh-hans": ("自备货车", "物流公司", "自提"),
    "zh-hant": ("自有貨車", "貨運行", "自取"),
    "en": ("own trucks", "forwarder", "sea freight"),
}


@dataclass(frozen=True)
class CompanyName:
    """A registered name, the short one, and the word that makes it this company and no other."""

    name: str
    short: str
    word: str


class CompanyNames:
    """Gives names that it has not given before."""

    def __init__(self, rng: Random):
        self.rng = rng
        self.given: set[str] = set()

    def new(self, place: Place, *, word: str = "", group: bool = False) -> CompanyName:
        """A name for a company in `place`; with `word` one of that family, with `group` the family's head."""
        for candidate in self._candidates(place, word, group):
            if candidate.name not in self.given:
                self.given.add(candidate.name)
                return candidate
        raise AssertionError("the stream of candidates has no end")

    def _candidates(self, place: Place, word: str, group: bool) -> Iterator[CompanyName]:
        build = {"zh-hans": self._hans, "zh-hant": self._hant, "en": self._en}[place.language]
        while True:
            yield build(place, word, group)

    def _hans(self, place: Place, word: str, group: bool) -> CompanyName:
        word = word or self.rng.choice(HANS_FIRST) + self.rng.choice(HANS_SECOND)
        trade = "集团" if group else self.rng.choice(HANS_TRADES)
        suffix = "有限公司" if group else self.rng.choice(HANS_SUFFIXES)
        return CompanyName(f"{place.name}{word}{trade}{suffix}", word + trade, word)

    def _hant(self, place: Place, word: str, group: bool) -> CompanyName:
        word = word or self.rng.choice(HANT_FIRST) + self.rng.choice(HANT_SECOND)
        trade = "集團控股" if group else self.rng.choice(HANT_TRADES)
        suffix = "股份有限公司" if group else self.rng.choice(HANT_SUFFIXES)
        return CompanyName(f"{word}{trade}{suffix}", word + trade, word)

    def _en(self, place: Place, word: str, group: bool) -> CompanyName:
        word = word or self.rng.choice(EN_WORDS)
        trade = "Holding" if group else self.rng.choice(EN_TRADES)
        start = f"{place.name} {word}" if self.rng.random() < 0.15 else word
        suffix = self.rng.choice(EN_SUFFIXES[place.country])
        return CompanyName(f"{start} {trade} {suffix}", f"{word} {trade}", word)


def person(rng: Random, language: str) -> str:
    """A person's name as it is written where `language` is."""
    if language == "en":
        return f"{rng.choice(EN_GIVEN)} {rng.choice(EN_SURNAMES)}"
    if language == "zh-hant":
        return rng.choice(HANT_SURNAMES) + rng.choice(HANT_GIVEN)
    return rng.choice(HANS_SURNAMES) + rng.choice(HANS_GIVEN)


def address(rng: Random, place: Place) -> str:
    number = rng.randint(1, 980)
    if place.language == "en":
        return f"{number} {rng.choice(EN_ROADS)} Road, {place.name} {place.postcode}, {place.country}"
    if place.language == "zh-hant":
        return f"{place.name}{rng.choice(HANT_ROADS)}路{number}號"
    return f"{place.name}市{rng.choice(HANS_ROADS)}路{number}号"


def phone(rng: Random, place: Place) -> str:
    """A number with 555 in it, as numbers that belong to nobody have."""
    if place.language == "en":
        return f"{place.dial} 555 {rng.randint(100, 9999):04d}"
    return f"{place.dial}-{rng.choice('68')}555{rng.randint(0, 9999):04d}"


def tax_number(rng: Random, place: Place) -> str:
    if place.language == "zh-hans":
        tail = "".join(rng.choice("0123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(8))
        return f"91{place.postcode}MA{tail}"
    if place.language == "zh-hant":
        return f"{rng.randint(10_000_000, 99_999_999)}"
    return f"{place.region}{rng.randint(100_000_000, 999_999_999)}"


def mail_name(name: CompanyName, number: str) -> str:
    """A host name from the company's word, `hengda-100042`, to stand before `.example`, which belongs to nobody."""
    return "".join(lazy_pinyin(name.word)).lower() + number.removeprefix("C").lower()


def authority(place: Place) -> str:
    return {"zh-hans": f"{place.name}市市场监督管理局", "zh-hant": "經濟部商業發展署"}.get(
        place.language, "Company register"
    )
