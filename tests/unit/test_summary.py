"""The page of a bundle says what the acts say, and what became of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pytest

from contracts.catalogue import base_catalogue
from contracts.proof import Checkpoint, summary
from contracts.proof.proven import Proven
from contracts.proof.summary import Summary, summary_of

PROJECT: Final = "project:P-1"
SOURCE: Final = "urn:oa"
CHECKPOINT: Final = Checkpoint("example.com/log", 1000, bytes(32))
HOSTILE: Final[Sequence[Any]] = [
    None, True, "", "1e5", "150000", "2026\n伪造的一行", "\ud800", "\u202e", [], ["pass"], [{}], {}, {"a": {"b": []}},
]  # fmt: skip


def act(
    position: int,
    type: str,
    /,
    subject: str = PROJECT,
    erased: bool = False,
    leaf: Mapping[str, str] | None = None,
    **data: Any,
) -> Proven:
    """Return an act that was done on the second of March and recorded eight hours later, on the same day in UTC."""
    members: dict[str, str | int] = {
        "source": SOURCE,
        "id": f"e{position}",
        "type": type,
        "subject": subject,
        "time": "2026-03-02T09:00:00+08:00",
        "recorded_at": "2026-03-02T09:00:00.000001Z",
        "actor": "person:A",
        **(leaf or {}),
    }
    return Proven("", subject, position, members, None if erased else {**members, "data": data}, erased)


def correct(position: int, corrected: int, /, subject: str = PROJECT, **data: Any) -> Proven:
    return act(position, "act.correct", subject, corrects={"source": SOURCE, "id": f"e{corrected}"}, **data)


def page(*acts: Proven) -> Summary:
    return summary_of(PROJECT, CHECKPOINT, acts)


def line(text: str, start: str | int) -> str:
    """Return the one line that begins so; a number is a position."""
    sought = f"{start:>9}  " if isinstance(start, int) else start
    (found,) = [each for each in text.split("\n") if each.startswith(sought)]
    return found.removeprefix(sought)


def signed(position: int, amount: str, /, **data: Any) -> Proven:
    return act(position, "contract.sign", amount=amount, **data)


def test_sums_leave_out_what_was_withdrawn_or_failed_and_count_what_was_corrected_as_corrected() -> None:
    told = page(
        signed(1, "100000.00", contract="C1", supplier="supplier:S1"),
        signed(2, "500000.00"),
        act(3, "contract.amend", amount="-5000.00"),
        act(4, "accept.perform", amount="100000.00", result="fail"),
        act(5, "accept.perform", amount="40000.00", result="pass"),
        correct(654, 2, void=True),
        correct(655, 1, fields={"amount": "90000.00"}),
    )
    # 90,000.00 = 100,000.00 corrected + 500,000.00 withdrawn; 40,000.00 = 40,000.00 + 100,000.00 that failed.
    assert line(told.zh, "合计：") == "验收 40,000.00 CNY, 补充合同 -5,000.00 CNY, 签订合同 90,000.00 CNY"
    assert line(told.en, "sums: ") == (
        "acceptance 40,000.00 CNY, contract amended -5,000.00 CNY, contract signed 90,000.00 CNY"
    )
    assert line(told.zh, 1) == (
        "2026-03-02  签订合同  person:A  合同 C1  supplier:S1  100,000.00 CNY  已更正，见 655：90,000.00 CNY"
    )
    assert line(told.en, 1) == (
        "2026-03-02  contract signed  person:A  contract C1  supplier:S1  100,000.00 CNY"
        "  corrected at 655: 90,000.00 CNY"
    )
    assert line(told.zh, 2) == "2026-03-02  签订合同  person:A  500,000.00 CNY  已撤回，见 654"
    assert line(told.en, 2) == "2026-03-02  contract signed  person:A  500,000.00 CNY  withdrawn at 654"
    assert line(told.zh, 4) == "2026-03-02  验收  未通过  person:A  100,000.00 CNY"
    assert line(told.en, 4) == "2026-03-02  acceptance  failed  person:A  100,000.00 CNY"
    assert line(told.en, 5) == "2026-03-02  acceptance  person:A  40,000.00 CNY", "a pass goes without saying"
    assert line(told.zh, "另见 ") == "2 个更正：各行先列原始陈述，合计按更正后计算"
    assert line(told.zh, "其他：") == "更正记录 2"
    assert line(told.en, "others: ") == "Correct an earlier record 2"


@pytest.mark.parametrize(
    ("result", "zh", "en"),
    [
        ("revise", "退回修改", "to be revised"),
        ("refused", "结果：refused", "result: refused"),
        (["pass"], "结果：?", "result: ?"),
    ],
)
def test_a_result_that_is_no_pass_is_told_and_not_summed(result: Any, zh: str, en: str) -> None:
    told = page(act(1, "accept.perform", amount="1.00", result=result))
    assert line(told.zh, 1) == f"2026-03-02  验收  {zh}  person:A  1.00 CNY"
    assert line(told.en, 1) == f"2026-03-02  acceptance  {en}  person:A  1.00 CNY"
    assert "sums" not in told.en


def test_a_corrected_result_decides_whether_an_amount_counts() -> None:
    told = page(
        act(1, "accept.perform", amount="1.00", result="fail"),
        act(2, "accept.perform", amount="2.00"),
        correct(3, 1, fields={"result": "pass"}),
        correct(4, 2, fields={"result": "fail"}),
    )
    assert line(told.en, "sums: ") == "acceptance 1.00 CNY"
    assert line(told.en, 1).endswith("corrected at 3: passed")
    assert line(told.zh, 2).endswith("已更正，见 4：未通过")


def test_of_several_corrections_the_later_one_counts_for_each_member_and_what_is_withdrawn_stays_so() -> None:
    told = page(
        signed(1, "10.00"),
        signed(2, "20.00"),
        correct(3, 1, fields={"amount": "11.00", "supplier": "supplier:S1"}),
        correct(4, 1, fields={"amount": "12.00"}),
        correct(5, 1, fields={"reason": "other"}),
        correct(6, 2, void=True),
        correct(7, 2, fields={"amount": "21.00"}),
    )
    assert line(told.en, "sums: ") == "contract signed 12.00 CNY"
    assert line(told.en, 1).endswith("10.00 CNY  corrected at 5: supplier:S1  12.00 CNY")
    assert line(told.en, 2).endswith("20.00 CNY  withdrawn at 6")


def test_a_correction_that_was_withdrawn_changes_nothing() -> None:
    told = page(
        signed(1, "10.00"),
        correct(2, 1, void=True),
        correct(3, 2, void=True),
        signed(4, "5.00"),
        correct(5, 4, void=True),
        correct(6, 5, void=True),
        correct(7, 6, void=True),
    )
    assert line(told.en, "sums: ") == "contract signed 10.00 CNY"
    assert line(told.en, 1).endswith("10.00 CNY")
    assert line(told.en, 4).endswith("withdrawn at 5")


def test_what_came_before_an_act_does_not_correct_it_and_what_came_later_does_whatever_it_is_about() -> None:
    told = page(correct(1, 2, void=True), signed(2, "10.00"), signed(3, "20.00"), correct(4, 3, "unit:U1", void=True))
    assert line(told.en, "sums: ") == "contract signed 10.00 CNY"
    assert line(told.en, 3).endswith("withdrawn at 4")


def test_a_correction_whose_content_was_erased_says_only_that_there_was_one() -> None:
    told = page(signed(1, "10.00"), act(2, "act.correct", erased=True))
    assert line(told.zh, 1).endswith("10.00 CNY")
    assert line(told.zh, "内容已删除的更正，不知更正何事：") == "2"
    assert line(told.en, "corrections of what is not known, their content erased: ") == "2"
    assert line(told.en, "sums (without the amounts of erased content): ") == "contract signed 10.00 CNY"


def test_sums_say_that_the_amounts_of_erased_content_are_missing() -> None:
    told = page(signed(1, "10.00"), act(2, "pay.execute", erased=True), correct(3, 2, fields={"amount": "7.00"}))
    assert line(told.zh, "合计（不含已删除内容的金额）：") == "签订合同 10.00 CNY"
    assert line(told.en, "sums (without the amounts of erased content): ") == "contract signed 10.00 CNY"
    assert line(told.en, 2).endswith("person:A  corrected at 3")
    alone = page(act(1, "pay.execute", erased=True))
    assert line(alone.zh, "合计（不含已删除内容的金额）：") == "无"
    assert "erased content" not in page(signed(1, "10.00"), act(2, "bid.open", erased=True)).en


def recorded(time: str, at: str) -> Proven:
    return act(1, "bid.open", leaf={"time": time, "recorded_at": at})


def test_the_page_says_from_when_to_when_the_acts_were_recorded() -> None:
    later = act(2, "doc.check", leaf={"recorded_at": "2026-11-27T01:00:00+08:00"})
    told = page(recorded("2026-03-02T09:00:00+08:00", "2026-03-02T01:00:00Z"), later)
    assert "发生于 2026-03-02 至 2026-03-02，记录于 2026-03-02 至 2026-11-26 (UTC)，1 个行为人" in told.zh
    assert "done from 2026-03-02 to 2026-03-02, recorded from 2026-03-02 to 2026-11-26 (UTC), by 1 actors" in told.en


@pytest.mark.parametrize(
    ("time", "at", "shown"),
    [
        ("2026-03-02T09:00:00+08:00", "2026-11-27T01:00:00.000000Z", "2026-11-27"),
        ("2026-12-24T09:00:00+08:00", "2026-11-27T01:00:00.000000Z", "2026-11-27"),
        ("2026-03-02T09:00:00+08:00", "2026-03-03T01:00:00.000000Z", None),
        ("2026-03-02T09:00:00+08:00", "2026-03-03T01:00:00.000001Z", "2026-03-03"),
        ("2026-03-02T09:00:00", "2026-03-02T09:00:00Z", "2026-03-02"),
        ("2026-02-30T09:00:00Z", "2026-03-02T09:00:00Z", "2026-03-02"),
        ("2026-03-02T24:00:00Z", "2026-03-02T09:00:00Z", "2026-03-02"),
        ("0001-01-01T00:00:00+08:00", "2026-03-02T09:00:00Z", "2026-03-02"),
        ("2026-03-02T09:00:00Z", "yesterday\nall was well", "yesterday·"),
    ],
)
def test_an_act_recorded_more_than_a_day_from_when_it_was_done_says_when(time: str, at: str, shown: str | None) -> None:
    told = page(recorded(time, at))
    assert line(told.zh, 1).partition("person:A")[2] == (f"  记录于 {shown}" if shown else "")
    assert line(told.en, 1).partition("person:A")[2] == (f"  recorded {shown}" if shown else "")


def test_what_acts_rest_on_is_named_with_who_granted_what_to_whom() -> None:
    told = page(
        act(1, "auth.vest", "grant:R", grant="grant:R", holder="person:HEAD"),
        act(2, "auth.grant", "unit:U1", grant="grant:1", grantee="post:U1/CHIEF", ceiling_item="500000.00"),
        act(3, "auth.grant", "grant:2", grant="grant:2", grantor="body:B", grantee="person:A", ceiling_total="9.5"),
        act(4, "auth.grant", "grant:3", erased=True),
        act(5, "auth.later", "grant:4"),
        signed(6, "1.00"),
        correct(7, 3, "grant:2", void=True),
    )
    assert line(told.zh, 1) == "确认法定职权  grant:R  person:A → person:HEAD"
    assert line(told.en, 1) == "Vest original authority (a root)  grant:R  person:A → person:HEAD"
    assert line(told.zh, 2) == "授权  unit:U1  grant:1  person:A → post:U1/CHIEF  每项上限 500,000.00 CNY"
    assert line(told.en, 2) == "Grant authority  unit:U1  grant:1  person:A → post:U1/CHIEF  each up to 500,000.00 CNY"
    assert line(told.en, 3) == "Grant authority  grant:2  body:B → person:A  in all up to 9.5 CNY  withdrawn at 7"
    assert line(told.zh, 3).endswith("总额上限 9.5 CNY  已撤回，见 7")
    assert line(told.en, 4) == "Grant authority  grant:3"
    assert line(told.en, 5) == "auth.later  grant:4", "a type that only a pack knows"


def test_the_names_are_those_of_the_catalogue() -> None:
    milestones: Mapping[str, Any] = vars(summary)["_MILESTONES"]
    names: Mapping[str, tuple[str, str]] = vars(summary)["_NAMES"]
    known = base_catalogue().acts
    assert milestones.keys() <= known.keys()
    assert names == {name: (known[name].zh, known[name].en) for name in names}
    families = ("auth.", "acting.", "post.", "account.", "log.")
    assert names.keys() == {each for each in known if each.startswith(families)} | {"act.correct", "data.erase"}


def test_acts_of_another_project_are_not_summed() -> None:
    other = act(1, "contract.sign", "project:P-2", amount="7.00")
    assert line(page(other, signed(2, "10.00")).en, "sums: ") == "contract signed 10.00 CNY"


@pytest.mark.parametrize("value", HOSTILE)
def test_no_content_makes_the_page_fail_or_longer(value: Any) -> None:
    names = ("amount", "currency", "result", "contract", "supplier", "title", "grant", "grantor", "grantee", "holder")
    data = dict.fromkeys((*names, "ceiling_item", "ceiling_total"), value)
    kinds = ("project.open", "contract.sign", "accept.perform", "auth.grant", "auth.vest")
    entries = [
        *(act(at, kind, **data) for at, kind in enumerate(kinds, 1)),
        *(act(at, kind, "unit:U1", **data) for at, kind in enumerate(kinds, 10)),
        act(20, "act.correct", corrects=value),
        act(21, "act.correct", corrects={"source": value, "id": value}),
        correct(22, 2, fields=value),
        correct(23, 3, fields=data),
        correct(24, 11, void=value),
    ]
    told = page(*entries)
    plain = [act(each.position, str(each.leaf["type"]), str(each.leaf["subject"])) for each in entries]
    # Besides the acts' own there may be one line: sums.
    assert told.zh.count("\n") in (page(*plain).zh.count("\n"), page(*plain).zh.count("\n") + 1)
    assert told.zh.count("\n") == told.en.count("\n")
    assert "\n伪造" not in told.zh


def test_a_page_of_nothing_but_corrections_is_written_in_time_and_stays_a_page() -> None:
    """Each names the same act, under the same name as all others, and a member of its own."""
    leaf = {"id": "e0"}
    entries = [
        act(at, "act.correct", leaf=leaf, corrects={"source": SOURCE, "id": "e0"}, fields={f"m{at}": "1"})
        for at in range(1, 20_000)
    ]
    assert page(*entries).en.count("\n") < 20
