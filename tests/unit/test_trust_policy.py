"""Trust policies: which files are one, and which cosigners are a quorum."""

from collections.abc import Collection
from itertools import combinations

import pytest

from contracts.proof import ProofFailed, VerifierKey
from contracts.proof.cosignature import WitnessKey
from contracts.proof.policy import LINES_MAX, Policy, parse_policy
from ledger.signer import SigningKey
from tests.witness import Cosigner

LOG, LOG2 = (SigningKey(bytes(range(n, n + 32)), f"example.com/log{n}").vkey for n in (0, 1))
W = [Cosigner(f"example.com/w{n}", bytes(range(n, n + 32))).key for n in range(100, 107)]
ML = Cosigner("example.com/ml", bytes(range(9, 41)), ml_dsa=True).key


def text(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


def witness(number: int, name: str | None = None) -> str:
    return f"witness {name or f'w{number}'} {W[number].vkey}"


def quorums(policy: Policy, of: Collection[WitnessKey]) -> set[frozenset[WitnessKey]]:
    """Return every set of witnesses that satisfies the policy."""
    subsets = (frozenset(each) for count in range(len(of) + 1) for each in combinations(of, count))
    return {each for each in subsets if policy.is_satisfied_by(each)}


def test_a_policy_says_which_logs_which_witnesses_and_where_they_are() -> None:
    policy = parse_policy(
        text(
            "# whom we trust",
            "",
            " \t ",
            f"log {LOG}",
            f"\tlog  {LOG2} \t https://log.example/ ",
            f"  # {witness(5)}",
            f"witness audit {W[0].vkey} https://witness.example/prefix",
            f"witness later {ML.vkey}",
            "quorum audit",
        )
    )
    assert policy.log_keys == (VerifierKey.parse(LOG), VerifierKey.parse(LOG2))
    assert [log.url for log in policy.logs] == [None, "https://log.example/"]
    assert policy.witness_keys == (W[0], ML)
    assert [(each.name, each.url) for each in policy.witnesses] == [
        ("audit", "https://witness.example/prefix"),
        ("later", None),
    ]
    assert (policy.quorum, policy.groups, policy.demands_witnesses) == ("audit", (), True)


def test_a_quorum_of_none_needs_nobody() -> None:
    policy = parse_policy(text(witness(0), "quorum none"))
    assert (policy.demands_witnesses, policy.is_satisfied_by([])) == (False, True)
    assert parse_policy(text("quorum none")).is_satisfied_by([])


def test_one_witness_may_be_the_quorum() -> None:
    policy = parse_policy(text(witness(0), witness(1), "quorum w1"))
    assert quorums(policy, W[:2]) == {frozenset([W[1]]), frozenset(W[:2])}


@pytest.mark.parametrize(("threshold", "least"), [("any", 1), ("1", 1), ("2", 2), ("3", 3), ("all", 3)])
def test_a_group_needs_as_many_as_it_says(threshold: str, least: int) -> None:
    policy = parse_policy(text(witness(0), witness(1), witness(2), f"group g {threshold} w0 w1 w2", "quorum g"))
    assert quorums(policy, W[:3]) == {
        frozenset(each) for count in range(least, 4) for each in combinations(W[:3], count)
    }


def test_a_quorum_of_organisations_is_not_reached_by_many_machines_of_one() -> None:
    policy = parse_policy(
        text(
            *map(witness, range(6)),
            "group office any w0 w1 w2",
            "group suppliers any w3",
            "group county all w4 w5",
            "group outside 2 office suppliers county",
            "quorum outside",
        )
    )
    assert not policy.is_satisfied_by(W[:3])
    assert policy.is_satisfied_by([W[0], W[3]])
    assert not policy.is_satisfied_by([W[0], W[4]])
    assert policy.is_satisfied_by([W[0], W[4], W[5]])
    assert quorums(policy, W[:6]) == {
        frozenset(each)
        for count in range(7)
        for each in combinations(W[:6], count)
        if bool({*W[:3]} & {*each}) + (W[3] in each) + ({W[4], W[5]} <= {*each}) >= 2
    }


def test_a_stranger_a_witness_outside_the_quorum_and_a_name_with_another_key_count_for_nothing() -> None:
    policy = parse_policy(text(witness(0), witness(1), "quorum w0"))
    impostor = WitnessKey(W[0].name, W[5].key)
    assert not policy.is_satisfied_by([W[1], W[2], impostor])


def test_groups_may_nest_as_deep_as_there_are_lines() -> None:
    lines = [witness(0, "g0"), *(f"group g{n} any g{n - 1}" for n in range(1, LINES_MAX - 1))]
    policy = parse_policy(text(*lines, f"quorum g{LINES_MAX - 2}"))
    assert policy.is_satisfied_by([W[0]])
    assert not policy.is_satisfied_by([W[1]])
    with pytest.raises(ProofFailed, match="at most 1000 lines"):
        parse_policy(text(*lines, f"quorum g{LINES_MAX - 2}", ""))


def test_at_least_32_of_each_are_taken() -> None:
    logs = [SigningKey(bytes([n]) * 32, f"log.example/{n}").vkey for n in range(32)]
    witnesses = [Cosigner(f"w.example/{n}", bytes([n + 100]) * 32).key for n in range(32)]
    lines = [f"log {vkey}" for vkey in logs]
    lines += [f"witness w{n} {key.vkey}" for n, key in enumerate(witnesses)]
    lines += [f"group g{n} any w{n}" for n in range(31)] + [
        "group all-of-them 31 w31 " + " ".join(f"g{n}" for n in range(31))
    ]
    policy = parse_policy(text(*lines, "quorum all-of-them"))
    assert not policy.is_satisfied_by(witnesses[:30])
    assert policy.is_satisfied_by(witnesses[1:])


def test_names_are_bytes_that_no_unicode_rule_makes_alike() -> None:
    policy = parse_policy(
        f"witness K {W[0].vkey}\nwitness \N{KELVIN SIGN} {W[1].vkey}\n".encode()
        + b"witness \xff "
        + f"{W[2].vkey}\n".encode()
        + b"group \xfe\xc2\xa0x all \xe2\x84\xaa \xff\nquorum \xfe\xc2\xa0x\n"
    )
    assert not policy.is_satisfied_by(W[:1])
    assert policy.is_satisfied_by(W[1:3])


BASE = [witness(0), witness(1), witness(2)]


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "a line `quorum`"),
        (BASE, "a line `quorum`"),
        ([*BASE, "quorum w0", "quorum w0"], "line 5: quorum: expected one line"),
        ([*BASE, "quorum none", "quorum w0"], "line 5: quorum"),
        ([*BASE, "quorum unknown"], "line 4: name"),
        (["quorum w0", *BASE], "line 1: name"),
        ([*BASE, "quorum"], "form"),
        ([*BASE, "quorum w0 w1"], "form"),
        ([*BASE, "Quorum w0"], "form"),
        ([*BASE, "threshold w0"], "form"),
        ([*BASE, "group g any", "quorum g"], "form"),
        ([*BASE, "group g any w0 # the first", "quorum g"], "name"),
        ([*BASE, "group g 0 w0", "quorum g"], "threshold"),
        ([*BASE, "group g 2 w0", "quorum g"], "threshold"),
        ([*BASE, "group g 01 w0", "quorum g"], "threshold"),
        ([*BASE, "group g +1 w0", "quorum g"], "threshold"),
        ([*BASE, "group g -1 w0", "quorum g"], "threshold"),
        ([*BASE, "group g \N{FULLWIDTH DIGIT ONE} w0", "quorum g"], "threshold"),
        ([*BASE, f"group g {'1' * 5000} w0", "quorum g"], "threshold"),
        ([*BASE, "group g Any w0", "quorum g"], "threshold"),
        ([*BASE, "group g any w0 w0", "quorum g"], "member"),
        ([*BASE, "group g any w0", "group h any w0", "quorum h"], "line 5: member"),
        ([*BASE, "group g any w0", "group h any g", "group i any g", "quorum h"], "member"),
        ([*BASE, "group g any none", "quorum g"], "name"),
        ([*BASE, "group g any g", "quorum g"], "name"),
        ([*BASE, "group g any h", "group h any w0", "quorum g"], "name"),
        ([*BASE, "group w0 any w1", "quorum w0"], "name"),
        ([*BASE, "group g any w1", "group g any w2", "quorum g"], "name"),
        ([*BASE, witness(3, "w0"), "quorum w0"], "name"),
        ([witness(0, "none"), "quorum none"], "name"),
        ([*BASE, "group none any w0", "quorum none"], "name"),
        ([witness(0, "all"), "quorum all"], "name"),
        ([*BASE, witness(0, "again"), "quorum w0"], "line 4: key"),
        ([*BASE, f"witness again {WitnessKey('other.example', W[0].key).vkey}", "quorum w0"], "line 4: key"),
        ([f"log {LOG}", f"log {LOG}", "quorum none"], "line 2: key"),
        ([f"log {LOG}", f"log {SigningKey(bytes(range(32)), 'other').vkey}", "quorum none"], "line 2: key"),
        ([f"log {LOG}", f"witness w {WitnessKey('w', VerifierKey.parse(LOG).key).vkey}", "quorum w"], "line 2: key"),
        ([f"witness w {WitnessKey('w', VerifierKey.parse(LOG).key).vkey}", f"log {LOG}", "quorum w"], "line 2: key"),
        ([f"log {W[0].vkey}", "quorum none"], "algorithm"),
        ([f"witness w {LOG}", "quorum w"], "algorithm"),
        ([f"log {LOG} https://a.example more", "quorum none"], "form"),
        ([f"{witness(0)} https://a.example more", "quorum w0"], "form"),
        (["witness w0", "quorum none"], "form"),
        (["log", "quorum none"], "form"),
        ([f"log\N{NO-BREAK SPACE}{LOG}", "quorum none"], "form"),
    ],
)
def test_what_is_no_policy_is_refused_and_the_line_named(lines: list[str], why: str) -> None:
    with pytest.raises(ProofFailed, match=why):
        parse_policy(text(*lines))


@pytest.mark.parametrize("raw", [b"\r", b"\0", b"\x0b", b"\x0c", b"\x1b", b"\x7f"])
def test_no_control_character_but_tab_and_newline(raw: bytes) -> None:
    good = text(witness(0), "quorum w0")
    for bad in (
        good.replace(b"\n", raw + b"\n"),
        b"#" + raw + b"\n" + good,
        good.replace(b" w0 ", b" w0" + raw + b" "),
    ):
        with pytest.raises(ProofFailed, match="control character"):
            parse_policy(bad)


def test_a_file_that_was_cut_is_no_policy() -> None:
    whole = text(*BASE, "group w 2 w0 w1 w2", "group wide any w", "quorum wide")
    parse_policy(whole)
    for end in range(len(whole)):
        with pytest.raises(ProofFailed):
            parse_policy(whole[:end])
    for last in (witness(1), "# the end", ""):
        with pytest.raises(ProofFailed, match="each line ended by a newline"):
            parse_policy(text(witness(0), "quorum w0", f"{last} ")[:-1])
