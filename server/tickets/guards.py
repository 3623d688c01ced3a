"""The guards of the ticket's machine; pure.

None lets a transition pass, a text says why it is not open.
"""

from __future__ import annotations

from server.core.text import Text
from server.tickets.machine import Situation
from server.tickets.vocabulary import Control, Severity


def no_control_in_force(case: Situation) -> Text | None:
    """A ticket with a control in force cannot be closed."""
    if case.control is Control.IN_FORCE:
        return Text("管控措施尚未解除", "A control measure is still in force")
    return None


def control_in_force(case: Situation) -> Text | None:
    """Only a control in force can be lifted."""
    if case.control is not Control.IN_FORCE:
        return Text("没有生效中的管控措施", "No control measure is in force")
    return None


def not_the_imposer(case: Situation) -> Text | None:
    """Whoever imposed a control never lifts it (28.township.4, by design)."""
    if case.control_imposed_by == case.actor_id:
        return Text(
            "实施管控的人不能自行解除", "Whoever imposed a control may not lift it"
        )
    return None


def substantiated(case: Situation) -> Text | None:
    """An order presupposes 核查属实 (30.区消防救援大队.2)."""
    if case.substantiated is not True:
        return Text("尚未核查属实", "Not verified as substantiated yet")
    return None


def appraised(case: Situation) -> Text | None:
    """An order after appraisal presupposes its result.

    A grade C or D (28.区住房和城乡建设局.4), or the third party's word that there is a
    hazard (27.区住房和城乡建设局.2).
    """
    if case.grade is None:
        return Text("尚无鉴定结论", "No appraisal result yet")
    return None


def by_third_party(case: Situation) -> Text | None:
    """A third party says whether there is a hazard, not which grade (27)."""
    if case.appraisal != "third_party":
        return Text("该事项按等级鉴定", "This item's appraisal gives a grade")
    return None


def appraisal_foreseen(case: Situation) -> Text | None:
    """Only items whose route names an appraisal (鉴定) have one (27, 28)."""
    if case.appraisal is None:
        return Text("该事项没有鉴定环节", "This item has no appraisal step")
    return None


def next_level_exists(case: Situation) -> Text | None:
    """Escalation needs a next level in the route (27, 41)."""
    if case.next_level is None:
        return Text("该事项没有上一级", "This item names no next level")
    return None


def ordered_by_district(case: Situation) -> Text | None:
    """Where the city punishes, the district orders on its instruction only (54)."""
    if case.process.escalation == "instead_of_order":
        return Text(
            "查实后报上一级处理，不由本部门责令", "The next level decides first"
        )
    return None


def reported_before_order(case: Situation) -> Text | None:
    """Most items go up only after a failed re-inspection; 49, 54 and 65 before."""
    if case.process.escalation == "after_recheck":
        return Text("复查不合格后才能报上一级", "Only after a failed re-inspection")
    return None


def reported_beside_order(case: Situation) -> Text | None:
    """49 and 65: the next level is told, and the department orders all the same."""
    if case.process.escalation != "beside_order":
        return Text("该事项不能边责令边上报", "Not reported and ordered at once")
    return None


def no_next_level(case: Situation) -> Text | None:
    """Without a next level a failed re-inspection leads back to the order (T20)."""
    if case.next_level is not None:
        return Text("可报上一级", "A next level exists")
    return None


def town_deadline_allowed(case: Situation) -> Text | None:
    """A due date set by the town needs an item with 督促整改."""
    if not case.process.town_deadline:
        return Text("该事项不设镇级整改期限", "The town sets no due date in this item")
    return None


def day_not_in_writing(case: Situation) -> Text | None:
    """A written day is put off by an extension with its reason (T8), never by another
    notice."""
    if case.due_in_writing:
        return Text(
            "整改期限已书面确定，请复查后延期", "The day is set in writing already"
        )
    return None


def penalty_allowed(case: Situation) -> Text | None:
    """A penalty presupposes 核查属实 and an item that names penalties."""
    if not case.process.penalties:
        return Text("该事项未列处罚种类", "This item names no penalty")
    return substantiated(case)


def nothing_asked(case: Situation) -> Text | None:
    """One request for a later day (延期) at a time."""
    if case.extension_by is not None:
        return Text("已有延期申请待审批", "A later day is asked for already")
    return None


def asked(case: Situation) -> Text | None:
    """What is asked for may be refused, also by who asked: that takes it back."""
    if case.extension_by is None:
        return Text("没有待审批的延期申请", "No later day is asked for")
    return None


def asked_by_another(case: Situation) -> Text | None:
    """A later day is asked for by who works the case and decided by somebody else."""
    if case.extension_by is None:
        return Text(
            "没有待审批的延期申请，请经办人先申请延期",
            "No later day is asked for: request_extension goes first",
        )
    if case.extension_by == case.actor_id:
        return Text(
            "延期须由申请人以外的人审批", "Whoever asked for a later day may not decide"
        )
    return None


def beside_one_s_own(case: Situation) -> Text | None:
    """Who imposed one of several controls may still lift the others, one by one."""
    if case.control_imposed_by != case.actor_id or not case.liftable:
        return Text("没有他人实施的管控措施", "No control that somebody else imposed")
    return None


def not_the_finder(case: Situation) -> Text | None:
    """Four eyes: who handed a major hazard in does not end it."""
    if case.severity == Severity.MAJOR and case.finder_id == case.actor_id:
        return Text(
            "重大隐患不得由发现上报人自行销号",
            "A major hazard is not ended by who handed it in",
        )
    return None


def not_suspended(case: Situation) -> Text | None:
    """What is put aside (挂账) is taken up again before it is worked."""
    if case.suspended:
        return Text("工单已挂账，请先恢复", "Suspended: resume it first")
    return None


def is_suspended(case: Situation) -> Text | None:
    """Only what is put aside can be taken up again."""
    return None if case.suspended else Text("工单未挂账", "Not suspended")


def not_who_handled_it(case: Situation) -> Text | None:
    """Four eyes: who called a major hazard rectified does not close it."""
    if case.severity == Severity.MAJOR and case.actor_id in case.handled_by:
        return Text(
            "重大隐患不得由复查、反馈人自行销号",
            "A major hazard is not closed by who re-inspected it or fed it back",
        )
    return None


def failed_before(case: Situation) -> Text | None:
    """加重处罚 follows a failed re-inspection (42.区应急管理局.5)."""
    if case.failed_rechecks == 0:
        return Text("复查不合格后才能加重处罚", "Only after a failed re-inspection")
    return None


def new_round(case: Situation) -> Text | None:
    """A new order presupposes that the re-inspection of the last one failed."""
    if not case.round_over:
        return Text(
            "本轮责令改正尚未复查", "The standing order is not re-inspected yet"
        )
    return None


def coordinator_named(case: Situation) -> Text | None:
    """区安委办 convenes where the route names who coordinates (30.区应急管理局.1)."""
    if case.coordinator is None:
        return Text(
            "该事项没有统筹协调部门", "The route of this ticket names no coordinator"
        )
    return None


def joint_convened(case: Situation) -> Text | None:
    """A result presupposes a joint action that was convened and has none yet."""
    if not case.joint_open:
        return Text("没有待记录的联合行动", "No joint action waits for its result")
    return None


def not_ruled(case: Situation) -> Text | None:
    """What 区安委办 decided is not given back."""
    if case.binding:
        return Text("安委办已裁定，不得退回", "The safety office has ruled: no return")
    return None


def to_the_dispatcher(case: Situation) -> Text | None:
    """An assigned ticket goes back to who assigned it, before 区安委办 decides."""
    if case.decided_after is not None and case.returns + 1 >= case.decided_after:
        return Text(
            "再次退回由区安委办裁定", "The next return is for the safety office"
        )
    return None


def to_the_office(case: Situation) -> Text | None:
    """The other of :func:`to_the_dispatcher`."""
    if to_the_dispatcher(case) is None:
        return Text("退回分派部门", "It goes back to who assigned it")
    return None


def town_decides(case: Situation) -> Text | None:
    """The town reports again, until 区安委办 decides."""
    if case.office_decides:
        return Text(
            f"已退回 {case.returns} 次，由区安委办裁定",
            f"Returned {case.returns} times: the safety office decides",
        )
    return None


def office_decides(case: Situation) -> Text | None:
    """区安委办 decides after so many returns, not before."""
    if not case.office_decides:
        return Text(
            "未达到由区安委办裁定的退回次数", "Not returned often enough to be ruled on"
        )
    return None


def assigned(case: Situation) -> Text | None:
    """Only what is on somebody's desk can be taken from it."""
    if not case.assigned:
        return Text("尚未指派经办人", "Assigned to nobody")
    return None


def joint_day_begun(case: Situation) -> Text | None:
    """What came of a joint action is not told before its day."""
    if case.joint_to_come is not None:
        day = case.joint_to_come
        return Text(
            f"联合行动定于 {day}，届时方可记录",
            f"The joint action is on {day}: its result is recorded from then on",
        )
    return None
