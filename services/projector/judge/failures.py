"""How grave each failure of authority is, how binding the text it rests on, and which (domain §4.3)."""

from typing import Final

from msgspec import Struct

from contracts.grades import Force, Severity
from projector.judge.rule import Confidence


class Grade(Struct, frozen=True):
    severity: Severity
    force: Force
    citation: str
    confidence: Confidence
    policies: tuple[str, ...] = ()


_APPROVAL: Final = "财会〔2012〕21号 §12 内部授权审批控制; 财库〔2016〕99号 三(三)"
_COLLECTIVE: Final = "财会〔2012〕21号 §14; 财库〔2016〕99号 三(三)2"

FAILURE_GRADES: Final = {
    "AUT-01": Grade("CRITICAL", "NORM", _APPROVAL, "C"),
    "AUT-02": Grade("HIGH", "NORM", _APPROVAL, "C"),
    "AUT-03": Grade("HIGH", "LAW", "民法典 §173(1)", "A"),
    "AUT-04": Grade("CRITICAL", "LAW", "民法典 §173(2)", "A"),
    "AUT-05": Grade("HIGH", "NORM", _APPROVAL, "C"),
    "AUT-06": Grade("HIGH", "NORM", _APPROVAL, "C"),
    "AUT-07": Grade("HIGH", "NORM", _APPROVAL, "C"),
    "AUT-08": Grade("HIGH", "LAW", "民法典 §169", "A"),
    "AUT-09": Grade("CRITICAL", "LAW", "民法典 §168", "A"),
    "AUT-10": Grade("CRITICAL", "NORM", _APPROVAL, "C"),
    "AUT-11": Grade("CRITICAL", "NORM", _APPROVAL, "C"),
    "AUT-12": Grade("HIGH", "LAW", "民法典 §171", "A", ("aut.late_grant",)),
    "AUT-13": Grade("HIGH", "NORM", "财会〔2012〕21号 §12 不相容岗位相互分离", "C", ("sod.held_down",)),
    "AUT-14": Grade("HIGH", "NORM", _APPROVAL, "C"),
    "AUT-15": Grade("HIGH", "UNIT", "单位授权规定", "C", ("aut.split_window", "aut.split_acts")),
    "AUT-16": Grade("CRITICAL", "NORM", _COLLECTIVE, "C"),
    "AUT-17": Grade("HIGH", "NORM", _APPROVAL, "C"),
    "AUT-18": Grade("CRITICAL", "NORM", _APPROVAL, "C"),
    "AUT-19": Grade("HIGH", "LAW", "民法典 §173(1)", "A"),
    "AUT-20": Grade("HIGH", "NORM", _APPROVAL, "C"),
    "AUT-21": Grade("HIGH", "REG", "政府采购法实施条例 §16, §52", "A"),
    "AUT-22": Grade("MEDIUM", "LAW", "民法典 §165", "A", ("aut.elements",)),
    "AUT-23": Grade("LOW", "UNIT", "单位授权规定", "C", ("aut.dormant",)),
}
LATE_SEVERITY: Final[Severity] = "MEDIUM"
"""Of a grant that was made in time and recorded a little late (LATE_RECORDED)."""
