"""Adds to an answer the proofs of the acts it rests on, so that it can be checked without us (`contracts.proof`)."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct

from projector.authority.answer import AuthorityAnswer, Via
from projector.authority.facts import Facts
from projector.prover import AnswerProof, Inclusion, Part, ProofItem, Prover
from projector.view import View


class Rests(Struct, frozen=True):
    """An act that an answer rests on, and what the answer calls it."""

    position: int
    role: Part
    name: str


def correctors_of(view: View, positions: Collection[int]) -> dict[int, list[int]]:
    """Return where the corrections of these acts stand, in the order in which they apply."""
    found: dict[int, list[int]] = defaultdict(list)
    for position, corrector in view.select("correctors_of", {"positions": list(positions)}):
        found[position].append(corrector)
    return found


def rests_on(answer: AuthorityAnswer, facts: Facts, correctors: Mapping[int, Sequence[int]]) -> list[Rests]:
    """List the act, what corrected it, every grant of the chain, how the last one was reached, what met conditions."""
    position = answer.act.position
    if position is None:
        return []
    found = [Rests(position, "act", answer.act.subject)]
    found += [Rests(each, "correction", answer.act.subject) for each in correctors.get(position, ())]
    for link in answer.chain:
        found.append(Rests(link.position, "grant", link.grant))
        if link.via is not None:
            found += _ways(link.via, answer, facts)
    met = {(each, condition.condition) for condition in answer.conditions for each in condition.acts}
    found += [Rests(each, "condition", name) for each, name in sorted(met) if each != position]
    return found


def _ways(via: Via, answer: AuthorityAnswer, facts: Facts) -> Iterator[Rests]:
    if via.acting is not None and via.acting_position is not None:
        yield Rests(via.acting_position, "acting", via.acting)
    at = answer.act.time
    terms = [
        term
        for term in facts.terms
        if (term.post, facts.person_of(term.person, term.time)) == (via.post, via.person)
        and not term.is_end
        and term.starts <= at
        and (term.ends is None or at < term.ends)
    ]
    if terms:
        latest = max(terms, key=lambda term: (term.starts, term.position))
        yield Rests(latest.position, "post", latest.post)


def proved(answer: AuthorityAnswer, rests: list[Rests], prover: Prover, *, with_payload: bool) -> AuthorityAnswer:
    """Return the answer with its proofs. Raises `Unavailable` where nobody proves anything now."""
    proofs = prover.inclusion([each.position for each in rests], with_payload=with_payload)
    items = [_item(each, proof) for each, proof in zip(rests, proofs, strict=True)]
    return msgspec.structs.replace(answer, proof=AnswerProof(proofs[0].checkpoint, items))


def _item(rests: Rests, proof: Inclusion) -> ProofItem:
    return ProofItem(
        position=rests.position,
        role=rests.role,
        name=rests.name,
        leaf=proof.leaf,
        leaf_hash=proof.leaf_hash,
        leaf_index=proof.leaf_index,
        tree_size=proof.tree_size,
        hashes=proof.hashes,
        payload=proof.payload,
        salt=proof.salt,
    )
