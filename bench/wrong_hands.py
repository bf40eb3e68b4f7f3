"""Violations by who did it: two duties in one hand, too few hands together, and interests."""

from typing import Final

from bench.beside import newcomer, recusal, serves_the_public
from bench.plant import Plant, Wrong, both, by, follows, restate, small, states, tender
from bench.project import Project
from bench.province import head_of
from bench.story import DAY, Data, day_of


def _pair(rule: str, act: str, post: str, *acts: str) -> Plant:
    """Two duties in one hand: `act` done by another post than usual. `acceptor`: the second one of the panel."""

    def prepare(p: Project) -> None:
        p.hands |= {act: post, "pay.approve": "FDEP"}
        if rule == "SOD-04":
            p.buys(goods=True)
        if rule == "SOD-03":
            p.signs = lambda p, price: ("LEAD", p.unit.grant(6))

    return Plant("small", prepare, (Wrong(rule, acts, (post,)),))


def _in_two_hands(post: str, act: str) -> None: ...


def _related(p: Project) -> list[Data]:
    return [{"supplier": p.bidders[1], "relation": "R1", "from": "2024-05-06", "detail": "曾在该供应商任职并领取薪酬"}]


def _declares(relation: str) -> "Plant": ...
