"""Items 45–50: fires, floods, weather, landslides, earthquakes, and patrols."""

from __future__ import annotations

from uuid import uuid4

from tests.factories import picture
from tests.scenarios.cast import RULES, Cast, item
from tests.scenarios.emergencies import TOWN, Emergency
from tests.scenarios.handling import day, on_spot, report, until

EMERGENCY, FIRE, HOUSING = "区应急管理局", "区消防救援大队", "区住房和城乡建设局"
AGRI, HEALTH, CULTURE = "区农牧局", "区卫生健康委员会", "区文体旅游广电局"
RESOURCES, NDRC = "区自然资源分局", "区发展和改革委员会"
CITY, GOVERNMENT = "市自然资源局", "区政府"


def duty(cast: Cast, kind: str, clause: str, **more: object) -> str:
    """Record one of the town's duties (履职记录), which must count; return its id."""
    id, photo = str(uuid4()), str(uuid4())
    form = RULES.duty(kind).form
    pictures = {"attachments": [photo]} if form == "plan" else {"photos": [photo]}
    document = {"kind": kind, "held_on": day(0), "subject": "履职", "summary": "记录"}
    answer = cast.worker.put(f"/duties/{id}", json=document | pictures | more)
    assert answer.status_code == 201, answer.text
    assert clause in answer.json["clauses"]
    sent = cast.worker.put(
        f"/photos/{photo}?duty={id}&stage=document",
        data=picture(size=(32, 24)),
        content_type="image/jpeg",
    )
    assert sent.status_code == 201, sent.text
    assert cast.officer.get(f"/duties/{id}").json["counts"] is True
    assert cast.neighbour.get(f"/duties/{id}").status_code == 404
    return id


def incidents_due(cast: Cast, point: str) -> list[dict[str, str]]:
    """Send an inspection with a no at a checkpoint that is an incident, without any
    finding; return what it says is to be reported."""
    receipt = cast.inspected(point, str(uuid4()))
    assert receipt["findings"] == []
    return list(receipt["incidents_due"])


def risk_point(cast: Cast, kind: str, name: str, risk: str) -> str:
    """Register a risk point with its keeper, which stands in the town's list; its
    id."""
    keeper = {"name": "王某", "phone": "13800000000"}
    id = cast.registered(kind, name, risk=risk, keeper=keeper)
    (listed,) = cast.officer.get("/places?risk_points=true").json["items"]
    assert (listed["id"], listed["risk"], listed["keeper"]) == (id, risk, keeper)
    return id


@item("45")
def test_45_a_fire_is_put_out_and_looked_into(cast: Cast) -> None:
    """The town names the people in the area, moves and calms them, brings hands and
    goods (45.township.2, .3); 消防大队 puts it out, closes the scene, finds the cause
    and counts the loss (45.区消防救援大队.1); the town restores life (45.township.4).
    """
    fire = Emergency(cast, "fire", {"burning": "库房", "people_trapped": "unknown"})
    fire.reached(FIRE, [], [EMERGENCY])
    fire.did(TOWN, "people_information", "45.township.2")
    homes = [f"{place}.township.4" for place in range(30, 39)]  # 及时组织群众疏散
    moved = {"evacuated": 30}
    fire.did(TOWN, "evacuation", "45.township.2", *homes, figures=moved)
    fire.did(FIRE, "receive", "45.区消防救援大队.1", to="received")
    fire.did(TOWN, "supplies", "45.township.3")
    fire.did(FIRE, "firefighting", "45.区消防救援大队.1", to="responding")
    fire.did(FIRE, "close_off", "45.区消防救援大队.1")
    fire.cannot(TOWN, "control", 403).cannot(FIRE, "close", 409)
    fire.did(FIRE, "control", "45.区消防救援大队.1", to="controlled")
    cause = {"cause": "电气线路短路"}
    fire.cannot(FIRE, "close", 409)  # neither cause nor loss yet
    fire.did(FIRE, "investigation", "45.区消防救援大队.1", fields=cause)
    loss = {"loss_yuan": 120000, "injured": 1}
    fire.did(FIRE, "losses", "45.区消防救援大队.1", figures=loss)
    fire.did(TOWN, "aftermath", "45.township.4", to="recovering")
    fire.did(FIRE, "close", "45.区消防救援大队.1", to="closed")
    fire.figures(evacuated=30, **loss).ended()


@item("46")
def test_46_a_wildfire_is_reported_fought_and_commanded(cast: Cast) -> None:
    """The ranger reports place, size and who is trapped (46.township.4) and first
    fights a small fire where it is safe (46.township.5); 应急局 judges and commands
    (46.区应急管理局.5), 农牧局 fights on its notice (46.区农牧局.3), 消防大队 under
    区政府 (46.区消防救援大队.1); 应急局 reports and sees to recovery (.7–.9)."""
    told = {"fire_size": "small", "people_trapped": "no"}
    fire = Emergency(cast, "wildfire", told).reached(EMERGENCY, [AGRI, FIRE])
    fire.cannot(TOWN, "initial_fighting", 422, fields={"safe": False})
    fire.did(TOWN, "initial_fighting", "46.township.5", fields={"safe": True})
    fire.did(EMERGENCY, "receive", "46.区应急管理局.5", to="received")
    fire.did(EMERGENCY, "assessment", "46.区应急管理局.5")
    fire.did(EMERGENCY, "dispatch", "46.区应急管理局.5", to="responding")
    fire.did(AGRI, "firefighting", "46.区农牧局.3", "46.区农牧局.4")
    fire.did(FIRE, "firefighting", "46.区消防救援大队.1")
    fire.did(EMERGENCY, "medical_dispatch", "46.区应急管理局.6", figures={"injured": 2})
    fire.did(EMERGENCY, "control", "46.区应急管理局.5", to="controlled")
    again = {"reason": "余火复燃"}
    fire.did(
        EMERGENCY, "relapse", "46.区应急管理局.5", to="responding", fields=again
    ).did(EMERGENCY, "control", "46.区应急管理局.5", to="controlled")
    area = {"affected_area_ha": 3.5, "affected_people": 0}
    fire.did(EMERGENCY, "verification", "46.区应急管理局.7", figures=area)
    fire.cannot(EMERGENCY, "close", 409)
    fire.did(EMERGENCY, "upward_report", "46.区应急管理局.8")
    fire.did(EMERGENCY, "restoration", "46.区应急管理局.7", to="recovering")
    fire.did(EMERGENCY, "recovery_coordination", "46.区应急管理局.9")
    fire.did(EMERGENCY, "close", "46.区应急管理局.9", to="closed")
    fire.figures(injured=2, **area).ended()


@item("46")
def test_46_the_farm_bureau_finds_a_fire_itself(cast: Cast) -> None:
    """What 农牧局 sees on its patrols it fights and reports to 应急局
    (46.区农牧局.4)."""
    told = {"fire_size": "medium", "people_trapped": "no"}
    fire = Emergency(cast, "wildfire", told, by=AGRI).reached(EMERGENCY, [AGRI, FIRE])
    fire.did(
        AGRI,
        "initial_fighting",
        "46.区农牧局.2",
        "46.区农牧局.4",
        fields={"safe": True},
    )
    reason = {"reason": "农户焚烧秸秆，已扑灭"}
    fire.did(
        EMERGENCY, "false_alarm", "46.区应急管理局.5", to="false_alarm", fields=reason
    )
    fire.ended("false_alarm")


@item("46")
def test_46_the_patrol_controls_fire_sources(cast: Cast) -> None:
    """火源管控 is the town's own (46.township.4); what is illegal goes to 应急局 with
    农牧局 (46.区应急管理局.1, .5, 46.区农牧局.2). A fire that is seen is an
    incident: the inspection says so."""
    tomb = cast.found("46-04", on_spot("劝阻烧纸，改献花")).with_the_town(
        "T46", "46.township.4"
    )
    tomb.settled("火已熄灭").went("T1 found > T2 on_spot > T4 closed_town")
    edge = cast.found("46-07", until(day(5), "清理林缘枯草")).papers(
        ("整改提醒单", day(5))
    )
    edge.town_passed("已清理").seen_by()
    burnt = cast.found("46-02", on_spot("已制止"), facts=["illegal"]).at("reported")
    burnt.routed(
        "L33",
        "46.区应急管理局.1",
        "46.区应急管理局.5",
        "46.区农牧局.2",
        lead=EMERGENCY,
        co=[AGRI],
    ).seen_by(EMERGENCY, AGRI)
    burnt.accepted().verified("属实").ordered("整改要求", day(1), "禁止野外用火")
    burnt.recheck_passed("已停止").fed_back("已处置").closed().went(
        "T1 found > T2 on_spot > T5 reported > T12 verifying > T15 > T15 ordered > "
        "T18 dept_recheck > T19 rectified > T23 feedback > T24 closed"
    )
    assert incidents_due(cast, "46-01") == [{"checkpoint": "46-01", "kind": "wildfire"}]


@item("47")
def test_47_a_flood_is_reported_drained_and_made_good(cast: Cast) -> None:
    """The town reports flooding (47.township.5) and moves who is threatened (.6);
    应急局 commands (47.区应急管理局.5), 住建局 drains and guards the spots that flood
    (47.区住房和城乡建设局.2), 农牧局 deals with the mountain flood (区水务局.1),
    消防大队 rescues (.1, .2), 卫健委 prevents disease; then relief and recovery (.9,
    .10)."""
    told = {"situation": "waterlogging", "people_threatened": "yes"}
    flood = Emergency(cast, "flood", told)
    flood.reached(EMERGENCY, [HOUSING, AGRI, FIRE, HEALTH])
    flood.did(TOWN, "evacuation", "47.township.6", figures={"evacuated": 60})
    flood.did(EMERGENCY, "receive", "47.区应急管理局.8", to="received")
    flood.did(EMERGENCY, "dispatch", "47.区应急管理局.5", to="responding")
    flood.did(HOUSING, "traffic_control", "47.区住房和城乡建设局.2")
    flood.did(HOUSING, "drainage", "47.区住房和城乡建设局.2")
    flood.did(AGRI, "flood_response", "47.区农牧局（区水务局）.1")
    flood.did(FIRE, "rescue", "47.区消防救援大队.1", "47.区消防救援大队.2")
    flood.did(EMERGENCY, "medical_dispatch", "47.区应急管理局.6")
    flood.did(HEALTH, "disease_control", "47.区卫生健康委员会.1")
    flood.did(TOWN, "relief", "47.township.9", figures={"resettled": 20})
    flood.did(EMERGENCY, "control", "47.区应急管理局.5", to="controlled")
    flood.did(HOUSING, "restoration", "47.区住房和城乡建设局.3", to="recovering")
    loss = {"affected_people": 200, "affected_crops_ha": 12.0, "houses_damaged": 4}
    flood.did(EMERGENCY, "verification", "47.区应急管理局.7", figures=loss)
    flood.did(EMERGENCY, "upward_report", "47.区应急管理局.8")
    flood.did(TOWN, "aftermath", "47.township.10")
    flood.did(EMERGENCY, "recovery_coordination", "47.区应急管理局.9")
    flood.did(EMERGENCY, "close", "47.区应急管理局.9", to="closed")
    flood.figures(evacuated=60, resettled=20, **loss).ended()


@item("47")
def test_47_a_drought_is_watched_and_water_shared_out(cast: Cast) -> None:
    """The town follows soil and springs (47.township.7) and shares out water (.8);
    区水务局 watches and schedules (47.区农牧局（区水务局）.2, .6, .7)."""
    told = {"situation": "drought", "people_threatened": "no"}
    drought = Emergency(cast, "flood", told)
    water = "47.区农牧局（区水务局）"
    drought.did(TOWN, "drought_watch", "47.township.7")
    drought.did(AGRI, "drought_watch", f"{water}.2", f"{water}.6")
    drought.did(TOWN, "water_allocation", "47.township.8")
    drought.did(AGRI, "water_allocation", f"{water}.6", f"{water}.7")
    drought.did(EMERGENCY, "receive", "47.区应急管理局.8", to="received")
    drought.did(EMERGENCY, "control", "47.区应急管理局.5", to="controlled")
    drought.did(EMERGENCY, "upward_report", "47.区应急管理局.8")
    drought.did(EMERGENCY, "close", "47.区应急管理局.9", to="closed").ended()


@item("47")
def test_47_the_patrol_before_the_rain(cast: Cast) -> None:
    """排查整治 of low ground, sites, drains and covers (47.township.4); what is beyond
    the town goes to 应急局 (47.区应急管理局.1), with whose drain or channel it is."""
    # 建立辖区防汛风险隐患点清单
    duty(cast, "47-risk-points", "47.township.2", figures={"entries": 1})
    manhole = risk_point(cast, "47-manhole", "3号井", "井盖松动")
    drain = cast.found("47-08", on_spot("督促疏通")).with_the_town(
        "T47", "47.township.4"
    )
    drain.settled("已疏通").went("T1 found > T2 on_spot > T4 closed_town")
    cover = cast.found("47-06", until(day(1), "更换井盖"), place=manhole)
    assert cover.ticket["place"]["id"] == manhole
    cover.town_passed("已更换").seen_by()
    visits = cast.officer.get(f"/places/{manhole}").json["visits"]
    assert visits["last_visited_at"]
    site = cast.found("47-03", until(day(3), "督促工地备齐水泵"))
    site.papers(("整改提醒单", day(3))).town_passed("已备齐").seen_by()
    water = "47.区农牧局（区水务局）"
    for point, department, clause in (
        ("47-07", HOUSING, "47.区住房和城乡建设局.1"),
        ("47-04", HOUSING, "47.区住房和城乡建设局.2"),
        ("47-10", AGRI, f"{water}.5"),
        ("47-11", AGRI, f"{water}.1"),
    ):
        cannot = report("镇内无力处理")
        case = cast.found(point, cannot, facts=["cannot_fix_now"]).at("reported")
        case.routed(
            "L35",
            "47.township.4",
            "47.区应急管理局.1",
            lead=EMERGENCY,
            co=[department],
        ).seen_by(EMERGENCY, department)
        (matched,) = case.ticket["routing"]["co_rules"]
        assert matched["basis"] == [clause]
        case.accepted().verified("属实").ordered("整改要求", day(3), "修复")
        case.does(cast.of(department), "comment", "ordered", note="已修复")
        case.recheck_passed("已修复").fed_back("已修复").closed().went(
            "T1 found > T10 reported > T12 verifying > T15 > T15 ordered > N1 > "
            "T18 dept_recheck > T19 rectified > T23 feedback > T24 closed"
        )
    dam = cast.found("47-12", report("坝体渗漏")).at("reported")
    dam.routed(
        "L34",
        "47.township.4",
        "47.区应急管理局.1",
        "47.区应急管理局.5",
        lead=EMERGENCY,
        co=[AGRI],
    ).seen_by(EMERGENCY, AGRI)
    (matched,) = dam.ticket["routing"]["co_rules"]
    assert matched["basis"] == [f"{water}.3"]
    assert incidents_due(cast, "47-01") == [{"checkpoint": "47-01", "kind": "flood"}]


@item("48")
def test_48_weather_damage_is_reported_and_made_good(cast: Cast) -> None:
    """The town prevents and responds as 应急局 arranges (48.township.4), reports the
    damage (.5) and moves people (.6); 应急局 coordinates and assesses
    (48.区应急管理局.4, .5), 住建局 drains (.4), 文体旅游广电局 closes what is dangerous
    (.1), 农牧局 guides farmers (.1, .2); then relief and recovery (48.township.7, .8).
    """
    told = {"phenomenon": "gale", "damage": "大棚受损", "people_threatened": "yes"}
    storm = Emergency(cast, "weather", told)
    storm.reached(EMERGENCY, [HOUSING, CULTURE], [AGRI])
    storm.did(TOWN, "local_response", "48.township.4")
    storm.did(EMERGENCY, "receive", "48.区应急管理局.2", to="received")
    storm.did(TOWN, "evacuation", "48.township.6", figures={"evacuated": 15})
    storm.did(EMERGENCY, "dispatch", "48.区应急管理局.4", to="responding")
    storm.did(EMERGENCY, "supplies", "48.区应急管理局.3")
    storm.did(CULTURE, "close_off", "48.区文体旅游广电局.1")
    storm.did(HOUSING, "drainage", "48.区住房和城乡建设局.4")
    storm.did(AGRI, "measures", "48.区农牧局.1", "48.区农牧局.2")
    storm.did(EMERGENCY, "control", "48.区应急管理局.4", to="controlled")
    loss = {"affected_crops_ha": 8.0, "houses_collapsed": 1}
    storm.did(EMERGENCY, "losses", "48.区应急管理局.5", figures=loss)
    storm.did(EMERGENCY, "upward_report", "48.区应急管理局.2", "48.区应急管理局.5")
    storm.did(HOUSING, "restoration", "48.区住房和城乡建设局.5", to="recovering")
    storm.did(TOWN, "relief", "48.township.7").did(TOWN, "aftermath", "48.township.8")
    storm.did(EMERGENCY, "recovery_coordination", "48.区应急管理局.6")
    storm.did(EMERGENCY, "close", "48.区应急管理局.6", to="closed")
    storm.figures(evacuated=15, **loss).ended()


@item("49")
def test_49_the_patrol_reports_any_danger_at_once(cast: Cast) -> None:
    """Any 险情 goes to 自然资源分局 (49.township.2); people are moved (.3). It
    investigates at once, tells the city, 区政府 and 应急局 (49.区自然资源分局.2), then
    carries out measures under the city's guidance (.3)."""
    control = {"measure": "人员撤离", "note": "转移三户"}
    case = cast.found("49-01", report("坡体裂缝扩大"), control=control).at("reported")
    case.routed(
        "L17",
        "49.township.2",
        "49.区自然资源分局.2",
        "49.区自然资源分局.3",
        lead=RESOURCES,
        next_level=CITY,
    ).seen_by(RESOURCES, EMERGENCY, GOVERNMENT)  # the last two are informed
    case.accepted().verified("赶赴现场调查属实").escalated(CITY, "上报市自然资源局")
    case.seen_by(RESOURCES, EMERGENCY, GOVERNMENT, CITY).answered(
        "按市局指导落实处置措施"
    )
    case.ordered("整改要求", day(10), "设置挡墙、监测")
    case.papers("上报材料", ("整改要求", day(10))).recheck_passed("险情已排除")
    case.does(case.lead, "lift_control", "rectified", note="可以返回")
    case.fed_back("险情已排除").closed().in_ledger(None).went(
        "T1 found > C1 > T10 reported > T12 verifying > T15 > T21 escalated > "
        "T22 dept_recheck > T20 ordered > T18 dept_recheck > T19 rectified > C2 > "
        "T23 feedback > T24 closed"
    )


@item("49")
def test_49_a_landslide_is_reported_and_commanded(cast: Cast) -> None:
    """自然资源分局 investigates and reports to the city, 区政府 and 应急局
    (49.区自然资源分局.2); 应急局 commands the rescue (49.区应急管理局.3), 消防大队
    searches (.2); the town moves people, cares and restores (49.township.3–.5)."""
    told = {"nature": "disaster", "phenomenon": "landslide", "people_threatened": "yes"}
    slide = Emergency(cast, "geological", told).reached(RESOURCES, [EMERGENCY, FIRE])
    slide.did(TOWN, "evacuation", "49.township.3", figures={"evacuated": 12})
    slide.did(RESOURCES, "receive", "49.区自然资源分局.2", to="received")
    slide.did(RESOURCES, "site_investigation", "49.区自然资源分局.2", to="responding")
    slide.did(RESOURCES, "upward_report", "49.区自然资源分局.2")
    slide.did(EMERGENCY, "dispatch", "49.区应急管理局.3")
    slide.did(EMERGENCY, "supplies", "49.区应急管理局.2")
    slide.did(
        FIRE,
        "rescue",
        "49.区消防救援大队.1",
        "49.区消防救援大队.2",
        figures={"rescued": 2},
    )
    slide.did(RESOURCES, "technical_support", "49.区自然资源分局.4")
    slide.did(RESOURCES, "measures", "49.区自然资源分局.3")
    slide.did(RESOURCES, "control", "49.区自然资源分局.3", to="controlled")
    slide.did(RESOURCES, "losses", "49.区自然资源分局.5")
    loss = {"affected_people": 30, "roads_damaged_m": 80.0}
    slide.did(EMERGENCY, "verification", "49.区应急管理局.4", figures=loss)
    slide.did(TOWN, "relief", "49.township.4")
    slide.did(TOWN, "aftermath", "49.township.5", to="recovering")
    slide.did(EMERGENCY, "recovery_coordination", "49.区应急管理局.5")
    slide.did(RESOURCES, "close", "49.区自然资源分局.5", to="closed")
    slide.figures(evacuated=12, rescued=2, **loss).ended()


@item("50")
def test_50_an_earthquake_is_reported_and_made_good(cast: Cast) -> None:
    """Villagers help each other (50.township.3), are moved (.4) and counted (.5);
    应急局 commands (50.区应急管理局.4), 消防大队 searches, 卫健委 treats, 发改委 sends
    goods, 住建局 assesses buildings; then aid, donations and rebuilding (.6–.11)."""
    told = {"damage": "围墙倒塌，数户受损", "people_trapped": "yes"}
    quake = Emergency(cast, "earthquake", told)
    quake.reached(EMERGENCY, [FIRE, HOUSING, NDRC, HEALTH])
    quake.did(TOWN, "self_rescue", "50.township.3")
    quake.did(TOWN, "evacuation", "50.township.4", figures={"evacuated": 300})
    quake.did(EMERGENCY, "receive", "50.区应急管理局.4", to="received")
    quake.did(EMERGENCY, "dispatch", "50.区应急管理局.4", to="responding")
    quake.did(FIRE, "rescue", "50.区消防救援大队.1", "50.区消防救援大队.2")
    quake.did(EMERGENCY, "medical_dispatch", "50.区应急管理局.5")
    quake.did(HEALTH, "medical", "50.区卫生健康委员会.1", figures={"injured": 5})
    quake.did(HEALTH, "disease_control", "50.区卫生健康委员会.2")
    quake.did(NDRC, "supplies", "50.区发展和改革委员会.1")
    quake.did(TOWN, "supplies", "50.township.5")
    quake.did(HOUSING, "building_assessment", "50.区住房和城乡建设局.1")
    loss = {"houses_collapsed": 3, "affected_people": 320}
    quake.did(TOWN, "losses", "50.township.5", figures=loss)
    quake.did(EMERGENCY, "donations", "50.区应急管理局.8")
    quake.did(EMERGENCY, "control", "50.区应急管理局.4", to="controlled")
    quake.did(EMERGENCY, "verification", "50.区应急管理局.6")
    quake.did(EMERGENCY, "losses", "50.区应急管理局.7")
    quake.did(EMERGENCY, "upward_report", "50.区应急管理局.7")
    quake.did(TOWN, "relief", "50.township.5", figures={"resettled": 40})
    quake.did(EMERGENCY, "relief", "50.区应急管理局.9", "50.区应急管理局.10")
    quake.did(HOUSING, "restoration", "50.区住房和城乡建设局.1", to="recovering")
    quake.did(TOWN, "aftermath", "50.township.6")
    quake.did(EMERGENCY, "recovery_coordination", "50.区应急管理局.11")
    quake.did(EMERGENCY, "close", "50.区应急管理局.11", to="closed")
    quake.figures(evacuated=300, injured=5, resettled=40, **loss).ended()
