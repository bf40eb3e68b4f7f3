"""
Makes the evidence bundle of a project: `GET /v1/projects/{id}/bundle`. What it looks like: `contracts/proof/bundle.py`.

Here it is decided which acts belong in it: all of the project, and what these rest on. The ledger proves them. Before
anything is handed out it is checked by the code that strangers check it with, which also writes the page for people.
"""

from base64 import b64decode
from collections.abc import Iterator
from typing import Final

import structlog

from contracts.evidence import Continues, Evidence, ProvedAct
from contracts.proof import Bundle, Continued, Entry, ProofFailed, Stamp, Summary, Trust, VerifierKey, summary_for
from projector.authority.answer import answers
from projector.authority.load import load
from projector.authority.proving import correctors_of, rests_on
from projector.errors import Corrupt
from projector.prover import Prover
from projector.replay import require_project
from projector.view import View

_JUDGED_TOGETHER: Final = 500

_log = structlog.get_logger()


def positions_of(view: View, project: str) -> list[int]:
    """Return the positions of a project's acts and of what they rest on. Raises `Unknown`: no such project."""
    require_project(view, project)
    acts: list[int] = [row[0] for row in view.select("acts_of_project", {"project": project})]
    found = set(acts)
    grants: set[str] = set()
    appointments: set[str] = set()
    accounts: set[str] = set()
    posts: set[str] = set()
    for at in range(0, len(acts), _JUDGED_TOGETHER):
        some = acts[at : at + _JUDGED_TOGETHER]
        loaded, correctors = load(view, some), correctors_of(view, some)
        accounts |= {act.actor for act in loaded.acts if act.actor.startswith("account:")}
        for act, answer in zip(loaded.acts, answers(loaded, view.stand), strict=True):
            found |= {each.position for each in rests_on(answer, loaded.facts_of[act.position], correctors)}
            grants |= {link.grant for link in answer.chain}
            posts |= {link.grantee for link in answer.chain if link.grantee and link.grantee.startswith("post:")}
            appointments |= {link.via.acting for link in answer.chain if link.via is not None and link.via.acting}
    names = {
        "grants": sorted(grants),
        "appointments": sorted(appointments),
        "accounts": sorted(accounts),
        "posts": sorted(posts),
    }
    found |= {row[0] for row in view.select("what_became_of_basis", names)}
    return sorted(found)


def make_bundle(project: str, positions: list[int], held: int | None, prover: Prover) -> Iterator[bytes]:
    """
    Return the file, in pieces. `held` is the size of a checkpoint that whoever asks has from before.

    Raises `Unavailable` where nobody proves anything now, `Corrupt` where what is proved does not hold.
    """
    evidence = prover.evidence(positions, held)
    try:
        summary = summary_for(_bundle(project, evidence), Trust([VerifierKey.parse(vkey) for vkey in evidence.keys]))
    except ProofFailed as exc:
        _log.error("bundle_refused", project=project, error=str(exc))
        advice = (
            "`quanze verify --log` tells whether it is the log; if not, `quanze rebuild` derives the read model anew"
        )
        raise Corrupt(f"the evidence does not hold: {exc}. {advice}") from exc
    return _written(project, summary, evidence)


def _bundle(project: str, evidence: Evidence) -> Bundle:
    entries = [
        Entry(
            act.leaf.encode(),
            act.payload.encode() if act.payload is not None else None,
            b64decode(act.salt) if act.salt is not None else None,
            _proof(act.position, act.hashes, evidence.checkpoint).encode(),
        )
        for act in evidence.acts
    ]
    return Bundle(
        project=project,
        summary_zh="",
        summary_en="",
        checkpoint=evidence.checkpoint.encode(),
        held=_continued(evidence.held) if evidence.held is not None else None,
        rotations=tuple(_proof(each.position, each.hashes, each.checkpoint).encode() for each in evidence.rotations),
        stamps=tuple(
            Stamp(_continued(each.seen), b64decode(each.response), tuple(map(b64decode, each.certificates)))
            for each in evidence.stamps
        ),
        entries=tuple(entries),
    )


def _continued(older: Continues) -> Continued:
    return Continued(older.checkpoint.encode(), tuple(map(b64decode, older.hashes)))


def _written(project: str, summary: Summary, evidence: Evidence) -> Iterator[bytes]:
    yield b"quanze/bundle@v1\n"
    yield _block("project", project)
    yield _block("summary.zh", summary.zh)
    yield _block("summary.en", summary.en)
    yield _block("checkpoint", evidence.checkpoint)
    if evidence.held is not None:
        yield from _older("held", evidence.held)
    for each in evidence.rotations:
        yield _block("rotation", _proof(each.position, each.hashes, each.checkpoint))
    for stamp in evidence.stamps:
        yield from _older("stamp", stamp.seen)
        yield _block("stamp.response", stamp.response)
        yield from (_block("stamp.certificate", each) for each in stamp.certificates)
    for act in evidence.acts:
        yield _act(act, evidence.checkpoint)


def _older(name: str, older: Continues) -> Iterator[bytes]:
    yield _block(name, older.checkpoint)
    yield _block(f"{name}.consistency", "".join(f"{each}\n" for each in older.hashes))


def _act(act: ProvedAct, checkpoint: str) -> bytes:
    parts = [act.leaf.encode(), (act.payload or "").encode(), _proof(act.position, act.hashes, checkpoint).encode()]
    sizes = tuple(map(len, parts))
    if act.payload is not None and act.salt is not None:
        parts.insert(2, act.salt.encode())
    else:
        del parts[1]
    return b"act %d %d %d\n%b\n" % (*sizes, b"\n".join(parts))


def _proof(position: int, hashes: list[str], checkpoint: str) -> str:
    """Return a proof as c2sp.org/tlog-proof@v1."""
    lines = "".join(f"{each}\n" for each in hashes)
    return f"c2sp.org/tlog-proof@v1\nindex {position - 1}\n{lines}\n{checkpoint}"


def _block(name: str, text: str) -> bytes:
    block = text.encode()
    return b"%b %d\n%b\n" % (name.encode(), len(block), block)
