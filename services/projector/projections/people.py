"""Who people and units are: whose an account is, whom a person works for, what kind a unit is."""

from contracts.payloads import AccountLink, AccountUnlink, PersonRegister, UnitRegister
from projector.acts import ReadAct
from projector.projections import Rows


def rows(act: ReadAct) -> Rows:
    """A registration whose content was erased still registers: the leaf holds the person, or the unit."""
    said, subject = act.payload, act.leaf.subject
    match act.leaf.type:
        case "account.link" if isinstance(said, AccountLink):
            yield "copy_account_links", (*act.key, act.known_from, said.account, said.person, act.time)
        case "account.unlink" if isinstance(said, AccountUnlink):
            yield "copy_account_links", (*act.key, act.known_from, said.account, None, act.time)
        case "person.register" if subject.startswith("person:"):
            employer = said.employer if isinstance(said, PersonRegister) else None
            yield "copy_persons", (*act.key, act.known_from, subject, employer, act.time)
        case "unit.register" if subject.startswith("unit:"):
            unit = said if isinstance(said, UnitRegister) else UnitRegister()
            yield "copy_units", (*act.key, act.known_from, subject, unit.parent, unit.kind, act.time)
        case _:
            pass
