"""What the codes and states of authority are called, in Chinese and English: for answers that people read."""

from typing import Final, NamedTuple


class Name(NamedTuple):
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} {self.en}"


FAILURES: Final = {
    "AUT-01": Name("无授权", "no grant"),
    "AUT-02": Name("未生效", "not yet effective"),
    "AUT-03": Name("已到期", "expired"),
    "AUT-04": Name("已撤销或中止", "revoked or suspended"),
    "AUT-05": Name("超范围", "out of scope"),
    "AUT-06": Name("超单笔限额", "over the ceiling for one act"),
    "AUT-07": Name("超累计限额", "over the total ceiling"),
    "AUT-08": Name("违规转授权", "passed on without leave"),
    "AUT-09": Name("自我授权", "granted to oneself"),
    "AUT-10": Name("循环授权", "granted in a circle"),
    "AUT-11": Name("授权人无权", "the grantor had no authority then"),
    "AUT-12": Name("事后补授权", "granted afterwards"),
    "AUT-13": Name("授权致岗位冲突", "makes duties incompatible"),
    "AUT-14": Name("未满足前置条件", "a condition is not met"),
    "AUT-15": Name("拆分规避限额", "split to stay under a ceiling"),
    "AUT-16": Name("应集体决策而个人决定", "reserved to a body, decided by a person"),
    "AUT-17": Name("子授权大于母授权", "wider than what it rests on"),
    "AUT-18": Name("任职失效", "not in the post"),
    "AUT-19": Name("特殊授权重复使用", "a special grant used again"),
    "AUT-20": Name("代理瑕疵", "acting without a sound appointment"),
    "AUT-21": Name("代理机构超越代理权限", "the agency exceeded its mandate"),
    "AUT-22": Name("授权书要素缺失", "the instrument is incomplete"),
    "AUT-23": Name("长期未行使或无期限", "dormant or without an end"),
}
"""The failure catalogue (domain §4.3)."""

VERDICTS: Final = {
    "VALID": Name("有效", "authorised when it was done"),
    "INVALID": Name("无效", "nobody authorised this as it was done"),
    "RATIFIED": Name("已追认", "not authorised when it was done, ratified since"),
    "LATE_RECORDED": Name("补录", "authorised, by a grant recorded a little late"),
    "UNPROVEN": Name("待证", "the ledger does not hold what would decide it"),
    "NOT_REQUIRED": Name("无需授权", "acts of this kind need no grant"),
}

STATES: Final = {
    "live": Name("有效", "live"),
    "not_yet_effective": Name("未生效", "not yet effective"),
    "expired": Name("已到期", "expired"),
    "suspended": Name("已中止", "suspended"),
    "revoked": Name("已撤销", "revoked"),
    "superseded": Name("已被替代", "superseded"),
    "withdrawn": Name("已撤回", "withdrawn"),
    "unknown": Name("不详", "unknown"),
}

CITATIONS: Final = {
    "relied_on": Name("所引授权成立", "the answer rests on it"),
    "fails": Name("所引授权不成立", "it does not serve"),
    "not_granted_to_actor": Name("所引授权非授予行为人", "it was not granted to whoever acted"),
    "holder_unknown": Name("所引授权的岗位无人任职记录", "it is a post's, and nobody is recorded in it"),
    "other_act": Name("所引授权不含此类行为", "it is for other types of act"),
    "withdrawn": Name("所引授权已撤回", "it was withdrawn as an error"),
    "erased": Name("所引授权内容已删除", "its content was erased"),
    "unknown": Name("账本中无所引授权", "it is not in the ledger"),
}


def failure_name(code: str) -> str:
    """Return what a failure is called, the code alone where it has no name here."""
    return f"{code} {FAILURES[code]}" if code in FAILURES else code
