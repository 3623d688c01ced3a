"""Invented names and plausible words; no real person or business is meant."""

from __future__ import annotations

from random import Random

FIRST = (
    *("福满香", "鑫源", "老河湾", "金桂", "顺达", "云杉", "望河", "聚贤", "春和"),
    *("永顺", "百味轩", "晨光", "草原红", "小塔", "青禾", "同心", "北槐", "长胜"),
)
KINDS: dict[str, tuple[str, ...]] = {
    "26": ("停产水泥制品厂", "旧仓库", "蔬菜大棚"),
    "27": ("羽毛球馆", "农贸市场", "报告厅"),
    "30": ("便利店", "烟酒副食店", "五金日杂店"),
    "31": ("旅馆", "客栈"),
    "32": ("托管班", "培训学校"),
    "33": ("诊所", "口腔门诊部"),
    "34": ("网吧", "剧本杀馆"),
    "35": ("面馆", "饺子馆", "烧麦馆", "火锅店", "家常菜馆"),
    "36": ("棋牌室", "KTV"),
    "37": ("理发店", "足浴店", "浴池"),
    "38": ("木器加工坊", "食品加工厂", "服装厂"),
    "41": ("住宅楼工地", "厂房改造工地"),
    "42": ("机械加工厂", "物流仓库", "建材公司"),
    "43": ("超市", "写字楼", "菜市场"),
    "44": ("餐厅", "烤肉店", "早点铺"),
}
# So that nobody takes an invented name on a real map for a real place.
MARK = "（演示）"

# By category of hazard: what an inspector would write beside the checklist's words.
DETAILS: dict[str, tuple[str, ...]] = {
    "F1": (
        "后门堆放纸箱约2立方米，门只能开一半",
        "营业期间后门挂锁，钥匙不在现场",
        "楼梯间堆放桌椅，净宽不足0.8米",
        "通道摆放货架，两人不能并行",
    ),
    "F2": (
        "3具灭火器压力表指针在红区",
        "灭火器已过检验期14个月",
        "应急照明灯按测试键不亮",
        "消火栓前堆放杂物，箱门打不开",
    ),
    "F3": (
        "吧台下插线板串接3个，外皮发热",
        "后厨电线裸露，未穿管",
        "配电箱无盖板，旁边堆放纸箱",
    ),
    "F4": ("油烟管道油垢厚约1厘米", "灶台旁堆放引火物", "离人未关火"),
    "F5": (
        "货架后发现烟花爆竹约6箱，未见零售许可证",
        "柜台下存放鞭炮20余挂，与酒类混放",
        "库房内存放散装酒精4桶",
    ),
    "F6": ("阁楼有床铺2张，与经营区无分隔", "库房内有人住宿，仅一个出口"),
    "F8": ("单元门前停放车辆3辆，消防车无法通行", "通道口设地桩，无法移开"),
    "F9": ("二层外窗加装铁栅栏，无逃生口", "广告牌遮挡二层全部外窗"),
    "F10": (
        "楼道内停放电动自行车4辆，其中1辆正在充电",
        "从5楼窗户拉线至楼下给电动自行车充电",
        "电池带入户内，在客厅充电",
    ),
    "F11": ("抽问两名员工，均不会使用灭火器", "未见今年的培训演练记录"),
    "F12": ("2至4楼楼道堆放旧家具、纸板", "阳台堆满纸箱和泡沫板"),
    "G1": ("就餐区使用15公斤气瓶2只", "气瓶无检验标志，瓶身锈蚀"),
    "G2": ("软管老化龟裂，长约3米并穿墙", "管道被装修板包封，阀门无法触及"),
    "G4": ("使用可调式中压阀", "减压阀无合格标志"),
    "G5": ("未安装可燃气体报警装置", "报警装置未通电"),
    "G6": ("气瓶无钢印标识，经营者说不清来源", "未能出示购气凭证，夜间有人送瓶"),
    "B2": (
        "东墙斜裂缝长约2米，最宽处约8毫米，可见砖缝错开",
        "二层楼板下挠，板底露筋掉块",
        "房屋向北明显倾斜，门窗变形不能关闭",
        "屋架木梁腐朽，局部塌陷约1平方米",
    ),
    "P1": ("营业执照已过期，仍在生产", "实际从事的加工与登记不符"),
    "P3": ("冲床无防护罩，工人徒手送料", "临时线路拖地，无漏电保护"),
    "P5": ("未见隐患自查台账", "新入职员工无三级教育记录", "警示标志缺失"),
    "P6": ("停产期间留守人员在车间用电炉取暖", "停产未断电，无人值守"),
    "P7": ("厂房转租三家，未签安全管理协议",),
}
PLAIN = ("现场已拍照取证", "已当面告知负责人", "与上次检查情况相同")
HOUSES = ("自建房（三层）", "自建房（二层，一层出租）", "自建房（砖混两层）")
# Items that are patrolled at spots in the open.
SPOTS: dict[str, tuple[str, ...]] = {
    "46": ("北坡林缘", "二道沟草场", "进山路口"),
    "47": ("下穿道路口", "二道沟沟口", "低洼平房区"),
    "49": ("采石场旧址边坡", "二道沟陡坡"),
}
ESTATES = ("新光小区", "向阳里小区", "北河家园", "和悦小区", "钢建小区")

NOTES: dict[str, tuple[str, ...]] = {
    "settle": ("现场已清理，复查无误", "已当场移走杂物", "已恢复原状，拍照留存"),
    "issue_notice": ("当场未能完成，限期整改",),
    "extend": ("器材已订货未到，延期", "已完成大半，延期扫尾"),
    "accept": ("已受理，安排现场核查",),
    "return": ("位置描述不清，请补充具体地址和照片", "请补充责任主体信息后再报"),
    "order": ("责令限期改正", "要求按期整改并书面报告"),
    "penalise": ("依法立案处罚", "逾期未改，给予处罚"),
    "feed_back": ("整改结果已通知街镇", "处理情况反馈街镇"),
    "close": ("台账已更新，销号",),
    "lift_control": ("复查合格，解除管控",),
    "passed": ("隐患已消除", "现场复查合格"),
    "failed": ("仍未整改到位", "复查发现原隐患依旧"),
    "substantiated": ("现场核查，情况属实",),
    "not_substantiated": ("现场核查未发现所报情况",),
}
ANY_NOTE = "已处理"
# 五落实 of an order on a major hazard, beside the day.
FIVE = {
    "responsibility": "产权人和使用人（演示）负责",
    "measures": "停用，按要求整改后申请复查",
    "funds": "责任单位自筹",
    "plan": "出现险情立即撤离并报告",
}
APPRAISERS = ("某某房屋安全鉴定所（演示）", "演示建筑检测中心")


def place_name(rng: Random, kind: str) -> str:
    """Return the name of a place of a duty item, marked as invented."""
    return f"{rng.choice(FIRST)}{rng.choice(KINDS.get(kind, ('商户',)))}{MARK}"


def spot_name(rng: Random, item: str) -> str:
    """Return what a household, house or spot is called, marked as invented."""
    if item in SPOTS:
        return f"{rng.choice(SPOTS[item])}{MARK}"
    if item == "28":
        return f"{rng.randint(1, 9)}组{rng.randint(1, 60)}号{rng.choice(HOUSES)}{MARK}"
    return f"{rng.choice(ESTATES)}{rng.randint(1, 18)}号楼{rng.randint(1, 4)}单元{MARK}"


def description(rng: Random, hazard: str, category: str) -> str:
    """Return the checklist's words for the hazard with what was seen."""
    return f"{hazard}：{rng.choice(DETAILS.get(category, PLAIN))}"


def note(rng: Random, action: str, result: str | None = None) -> str:
    """Return what someone writes to an action, or to its result."""
    found = NOTES.get(result or action) or NOTES.get(action) or (ANY_NOTE,)
    return rng.choice(found)
