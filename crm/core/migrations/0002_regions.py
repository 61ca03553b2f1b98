"""The regions that the program ships with: provinces, counties of Taiwan, countries abroad. A company edits them."""

from django.db import migrations

PROVINCES = {
    "BJ": "北京", "TJ": "天津", "HE": "河北", "SX": "山西", "NM": "内蒙古", "LN": "辽宁", "JL": "吉林", "HL": "黑龙江",
    "SH": "上海", "JS": "江苏", "ZJ": "浙江", "AH": "安徽", "FJ": "福建", "JX": "江西", "SD": "山东", "HA": "河南",
    "HB": "湖北", "HN": "湖南", "GD": "广东", "GX": "广西", "HI": "海南", "CQ": "重庆", "SC": "四川", "GZ": "贵州",
    "YN": "云南", "XZ": "西藏", "SN": "陕西", "GS": "甘肃", "QH": "青海", "NX": "宁夏", "XJ": "新疆", "HK": "香港",
    "MO": "澳门",
}
COUNTIES = {
    "TW-TPE": "臺北市", "TW-NWT": "新北市", "TW-TAO": "桃園市", "TW-TXG": "臺中市", "TW-TNN": "臺南市", "TW-KHH": "高雄市",
    "TW-KEE": "基隆市", "TW-HSZ": "新竹市", "TW-HSQ": "新竹縣", "TW-MIA": "苗栗縣", "TW-CHA": "彰化縣", "TW-NAN": "南投縣",
    "TW-YUN": "雲林縣", "TW-CYI": "嘉義市", "TW-CYQ": "嘉義縣", "TW-PIF": "屏東縣", "TW-ILA": "宜蘭縣", "TW-HUA": "花蓮縣",
    "TW-TTT": "臺東縣", "TW-PEN": "澎湖縣", "TW-KIN": "金門縣", "TW-LIE": "連江縣",
}
ABROAD = {
    ("ABROAD-ASIA", "亚洲 Asia"): {
        "JP": "日本 Japan", "KR": "韩国 Korea", "VN": "越南 Vietnam", "TH": "泰国 Thailand", "MY": "马来西亚 Malaysia",
        "SG": "新加坡 Singapore", "ID": "印度尼西亚 Indonesia", "PH": "菲律宾 Philippines", "IN": "印度 India",
        "AE": "阿联酋 United Arab Emirates", "SA": "沙特阿拉伯 Saudi Arabia", "TR": "土耳其 Türkiye",
    },
    ("ABROAD-EUROPE", "欧洲 Europe"): {
        "DE": "德国 Germany", "FR": "法国 France", "IT": "意大利 Italy", "ES": "西班牙 Spain", "NL": "荷兰 Netherlands",
        "BE": "比利时 Belgium", "AT": "奥地利 Austria", "CH": "瑞士 Switzerland", "SE": "瑞典 Sweden",
        "PL": "波兰 Poland", "CZ": "捷克 Czechia", "GB": "英国 United Kingdom", "RU": "俄罗斯 Russia",
    },
    ("ABROAD-AMERICAS", "美洲 Americas"): {
        "US": "美国 United States", "CA": "加拿大 Canada", "MX": "墨西哥 Mexico", "BR": "巴西 Brazil",
        "AR": "阿根廷 Argentina", "CL": "智利 Chile",
    },
    ("ABROAD-OTHER", "大洋洲和非洲 Oceania and Africa"): {
        "AU": "澳大利亚 Australia", "NZ": "新西兰 New Zealand", "ZA": "南非 South Africa", "EG": "埃及 Egypt",
    },
}


def plant(apps, schema_editor):
    """Add what is missing; a region that exists already stays as it is."""
    region = apps.get_model("core", "Region").objects

    def add(code, name, parent=None):
        return region.get_or_create(code=code, defaults={"name": name, "parent": parent})[0]

    mainland = add("CN", "中国大陆")
    taiwan = add("TW", "臺灣")
    abroad = add("ABROAD", "海外 Abroad")
    for code, name in PROVINCES.items():
        add(code, name, mainland)
    for code, name in COUNTIES.items():
        add(code, name, taiwan)
    for (code, name), countries in ABROAD.items():
        part = add(code, name, abroad)
        for country, country_name in countries.items():
            add(country, country_name, part)


def uproot(apps, schema_editor):
    """Take the shipped regions away, leaves first; one that is in use refuses by its foreign key."""
    region = apps.get_model("core", "Region").objects
    countries = [code for part in ABROAD.values() for code in part]
    for codes in ([*PROVINCES, *COUNTIES, *countries], [code for code, _ in ABROAD], ["CN", "TW", "ABROAD"]):
        region.filter(code__in=codes).delete()


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [migrations.RunPython(plant, uproot)]
