"""The company itself: three selling units, its teams, the people of the house, and the towns below the provinces."""

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password
from django.utils.crypto import get_random_string

from crm.core.models import Region, Team, Unit, User
from crm.core.roles import Role
from crm.demo.names import MAINLAND, Place

PASSWORD = "dossier-demo"
UNITS = {"east": "华东事业部", "south": "华南事业部", "overseas": "海外事业部"}
TEAMS = {
    # code: name, selling unit, region of the team, regions whose customers it serves
    "zhejiang": ("浙江组", "east", "ZJ", "ZJ"),
    "jiangsu": ("江苏组", "east", "JS", "JS AH"),
    "shanghai": ("上海组", "east", "SH", "SH"),
    "north": ("北方组", "east", "SD", "SD TJ BJ LN HE"),
    "guangdong": ("广东组", "south", "GD", "GD GX"),
    "fujian": ("福建组", "south", "FJ", "FJ JX"),
    "central": ("华中组", "south", "HB", "HB HN HA"),
    "west": ("西部组", "south", "SC", "SC CQ SN"),
    "taiwan": ("臺灣組", "overseas", "TW", "TW"),
    "abroad": ("Overseas team", "overseas", "ABROAD", "US DE JP VN GB TH MY SG IN"),
}
# One login per role; everybody else is there to own customers and cannot sign in.
LOGINS = [
    ("seller", "李伟", Role.SALESPERSON, "zhejiang"),
    ("manager", "赵敏", Role.SALES_MANAGER, "zhejiang"),
    ("officer", "陈洁", Role.CREDIT_OFFICER, None),
    ("credit", "张民", Role.CREDIT_MANAGER, None),
    ("director", "黄磊", Role.FINANCE_DIRECTOR, None),
    ("auditor", "吴燕", Role.AUDITOR, None),
    ("admin", "周平", Role.ADMINISTRATOR, None),
]
MANAGERS = [("hexiaoming", "何晓明", "guangdong"), ("zhengming", "郑明", "jiangsu"), ("wujianhong", "吳建宏", "taiwan")]
SALESPEOPLE = {
    "zhejiang": [("wangfang", "王芳"), ("liwei", "黎薇")],
    "jiangsu": [("zhangqiang", "张强"), ("liuyang", "刘洋"), ("sunli", "孙丽")],
    "shanghai": [("zhoujun", "周军"), ("xumei", "徐梅")],
    "north": [("gaofeng", "高峰"), ("hanbing", "韩冰")],
    "guangdong": [("chenhao", "陈浩"), ("huangting", "黄婷"), ("liangbo", "梁波")],
    "fujian": [("linxia", "林霞")],
    "central": [("hejing", "何静"), ("yuanfang", "袁方")],
    "west": [("tangyong", "唐勇")],
    "taiwan": [("linyijun", "林怡君"), ("chenzhihao", "陳志豪"), ("wangyating", "王雅婷")],
    "abroad": [("annakeller", "Anna Keller"), ("jamesporter", "James Porter"), ("nguyenlan", "Nguyen Lan")],
}


class Company:
    """Whom the house consists of, found by name."""

    def __init__(self) -> None:
        self.regions = {region.code: region for region in Region.objects.all()}
        self.units = {unit.code: unit for unit in Unit.objects.all()}
        self.teams = {team.code: team for team in Team.objects.select_related("unit")}
        self.people = {user.username: user for user in User.objects.select_related("team__unit")}

    def team_of(self, place: Place) -> str:
        """The team that serves customers in `place`."""
        region = place.region.split("-")[0]
        return next(code for code, (*_, served) in TEAMS.items() if region in served.split())

    def sellers_of(self, place: Place) -> list[User]:
        team = self.team_of(place)
        names = [username for username, _ in SALESPEOPLE[team]]
        return [self.people[name] for name in (["seller", *names] if team == "zhejiang" else names)]


def found() -> Company:
    """Write towns, units, teams and people, and give back the company they make."""
    _plant_towns()
    Unit.objects.bulk_create(Unit(code=code, name=name) for code, name in UNITS.items())
    _form_teams()
    _hire()
    return Company()


def _plant_towns() -> None:
    provinces = {region.code: region for region in Region.objects.all()}
    Region.objects.bulk_create(
        Region(code=town.code, name=town.name, parent=provinces[town.region])
        for town in MAINLAND
        if town.code not in provinces
    )


def _form_teams() -> None:
    units = {unit.code: unit for unit in Unit.objects.all()}
    regions = {region.code: region for region in Region.objects.all()}
    Team.objects.bulk_create(
        Team(code=code, name=name, unit=units[unit], region=regions[region])
        for code, (name, unit, region, _) in TEAMS.items()
    )


def _hire() -> None:
    """Everybody, with the one password of the demonstration hashed once: hashing is meant to be slow."""
    teams = {team.code: team for team in Team.objects.all()}
    password = make_password(PASSWORD)
    rows = [_user(*login[:3], teams.get(login[3]), password) for login in LOGINS]
    rows += [_user(username, name, Role.SALES_MANAGER, teams[team]) for username, name, team in MANAGERS]
    for team, people in SALESPEOPLE.items():
        rows += [_user(username, name, Role.SALESPERSON, teams[team]) for username, name in people]
    rows.append(_user("erp", "ERP", Role.CONNECTOR, None))
    User.objects.bulk_create(rows)


def _user(username: str, name: str, role: Role, team: Team | None, password: str = "") -> User:
    unusable = UNUSABLE_PASSWORD_PREFIX + get_random_string(40)
    return User(username=username, name=name, role=role, team=team, password=password or unusable)
