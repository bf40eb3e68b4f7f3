"""
Histories made at random: small worlds in which most things are in order and every kind of thing goes wrong at times.

All of March 2026, in which every weekday is a working day. No two acts have the same time.
"""

import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from contracts.moments import LOCAL_ZONE
from tests.events import SOURCE
from tests.reference.known import Event

MARCH: Final = datetime(2026, 3, 1, tzinfo=LOCAL_ZONE)
JUDGED: Final = {
    "contract.sign": 34,
    "plan.approve": 15,
    "pay.approve": 14,
    "award.decide": 8,
    "contract.amend": 8,
    "doc.approve": 6,
    "budget.adjust": 5,
    "control.register": 3,
    "seal.use": 3,
    "notice.publish": 3,
    "coi.declare": 1,
}
GRANTED: Final = ("contract.sign", "plan.approve", "pay.approve", "award.decide", "contract.amend", "doc.approve")
AMOUNTS: Final = ("100.00", "200.00", "250.50", "300.00", "400.00", "500.00", "600.00")
CATEGORIES: Final = ("A02", "A0201", "B01", "C99")
METHODS: Final = ("open_tender", "single_source", "quotation")
CONCURRENCES: Final = ("contract_reviewer", "budget_reviewer", "payment_auditor")


def history(random: Random) -> list[Event]:
    """Make one history, in the order in which it is recorded."""
    made = _Making(random)
    made.registers()
    made.authority()
    made.changes()
    made.appointments()
    made.support()
    made.judged()
    made.afterthoughts()
    events = made.events
    if random.random() < 0.7:
        events.sort(key=lambda event: event["recordedtime"])
    return events


def named_apart(history: Sequence[Event], name: str) -> list[Event]:
    """Give everything in a history a name of its own, so that many share one log and know nothing of each other."""
    text = json.dumps(list(history), ensure_ascii=False)
    text = re.sub(r'"(person|unit|project|grant|agency|account|post):', rf'"\1:{name}-', text)
    return json.loads(re.sub(r'"(id|acting|contract|budget_project)": "', rf'"\1": "{name}-', text))


def judged_in(history: Sequence[Event]) -> list[str]:
    """The ids of the acts worth asking about: not those withdrawn."""
    void = {each["data"]["corrects"]["id"] for each in history if each["data"].get("void")}
    return [each["id"] for each in history if each["type"] in JUDGED and each["id"] not in void]


def told(history: Sequence[Event]) -> str:
    """A history as one line an act."""
    return "\n".join(_line(each) for each in sorted(history, key=lambda each: each["time"]))


def _line(event: Event) -> str:
    further = " ".join(f"{name}={event[name]}" for name in ("unit", "role", "authority", "onbehalfof") if name in event)
    known = "" if event["recordedtime"] == event["time"] else f" known {event['recordedtime'][5:19]}"
    data = json.dumps(event["data"], ensure_ascii=False)
    done = f"{event['id']} {event['type']} {event['subject']} by {event['actor']}"
    return f"{event['time'][5:19]}{known} {done} {further} {data}"


class _Making:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.events: list[Event] = []
        self.units = ["unit:U1", "unit:U2", "unit:U3"]
        self.people = [f"person:P{number}" for number in range(1, random.randint(4, 6) + 1)]
        self.accounts = ["account:oa/a", "account:oa/b"][: random.randint(0, 2)]
        self.posts = ["post:U1/K1", "post:U1/K2", "post:U2/K3"][: random.randint(2, 3)]
        self.projects = ["project:X", "project:Y"]
        self.owner: dict[str, str] = {}
        self.sits: dict[str, str] = {}
        self.grants: dict[str, dict[str, Any]] = {}
        self.roots: list[str] = []
        self.substitutes: list[tuple[str, str]] = []
        self.acts: list[Event] = []
        self.watched: list[tuple[str, datetime]] = []
        """Grants about which something changed, and when: worth an act just before or after."""
        self.trouble = random.choice([0.2, 0.5, 1.0])

    # What the making is made of

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    def wrong(self, of: float) -> bool:
        """Say whether something goes wrong: in some worlds more often than in others."""
        return self.chance(of * self.trouble)

    def pick(self, of: Sequence[Any]) -> Any:
        return of[self.random.randrange(len(of))]

    def day(self, first: int, last: int) -> datetime:
        """A working hour of a day, 1 being the first of March; no two are the same."""
        hour = self.random.randint(9, 17)
        return MARCH + timedelta(days=self.random.randint(first, last) - 1, hours=hour, seconds=len(self.events) + 1)

    def moment(self, near: datetime, first: int, last: int) -> str:
        """A bare date or an instant some days from another."""
        at = near + timedelta(days=self.random.randint(first, last))
        return at.date().isoformat() if self.chance(0.6) else at.isoformat()

    def known(self, at: datetime, late: float) -> datetime:
        return at + timedelta(days=self.random.randint(1, 8), hours=1) if self.chance(late) else at

    def say(
        self,
        type: str,
        subject: str,
        actor: str,
        at: datetime,
        data: dict[str, Any],
        *,
        late: float = 0.05,
        **more: Any,
    ) -> Event:
        made: Event = {
            "specversion": "1.0",
            "id": f"h{len(self.events)}",
            "source": SOURCE,
            "type": type,
            "subject": subject,
            "time": at.isoformat(),
            "actor": actor,
            "recordedtime": self.known(at, late).isoformat(),
            **{name: value for name, value in more.items() if value is not None},
            "data": {name: value for name, value in data.items() if value is not None},
        }
        self.events.append(made)
        return made

    # The world

    def registers(self) -> None:
        for index, unit in enumerate(self.units):
            if self.chance(0.85):
                parent = self.units[index - 1] if index else None
                self.say("unit.register", unit, "person:REG", self.day(-40, -35), {"parent": parent})
        self.say("person.register", "person:AG", "person:REG", self.day(-40, -35), {"employer": "agency:A"})
        for post in self.posts:
            designation = self.pick(["legal", "finance", "other", None])
            self.say("post.define", post, "person:REG", self.day(-40, -35), {"post": post, "designation": designation})
            if self.chance(0.9):
                self.sits[post] = self.pick(self.people)
                self.assign(post, self.sits[post])
        for account in self.accounts:
            owner = self.pick(self.people)
            if self.chance(0.9):
                self.owner[account] = owner
                link = {"account": account, "person": owner}
                self.say("account.link", owner, "person:REG", self.day(-30, 10), link)
                if self.chance(0.15):
                    self.say("account.unlink", owner, "person:REG", self.day(11, 25), {"account": account})
        for project in self.projects:
            if self.chance(0.9):
                self.open(project)

    def assign(self, post: str, person: str) -> None:
        late = self.chance(0.15)
        at = self.day(2, 20) if late else self.day(-34, -30)
        term = {"from": self.moment(at, -20, 3)} if late and self.chance(0.7) else {}
        if self.chance(0.1):
            term["until"] = self.moment(MARCH, 5, 28)
        self.say("post.assign", post, "person:REG", at, {"post": post, "person": person, **term}, late=0.2)
        if self.chance(0.15):
            left = self.day(3, 25)
            when = {"from": self.moment(left, -4, 4)} if self.chance(0.4) else {}
            self.say("post.relieve", post, "person:REG", left, {"post": post, "person": person, **when}, late=0.4)
            if self.chance(0.6):
                other = self.pick(self.people)
                self.say(
                    "post.assign", post, "person:REG", left + timedelta(seconds=2), {"post": post, "person": other}
                )

    def open(self, project: str) -> None:
        opened = {
            "category": self.pick(CATEGORIES) if self.chance(0.8) else None,
            "method": self.pick(METHODS) if self.chance(0.8) else None,
            "budget_project": self.pick(["B1", "B2"]),
            "joint": {"lead": "unit:U1", "members": ["unit:U2"]} if self.chance(0.1) else None,
        }
        self.say("project.open", project, "person:REG", self.day(-34, -30), opened, unit="unit:U1")
        if self.chance(0.2):
            self.say(
                "plan.prepare", project, "person:REG", self.day(1, 20), {"method": self.pick(METHODS)}, unit="unit:U1"
            )

    # Grants

    def authority(self) -> None:
        for number in range(1, self.random.randint(1, 2) + 1):
            self.vest(f"grant:R{number}")
        count = self.random.randint(3, 10)
        for number in range(1, count + 1):
            self.grant(f"grant:G{number}", count)

    def vest(self, name: str) -> None:
        holder = self.pick([*self.people[:2], *self.people[:2], self.posts[0], "body:会"])
        at = self.day(-10, 20) if self.wrong(0.15) else self.day(-29, -25)
        data = {
            "grant": name,
            "holder": holder,
            "scope": self.scope(0.08),
            "valid_from": self.moment(at, -300, 5) if self.chance(0.2) else None,
            "valid_until": self.moment(MARCH, 10, 60) if self.wrong(0.2) else None,
            "reserved": self.reserved() if self.wrong(0.15) else None,
        }
        self.say("auth.vest", name, "person:REG", at, data, unit=self.pick(["unit:U1"] * 6 + self.units))
        self.grants[name] = data | {"at": at, "depth": 0}
        self.roots.append(name)

    def reserved(self) -> list[dict[str, Any]]:
        matter = {"act": self.pick(GRANTED)}
        return [matter | ({"amount_from": self.pick(AMOUNTS[2:])} if self.chance(0.8) else {})]

    def grant(self, name: str, count: int) -> None:
        parent = self.pick(list(self.grants))
        if self.chance(0.4):
            parent = self.pick(self.roots)
        at = self.day(-20, -1) if self.chance(0.75) else self.day(1, 22)
        above = self.grants[parent]
        grantor = above.get("grantee", above.get("holder"))
        if str(grantor).startswith("post:") and self.chance(0.6):
            grantor = self.sits.get(str(grantor), grantor)
        if self.wrong(0.08):
            grantor = self.pick([*self.people, *self.posts])
        grantee = self.pick([*self.people, *self.people, *self.posts, *self.accounts])
        if self.wrong(0.07):
            grantee = grantor if not str(grantor).startswith("body:") else grantee
        said = parent
        if self.wrong(0.08):
            said = self.pick([f"grant:G{self.random.randint(1, count)}", "grant:NONE"])
        actor = grantor if str(grantor).startswith(("person:", "body:", "account:")) else "person:REG"
        special = self.chance(0.2)
        march = at >= MARCH
        if march:
            self.watched.append((name, at))
        data = {
            "grant": name,
            "kind": "special" if special else self.pick(["general"] * 12 + [None]),
            "parent": None if parent in self.roots and self.chance(0.2) else said,
            "grantor": None if actor == grantor and self.chance(0.5) else grantor,
            "grantee": grantee,
            "scope": self.scope(0.07, special=special),
            **self.limits(at),
            **self.passing_on(special),
            "instrument": {"date": self.paper(at)} if self.chance(0.3) else None,
            "responsibility": {"grantor": "监督", "grantee": "行权"} if self.chance(0.8) else None,
            "supersedes": self.pick(list(self.grants)) if self.wrong(0.06) else None,
        }
        if self.wrong(0.07) and data["grantor"] is not None:
            actor = self.pick(self.people)
        self.say("auth.grant", name, str(actor), at, data, unit="unit:U1", late=0.5 if march else 0.05)
        self.grants[name] = data | {"at": at, "grantee": grantee}

    def paper(self, at: datetime) -> str:
        return (at + timedelta(days=self.pick([0, 0, 0, -2, 2, 5]))).date().isoformat()

    def limits(self, at: datetime) -> dict[str, Any]:
        begin = 0 if self.wrong(0.2) else -30
        return {
            "ceiling_item": self.pick(["200.00", "300.00", "400.00", "500.00", "1000.00"])
            if self.chance(0.45)
            else None,
            "ceiling_total": self.pick(["400.00", "600.00", "900.00", "1500.00"]) if self.chance(0.35) else None,
            "total_window": self.pick(["term", "fiscal_year", None]),
            "valid_from": self.moment(at, begin, 10 if begin == 0 else 0) if self.chance(0.7) else None,
            "valid_until": self.moment(MARCH, 5, 28) if self.wrong(0.2) else self.moment(MARCH, 40, 300),
        }

    def passing_on(self, special: bool) -> dict[str, Any]:
        return {
            "sub_delegable": self.pick([False, None]) if self.wrong(0.2) else True,
            "sub_depth": self.pick([0, 1, 2]) if self.wrong(0.12) else None,
            "sub_acts": self.random.sample(GRANTED, 4) if self.wrong(0.1) else None,
            "personal_only": True if self.wrong(0.12) else None,
            "conditions": [self.condition()] if self.wrong(0.2) else None,
        }

    def condition(self) -> str:
        return self.pick(
            ["collective_decision", "legal_review", "legal_review", f"concurrence:{self.pick(CONCURRENCES)}"]
        )

    def scope(self, often: float, *, special: bool = False) -> dict[str, Any] | None:
        scope: dict[str, Any] = {}
        if self.chance(0.5):
            scope["acts"] = self.random.sample(GRANTED, self.random.randint(2, 5))
        if self.chance(often):
            scope["units"] = [self.pick(self.units[:2])]
            if self.chance(0.6):
                scope["include_subordinates"] = True
        if self.chance(0.4 if special else often / 2):
            scope["projects"] = [self.pick(self.projects)]
        if self.chance(often):
            scope["stages"] = self.random.sample(["CONTRACT", "PLAN", "PAYMENT", "TENDER"], 3)
        if self.chance(often):
            scope["categories"] = self.pick([["A"], ["A02", "B01"], ["B"], ["A0201"]])
        if self.chance(often):
            scope["methods"] = self.random.sample(METHODS, 2)
        return scope or None

    def changes(self) -> None:
        for name in self.grants:
            if not self.wrong(0.25):
                continue
            at = self.day(-5, 22)
            when = self.moment(at, -5, 6) if self.chance(0.4) else None
            if self.chance(0.35):
                self.change("auth.revoke", name, at, when)
                continue
            self.change("auth.suspend", name, at, when)
            if self.chance(0.75):
                self.watched.append((name, at))
                later = at + timedelta(days=self.random.randint(1, 8), seconds=3)
                self.watched.append((name, later))
                self.change("auth.resume", name, later, self.moment(later, 0, 2) if self.chance(0.2) else None)

    def change(self, type: str, name: str, at: datetime, when: str | None) -> None:
        late = 0.5 if type == "auth.resume" else 0.35
        self.say(type, name, "person:P1", at, {"grant": name, "effective_at": when}, late=late)

    # In another's name

    def appointments(self) -> None:
        for number in range(self.random.randint(0, 2)):
            principal, substitute = self.random.sample(self.people, 2)
            at = self.day(-15, 15)
            data = {
                "acting": f"A{number}",
                "principal": principal,
                "substitute": substitute,
                "grants": [self.pick(list(self.grants))] if self.chance(0.15) else None,
                "acts": self.random.sample(GRANTED, 4) if self.chance(0.15) else None,
                "ceiling_item": self.pick(["300.00", "500.00"]) if self.chance(0.15) else None,
                "from": self.moment(at, -10, 3) if self.chance(0.7) else None,
                "until": self.moment(at, 8, 30) if self.chance(0.8) else None,
            }
            self.say("acting.appoint", "unit:U1", principal, at, data, unit="unit:U1", late=0.25)
            self.substitutes.append((principal, substitute))
            if self.chance(0.3):
                ended = at + timedelta(days=self.random.randint(2, 15), seconds=4)
                self.say("acting.end", "unit:U1", principal, ended, {"acting": f"A{number}"}, late=0.4)
            if self.chance(0.1):
                name = f"grant:GA{number}"
                given = {
                    "grant": name,
                    "kind": "general",
                    "grantor": principal,
                    "grantee": substitute,
                    "parent": self.pick(self.roots),
                }
                self.say("auth.grant", name, "person:REG", at + timedelta(days=3, seconds=5), given, unit="unit:U1")
                self.grants[name] = given | {"at": at}

    # What other acts look at

    def support(self) -> None:
        for project in self.projects:
            for _ in range(self.random.randint(0, 2)):
                self.review(project)
            if self.chance(0.25):
                self.say("plan.approve", project, "body:会", self.day(1, 20), {"amount": "100.00"}, unit="unit:U1")
            if self.chance(0.07):
                type = self.pick(["project.close", "file.archive"])
                self.say(type, project, "person:REG", self.day(10, 25), {}, unit="unit:U1")
            if self.chance(0.4):
                signed = self.day(-5, 8)
                data = {
                    "agency": "agency:A",
                    "acts": ["notice.publish", "contract.sign"] if self.chance(0.3) else None,
                    "valid_from": self.moment(signed, 0, 4) if self.chance(0.4) else None,
                    "valid_until": self.moment(signed, 8, 20) if self.chance(0.5) else None,
                }
                self.say("agency.sign", project, self.pick(self.people), signed, data, unit="unit:U1")
        if self.chance(0.15):
            at = self.day(-10, 12)
            data = {
                "policy": "内控",
                "reserved": self.reserved(),
                "valid_from": self.moment(at, -5, 5) if self.chance(0.5) else None,
                "valid_until": self.moment(at, 10, 40) if self.chance(0.3) else None,
            }
            self.say("setup.policy", "unit:U1", "body:会", at, data, unit="unit:U1", late=0.2)

    def review(self, project: str) -> None:
        type = self.pick(["contract.review", "contract.review", "budget.review", "pay.audit"])
        reviewer = self.pick([*self.people, *self.accounts])
        function = self.pick(["legal", "finance", None])
        people = [{"actor": reviewer, "capacity": "lead", **({"function": function} if function else {})}]
        kind = [{"kind": "legal_opinion", "sha256": "0" * 64}] if self.chance(0.15) else None
        data = {
            "participants": people if self.chance(0.7) else None,
            "documents": kind,
            "result": self.pick(["fail", "pass"]) if self.chance(0.2) else None,
        }
        self.say(type, project, reviewer, self.day(-3, 18), data, unit="unit:U1")

    # The acts in question

    def judged(self) -> None:
        for _ in range(self.random.randint(3, 9)):
            self.acts.append(self.one())

    def one(self) -> Event:
        grant, when = self.pick(list(self.grants)), None
        if self.watched and self.chance(0.3):
            grant, near = self.pick(self.watched)
            when = near + timedelta(hours=self.pick([-30, 1, 20, 50]), seconds=len(self.events), minutes=7)
        type = self.kind(grant)
        actor, participants = self.actor(type, grant), None
        behalf = None
        if self.substitutes and self.chance(0.3):
            principal, actor = self.pick(self.substitutes)
            behalf = principal if self.chance(0.7) else None
        elif self.chance(0.04):
            behalf = self.pick([each for each in self.people if each != actor])
        if self.chance(0.06):
            lead = [{"actor": actor, "capacity": "lead"}] if self.chance(0.7) and not actor.startswith("body:") else []
            participants, actor = lead, "system:erp"
        if self.chance(0.06):
            who = self.pick(self.people)
            participants = [*(participants or []), self.countersigner(who)]
        data = {
            "amount": self.pick(AMOUNTS) if self.chance(0.95) else None,
            "currency": "USD" if self.chance(0.03) else None,
            "participants": participants,
            "contract": "C1" if type.startswith("contract.") else None,
            "result": self.pick(["fail", "pass"])
            if type in ("plan.approve", "award.decide") and self.chance(0.2)
            else None,
        }
        cited = None
        if self.chance(0.35):
            cited = grant if self.chance(0.85) else self.pick([*self.grants, "grant:NONE"])
        elsewhere = type == "control.register"
        subject = self.pick([*self.projects, "project:X"])
        if self.acts and self.chance(0.3):
            again = self.pick(self.acts)
            type, actor, subject, cited = (again.get(name) for name in ("type", "actor", "subject", "authority"))
            behalf = again.get("onbehalfof")
            data["participants"] = again["data"].get("participants")
            elsewhere = type == "control.register"
        if type == "contract.amend" and data["amount"] and self.chance(0.2):
            data["amount"] = f"-{data['amount']}"
        subject = "unit:U1" if elsewhere else subject if str(subject) != "unit:U1" else "project:X"
        unit = self.pick(["unit:U1"] * 8 + self.units)
        if elsewhere and self.chance(0.4):
            unit = None
        role = self.pick(CONCURRENCES) if self.chance(0.03) else None
        more = {"unit": unit, "authority": cited, "onbehalfof": behalf, "role": role}
        return self.say(str(type), str(subject), str(actor), when or self.day(1, 26), data, late=0.1, **more)

    def kind(self, grant: str) -> str:
        """A kind of act, mostly one that a grant is for."""
        scope: dict[str, Any] = self.grants[grant].get("scope") or {}
        if scope.get("acts") and self.chance(0.75):
            return str(self.pick(scope["acts"]))
        return self.random.choices(list(JUDGED), list(JUDGED.values()))[0]

    def countersigner(self, who: str) -> dict[str, Any]:
        return {"actor": who, "capacity": "countersigner", "role": self.pick(CONCURRENCES)}

    def actor(self, type: str, grant: str) -> str:
        if type in ("notice.publish", "coi.declare") or self.chance(0.04):
            return self.pick(["person:AG", "agency:A", *self.people])
        if self.chance(0.1):
            return self.pick([*self.people, *self.accounts, "body:会"])
        holder = str(self.grants[grant].get("grantee", self.grants[grant].get("holder")))
        if holder.startswith("post:"):
            holder = self.sits.get(holder, "person:P1")
        owned = [account for account, owner in self.owner.items() if owner == holder]
        return self.pick(owned) if owned and self.chance(0.3) else holder

    # What is said of it later

    def afterthoughts(self) -> None:
        for act in self.acts:
            if self.chance(0.15):
                self.ratify(act)
            if self.chance(0.06):
                self.correct(act, {"fields": {"amount": self.pick(AMOUNTS)}})
            elif self.chance(0.04):
                self.correct(act, {"void": True})
        for event in list(self.events):
            if event["type"] in ("auth.grant", "auth.revoke", "auth.suspend", "post.relieve") and self.chance(0.03):
                self.correct(event, {"void": True})

    def ratify(self, act: Event) -> None:
        top = [each["holder"] for each in self.grants.values() if "holder" in each]
        who = self.pick([*top, *top, *self.people])
        who = self.sits.get(who, "person:P1") if who.startswith("post:") else who
        at = datetime.fromisoformat(act["time"]) + timedelta(days=self.random.randint(1, 4), seconds=len(self.events))
        data = {"act": {"source": SOURCE, "id": act["id"]}, "reason": "追认"}
        self.say("auth.ratify", act["subject"], who, at, data, unit=act.get("unit"))

    def correct(self, event: Event, what: dict[str, Any]) -> None:
        at = datetime.fromisoformat(event["recordedtime"]) + timedelta(
            days=self.random.randint(1, 6), seconds=len(self.events)
        )
        data = {"corrects": {"source": SOURCE, "id": event["id"]}, **what}
        self.say("act.correct", event["subject"], "person:REG", at, data, unit=event.get("unit"), late=0)
