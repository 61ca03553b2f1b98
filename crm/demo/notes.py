"""What salespeople write after a visit or a call, in the customer's language: one to three whole sentences."""

from random import Random

from archives.choices import VisitKind

LINES = {
    "zh-hans": {
        "bearings": "轴承",
        "drives": "减速机",
        "pumps": "泵",
        "valves": "阀门",
        "hydraulics": "液压件",
        "seals": "密封件",
        "couplings": "联轴器",
        "motors": "电机",
    },
    "zh-hant": {
        "bearings": "軸承",
        "drives": "減速機",
        "pumps": "泵浦",
        "valves": "閥門",
        "hydraulics": "油壓件",
        "seals": "密封件",
        "couplings": "聯軸器",
        "motors": "馬達",
    },
}
ROUTINE = {
    "zh-hans": (
        "第二条生产线正在安装，{line}用量预计增加两成。",
        "成品库存正常，仓库约三分之二满。",
        "{who}希望新系列给 60 天账期。",
        "车间满负荷，夜班刚恢复。",
        "对上批{line}的质量满意，包装有改进空间。",
        "采购部换了负责人，原来的联系人调去生产。",
        "竞争对手上周报价低 5%，客户更看重交期。",
        "新订单来自一家食品机械厂，付款条件不错。",
        "厂区整洁，设备维护良好，员工情绪稳定。",
        "客户说年底前预算已定，明年一季度再谈框架合同。",
        "{who}确认月底前安排付款。",
        "仓库里有不少积压的旧型号，流动偏慢。",
        "老板亲自接待，谈到准备搬到开发区的新厂房。",
        "出口订单减少，国内市场持平。",
        "询问{line}的现货和交货期，急用。",
        "对账一致，无异议。",
        "财务反映银行贷款收紧，付款可能延后一周。",
        "建议我们派技术人员做一次{line}安装培训。",
    ),
    "zh-hant": (
        "新產線裝機中，{line}用量預計增加兩成。",
        "庫存正常，倉庫約七成滿。",
        "{who}希望月結延長為 60 天。",
        "廠內滿載，週末也排班。",
        "對上批{line}品質滿意，希望縮短交期。",
        "採購換人，原窗口調任生管。",
        "同業報價低約 5%，但客戶較重視售後。",
        "外銷訂單回溫，歐洲客戶詢價變多。",
        "廠區整齊，設備保養得當，員工氣氛好。",
        "{who}表示票期照舊，月底開票。",
        "有些舊型號庫存偏多。",
        "詢問{line}現貨與交期，需求較急。",
        "帳款核對無誤。",
        "準備遷到工業區新廠，預計明年完工。",
        "希望安排{line}的技術說明會。",
    ),
    "en": (
        "Second line is being installed; they expect to need a fifth more {line}.",
        "Stock looks normal, warehouse two thirds full.",
        "{who} asks for 60 days on the new series.",
        "Plant runs at full load, night shift is back.",
        "Happy with the last lot of {line}; packaging could be better.",
        "New purchasing manager, our old contact moved to production.",
        "A competitor quotes 5 % less, but delivery time matters more to them.",
        "Export orders are picking up again.",
        "Premises tidy, equipment well kept, good mood among the staff.",
        "Budget for this year is spent; framework contract in the first quarter.",
        "{who} confirms payment by the end of the month.",
        "A good deal of slow-moving old stock in the racks.",
        "Asked for stock and lead time of {line}, urgent.",
        "Accounts reconciled, no differences.",
        "Their bank has become stricter; payment may be a week late.",
        "They would like a training on fitting {line}.",
    ),
}
BY_KIND = {
    VisitKind.COLLECTION: {
        "zh-hans": (
            "催收：{who}承诺本周五前付清逾期款。",
            "对方称资金周转紧张，申请分两次付款。",
            "已出示对账单，客户认可欠款金额。",
        ),
        "zh-hant": (
            "催收：{who}承諾本週五前付清逾期款。",
            "對方稱資金調度較緊，希望分兩次付款。",
            "已提示對帳單，客戶認可金額。",
        ),
        "en": (
            "Collection: {who} promises the overdue amount by Friday.",
            "They ask to pay in two parts, cash is short.",
            "Statement shown and accepted.",
        ),
    },
    VisitKind.COMPLAINT: {
        "zh-hans": ("投诉：上批{line}有三件尺寸超差，要求换货。", "投诉：交货晚了四天，产线停了半天。"),
        "zh-hant": ("客訴：上批{line}有三件尺寸超差，要求換貨。", "客訴：交貨遲了四天。"),
        "en": (
            "Complaint: three {line} of the last lot out of tolerance, replacement asked for.",
            "Complaint: delivery four days late.",
        ),
    },
    VisitKind.FIRST_CONTACT: {
        "zh-hans": ("初次接触：展会上认识，主要需要{line}，目前由两家供应。", "对方来电询价，回复及时，资料齐全。"),
        "zh-hant": ("初次接觸：展覽會認識，主要需要{line}，目前有兩家供應商。", "對方來電詢價，回覆迅速，資料齊全。"),
        "en": (
            "First contact at the fair: needs {line}, has two suppliers now.",
            "They called for a quotation; answers are quick and complete.",
        ),
    },
}
NEXT_STEPS = {
    "zh-hans": (
        "报新系列价格",
        "寄样品",
        "约总经理面谈",
        "核对账目",
        "跟进付款",
        "提供技术资料",
        "安排参观工厂",
        "续签年度合同",
    ),
    "zh-hant": (
        "報新系列價格",
        "寄樣品",
        "約總經理面談",
        "核對帳款",
        "追蹤付款",
        "提供技術資料",
        "安排參觀工廠",
        "續簽年度合約",
    ),
    "en": (
        "Quote the new series",
        "Send samples",
        "Meet the general manager",
        "Reconcile accounts",
        "Follow up payment",
        "Send technical data",
        "Invite to the plant",
        "Renew the yearly contract",
    ),
}
TITLES = {
    "zh-hans": ("总经理", "采购经理", "财务经理", "生产厂长", "仓库主管", "技术主管"),
    "zh-hant": ("總經理", "採購經理", "財務經理", "廠長", "倉管主任", "技術主任"),
    "en": (
        "Managing director",
        "Purchasing manager",
        "Finance manager",
        "Plant manager",
        "Store keeper",
        "Technical manager",
    ),
}


def line_name(language: str, line: str) -> str:
    return LINES.get(language, {}).get(line, line)


def note(rng: Random, language: str, kind: str, *, who: str, line: str) -> str:
    """The kind's own sentence first, then what else was seen."""
    own = BY_KIND.get(VisitKind(kind), {}).get(language)
    sentences = [rng.choice(own)] if own else []
    sentences += rng.sample(ROUTINE[language], rng.randint(1, 3 - len(sentences)))
    text = (" " if language == "en" else "").join(sentences)
    return text.format(who=who, line=line_name(language, line))
