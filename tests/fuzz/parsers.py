"""
Every parser of the verifier, with good files for it, and what it may still accept of a file that was changed.

What differs and is no change of what is proved, and nothing else:

* a note: its signature lines, as long as enough known ones are left. They sign the text above them and not each other;
  unknown ones are ignored, which is how logs change keys and witnesses add theirs.
* a bundle: those of the log's checkpoint, but no unknown one in the log's name; of older checkpoints, held or under a
  rotation, the log's own may be repeated; and a whole part that is there for more than is asked for, left out: `held`,
  a stamp. Such a file says less, and nothing else.
* JSON: white space, order of members, escapes; content left out, or said to be erased (one proof cannot tell); in an
  answer what the report itself lists as unchecked, order of items, and another spelling of an instant or an amount.
* a policy: comments, white space, order of lines that do not depend on each other.
* numbers in a leaf or an event are proved by the bytes they are in.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from contracts.proof import (
    Bundle,
    Entry,
    Policy,
    ProofFailed,
    Report,
    Trust,
    VerifierKey,
    WitnessKey,
    cosigned,
    open_checkpoint,
    parse_checkpoint,
    parse_keys,
    parse_leaf,
    parse_policy,
    parse_rotations,
    payload_commitment,
    read_bundle,
    verify_document,
)
from contracts.proof.note import open_signed, split_note
from contracts.proof.timestamp import verify_timestamp
from contracts.proof.tlog_proof import parse_tlog_proof
from tests.bundle_writer import tlog_proof, written
from tests.fuzz.mutations import VALUES, Mutation, deep, mutated, other_members, other_value
from tests.fuzz.seeds import (
    LOG_KEY,
    NEXT_KEY,
    ORIGIN,
    POLICY,
    SALT,
    WITNESSES,
    Act,
    Log,
    acts,
    encoded,
    stamped,
    text,
    vkey_of,
    with_page,
)

Allowed = Callable[[bytes, bytes, Any], bool]


class Parser(NamedTuple):
    """`read` returns what it took or raises `ProofFailed`; `allowed` judges that of (seed, changed)."""

    name: str
    seeds: Sequence[bytes]
    read: Callable[[bytes], Any]
    allowed: Allowed
    own: Sequence[Mutation] = ()


def parsers(directory: Path) -> list[Parser]:
    """Return them all. `directory` is for the keys of a time stamping authority."""
    whole, log = stamped(directory), Log(acts())
    note = log.note(9, *WITNESSES)
    witnesses = [each.key for each in WITNESSES]
    alone = Trust([LOG_KEY], now=whole.trust.now)
    proof = tlog_proof(4, log.path(5, 9), note, log.acts[4].leaf)
    content = {"payload": text(log.acts[4].event or b""), "salt": text(SALT)}
    inclusions = [log.inclusion(5), log.inclusion(5, **content), log.inclusion(6, payload=None, salt=None)]
    consistencies = [log.consistency(5), log.consistency(8), log.consistency(9)]
    stamp = whole.stamp
    rotations = {"rotations": [log.inclusion(9, payload=text(log.acts[8].event or b""), salt=text(SALT))]}
    bundled = [_bundled, _resized, _spliced]
    return [
        Parser("note", [note, log.note(9)], partial(open_signed, keys=[LOG_KEY, NEXT_KEY]), _same_body),
        Parser("checkpoint", [note], _checkpoint, _same_checkpoint),
        Parser("checkpoint text", [log.body(9)], parse_checkpoint, _spelt_checkpoint),
        Parser("cosignatures", [note], partial(cosigned, keys=witnesses), _signed_times),
        Parser("tlog-proof", [proof, tlog_proof(0, [], note)], parse_tlog_proof, _spelt_proof),
        Parser("policy", [POLICY], parse_policy, _same_policy),
        Parser("vkey", [vkey_of(LOG_KEY).encode()], _of_text(VerifierKey.parse), _spelt_vkey),
        Parser("witness key", [each.vkey.encode() for each in witnesses], _of_text(WitnessKey.parse), _spelt_vkey),
        Parser("key file", [f"{vkey_of(LOG_KEY)}\n{vkey_of(NEXT_KEY)} until 9\n".encode()], _keys, _known_keys),
        Parser("leaf", [log.acts[4].leaf], parse_leaf, _same_leaf, [other_members]),
        Parser("rotations", [encoded(rotations)], parse_rotations, _anything, [other_members]),
        Parser("time stamp", [stamp.response], partial(_stamp, good=whole.stamp, trust=whole.trust), _nothing),
        Parser("bundle form", [whole.file], read_bundle, _spelt_bundle, bundled),
        Parser("bundle", [whole.file], _document(whole.trust), _same_bundle, bundled),
        Parser("bundle, key alone", [whole.file], _document(alone), _same_bundle, bundled),
        Parser("bundle signed anew", [whole.file], _signed_anew(alone, _forged_bundle), _anything),
        Parser("tlog-proof file", [proof], _document(alone), _same_proof),
        Parser("inclusion", list(map(encoded, inclusions)), _document(alone), _same_members, [other_members]),
        Parser("consistency", list(map(encoded, consistencies)), _document(alone), _same_members, [other_members]),
        Parser("answer", [encoded(log.answer())], _document(alone), _same_answer, [other_members, _answered]),
        Parser("answer signed anew", [encoded(log.answer())], _signed_anew(alone, _forged_answer), _anything),
    ]


# What is accepted


def _nothing(_: bytes, __: bytes, ___: Any) -> bool:
    return False


def _anything(_: bytes, __: bytes, ___: Any) -> bool:
    """What is signed anew is another log: it may say what it likes, and nothing may raise."""
    return True


def _same_body(seed: bytes, _: bytes, opened: Any) -> bool:
    return opened.body == split_note(seed)[0]


def _same_checkpoint(seed: bytes, _: bytes, checkpoint: Any) -> bool:
    return checkpoint == parse_checkpoint(split_note(seed)[0])


def _signed_times(seed: bytes, changed: bytes, times: dict[WitnessKey, int]) -> bool:
    """A witness counts for a text and a time that it signed. ML-DSA-44 signs the text's first three lines alone."""
    known = cosigned(seed, [each.key for each in WITNESSES])
    body, same = split_note(seed)[0], split_note(changed)[0]
    return times.items() <= known.items() and all(
        same == body or (key.algorithm == 6 and same.startswith(body)) for key in times
    )


def _spelt_checkpoint(_: bytes, changed: bytes, read: Any) -> bool:
    lines = [read.origin, str(read.size), text(read.root), *read.extensions]
    return "".join(f"{line}\n" for line in lines).encode() == changed


def _spelt_proof(_: bytes, changed: bytes, read: Any) -> bool:
    return tlog_proof(read.leaf_index, read.hashes, read.checkpoint, read.extra) == changed


def _spelt_bundle(_: bytes, changed: bytes, read: Bundle) -> bool:
    return written(read) == changed


def _spelt_vkey(_: bytes, changed: bytes, key: VerifierKey | WitnessKey) -> bool:
    return (key.vkey if isinstance(key, WitnessKey) else vkey_of(key)).encode() == changed


def _known_keys(_: bytes, __: bytes, keys: list[VerifierKey]) -> bool:
    """Whoever keeps a file of keys may leave lines out; a key that changed has another key id."""
    return {key.key for key in keys} <= {LOG_KEY.key, NEXT_KEY.key} and {key.name for key in keys} <= {ORIGIN}


def _same_policy(_: bytes, __: bytes, policy: Policy) -> bool:
    """Written again, it is the same policy: what is relied on is what was read."""
    lines = [f"log {vkey_of(each.key)} {each.url or ''}" for each in policy.logs]
    lines += [f"witness {each.name} {each.key.vkey} {each.url or ''}" for each in policy.witnesses]
    lines += [f"group {each.name} {each.threshold} {' '.join(each.members)}" for each in policy.groups]
    again = "".join(f"{line}\n" for line in [*lines, f"quorum {policy.quorum}"])
    return parse_policy(again.encode("utf-8", "surrogateescape")) == policy


def _same_leaf(_: bytes, changed: bytes, read: Mapping[str, Any]) -> bool:
    return _canonical(json.loads(changed)) == _canonical(read)


def _same_proof(seed: bytes, changed: bytes, _: Report) -> bool:
    before, after = parse_tlog_proof(seed), parse_tlog_proof(changed)
    bodies = [split_note(each.checkpoint)[0] for each in (before, after)]
    return before[:2] == after[:2] and before.extra == after.extra and bodies[0] == bodies[1]


def _same_bundle(seed: bytes, changed: bytes, _: Report) -> bool:
    before, after = _bodies(read_bundle(seed)), _bodies(read_bundle(changed))
    fewer = iter(before.stamps)
    left = all(stamp in fewer for stamp in after.stamps)  # some of them, each once, in their order
    held = after.held in (before.held, None)
    return left and held and replace(before, stamps=(), held=None) == replace(after, stamps=(), held=None)


def _bodies(bundle: Bundle) -> Bundle:
    """Return a bundle with the texts of its notes in their place; of stamped ones every byte counts."""
    held = replace(bundle.held, note=split_note(bundle.held.note)[0]) if bundle.held is not None else None
    return replace(
        bundle,
        held=held,
        checkpoint=split_note(bundle.checkpoint)[0],
        rotations=tuple(map(_body_of_proof, bundle.rotations)),
        entries=tuple(entry._replace(proof=_body_of_proof(entry.proof)) for entry in bundle.entries),
    )


def _body_of_proof(proof: bytes) -> bytes:
    read = parse_tlog_proof(proof)
    return tlog_proof(read.leaf_index, read.hashes, split_note(read.checkpoint)[0], read.extra)


def _same_members(seed: bytes, changed: bytes, _: Report) -> bool:
    before, after = json.loads(seed), json.loads(changed)
    for each in (before, after):
        for name in each.keys() & {"checkpoint", "first_checkpoint", "second_checkpoint"}:
            each[name] = split_note(each[name].encode())[0].decode()
    _without_content(before, after)
    return _canonical(before) == _canonical(after)


def _without_content(before: dict[str, Any], after: dict[str, Any]) -> None:
    if after.get("payload") is None and after.get("salt") is None:
        for each in (before, after):
            each.pop("payload", None)
            each.pop("salt", None)


def _same_answer(seed: bytes, changed: bytes, report: Report) -> bool:
    before, after = json.loads(seed), json.loads(changed)
    items = [sorted(each["proof"]["items"], key=lambda item: item["position"]) for each in (before, after)]
    if len(items[0]) != len(items[1]):
        return False
    for pair in zip(*items, strict=True):
        _without_content(*pair)
    meant: list[str] = []
    for each, own in zip((before, after), items, strict=True):
        for line in {*report.unchecked, *_UNCHECKED}:
            _leave_unchecked(each, line)
        each["proof"] = {
            "checkpoint": split_note(each["proof"]["checkpoint"].encode())[0].decode(),
            "items": own,
        }
        kept = {name: each[name] for name in ("act", "chain", "proof")}
        meant.append(_canonical(_one_spelling(kept)))
    return meant[0] == meant[1]


_UNCHECKED: Final = (
    "act: asked",
    "via: post, acting, acting_position",
    *(f"link {name}: {names}" for name in ("grant:R", "grant:1") for names in ("status_at_act", "term: starts, ends")),
)
"""What of the good answer nothing proves, so that one may leave it out."""


def _leave_unchecked(answer: dict[str, Any], line: str) -> None:
    where, _, names = line.rpartition(": ")
    place: Any = None
    if where == "act":
        place = answer["act"]
    elif where == "via":
        place = answer["chain"][-1]["via"]
    elif where.startswith("link "):
        grant, _, part = where.removeprefix("link ").partition(": ")
        link: Any = next((link for link in answer["chain"] if link.get("grant") == grant), None)
        place = link.get(part) if part and link is not None else link
    for name in names.split(", ") if isinstance(place, dict) else ():
        place.pop(name, None)  # pyright: ignore[reportUnknownMemberType] - what json.loads returns


def _one_spelling(value: Any) -> Any:
    """Return an answer with its instants and amounts spelt one way, and without the nulls of papers and ceilings."""
    if isinstance(value, list):
        return [_one_spelling(each) for each in value]  # pyright: ignore[reportUnknownVariableType] - the same
    if not isinstance(value, dict):
        return value
    found: dict[str, Any] = {}
    for name, each in value.items():  # pyright: ignore[reportUnknownVariableType] - the same
        found[str(name)] = _one_spelling(each)  # pyright: ignore[reportUnknownArgumentType] - the same
        if name in ("time", "known_from"):
            found[name] = datetime.fromisoformat(each.upper()).astimezone(UTC).isoformat()  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        if name == "amount" and isinstance(each, str):
            found["amount"] = str(Decimal(each).normalize())
    return found


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


# How they are read


def _document(trust: Trust) -> Callable[[bytes], Report]:
    def read(file: bytes) -> Report:
        report = verify_document(file, trust)
        if not report.accepted:
            raise ProofFailed("file", expected="one that is accepted", actual=report.verdict)
        return report

    return read


def _of_text(parse: Callable[[str], Any]) -> Callable[[bytes], Any]:
    return lambda file: parse(file.decode("utf-8", "surrogateescape"))


def _checkpoint(file: bytes) -> Any:
    return open_checkpoint(file, LOG_KEY, NEXT_KEY)


def _keys(file: bytes) -> Any:
    return parse_keys(file.decode("utf-8", "surrogateescape"))


def _stamp(response: bytes, good: Any, trust: Trust) -> Any:
    return verify_timestamp(response, good.seen.note, trust.stamp_roots, good.certificates[1:-1])


def _signed_anew(trust: Trust, forge: Callable[[Random, Trust], bytes]) -> Callable[[bytes], Report]:
    """Read not the changed file but one of a log that signs whatever was made of its acts; the file is the seed."""
    check = _document(trust)
    return lambda file: check(forge(Random(file), trust))


# What is done to them


def _bundled(file: bytes, chance: Random) -> bytes:
    """Change one part of a bundle, or the order or number of several, and write it with sizes that fit."""
    try:
        bundle = read_bundle(file)
    except ProofFailed:
        return file
    name = chance.choice([each.name for each in fields(bundle)])
    value = getattr(bundle, name)
    match value:
        case str():
            value = mutated(value.encode(), chance, ()).decode("utf-8", "replace")
        case bytes():
            value = _other_note(value, chance)
            if chance.random() < 0.7:  # in every proof, too: as whoever hands the file on could
                old, new = bundle.checkpoint, value
                entries = (each._replace(proof=each.proof.replace(old, new)) for each in bundle.entries)
                bundle = replace(bundle, entries=tuple(entries))
        case tuple():
            value = _other_parts(list(value), chance)  # pyright: ignore[reportUnknownArgumentType] - any of three kinds
        case None:
            pass
        case _:
            value = chance.choice((None, replace(value, note=_other_note(value.note, chance))))
    return written(replace(bundle, **{name: value}))


def _other_note(note: bytes, chance: Random) -> bytes:
    """Add a line, take one away, exchange two; or anything."""
    body, _, lines = note.rpartition(b"\n\n")
    each = lines.splitlines(keepends=True) or [b""]
    stray = f"\u2014 {chance.choice(('stray.example', ORIGIN))} {text(chance.randbytes(68))}\n"
    each.insert(chance.randrange(len(each)), stray.encode())
    fewer = chance.sample(each, chance.randrange(1, len(each) + 1))
    return chance.choice((body + b"\n\n" + b"".join(fewer), body + b"\n\n" + lines * 2, mutated(note, chance, ())))


def _other_parts(parts: list[Any], chance: Random) -> tuple[Any, ...]:
    if not parts:
        return ()
    at, to = chance.randrange(len(parts)), chance.randrange(len(parts))
    match chance.randrange(4):
        case 0:
            del parts[at]
        case 1:
            parts.insert(to, parts[at])
        case 2:
            parts[at], parts[to] = parts[to], parts[at]
        case _:
            parts[at] = _other_part(parts[at], parts[to], chance)
    return tuple(parts)


def _other_part(part: Any, other: Any, chance: Random) -> Any:
    if isinstance(part, bytes):
        return mutated(part, chance, ())
    if isinstance(part, Entry):
        name = chance.choice(Entry._fields)
        value = chance.choice((getattr(other, name), mutated(getattr(part, name) or b"", chance, ())))
        changed = part._replace(**{name: value})
        return changed if changed.salt is None or len(changed.salt) == 32 else part
    match chance.randrange(4):
        case 0:
            certificates = list(part.certificates)
            chance.shuffle(certificates)
            return replace(part, certificates=tuple(certificates[: chance.randrange(4)]))
        case 1:
            return replace(part, response=mutated(part.response, chance, ()))
        case 2:
            return replace(part, seen=replace(part.seen, note=_other_note(part.seen.note, chance)))
        case _:
            return replace(part, seen=other.seen)


def _resized(file: bytes, chance: Random) -> bytes:
    """Say another size of a block than it has, or end it elsewhere with the size that fits."""
    head = chance.choice((b"summary.en ", b"checkpoint ", b"held ", b"stamp.response ", b"act "))
    start = file.find(head)
    stop = file.find(b"\n", start)
    if start < 0 or stop < 0:
        return file
    words = file[start:stop].split(b" ")
    at = chance.randrange(1, len(words)) if len(words) > 1 else 0
    words[at] = chance.choice((b"0", b"1", b"00", b"9999999999", b"-1", b"%d" % chance.randrange(5000)))
    return file[:start] + b" ".join(words) + file[stop:]


def _spliced(file: bytes, chance: Random) -> bytes:
    """Bring one block's bytes to another place."""
    starts = [found.start() for found in re.finditer(rb"\n(?:act|stamp|held|rotation)", file)]
    if len(starts) < 2:
        return file
    at = chance.randrange(len(starts) - 1)
    block, to = file[starts[at] : starts[at + 1]], chance.choice(starts)
    return file[:to] + block + file[to:]


def _answered(file: bytes, chance: Random) -> bytes:
    """Change what is stated of the act or a link, and nothing of the proofs."""
    try:
        answer = json.loads(file)
        part: Any = chance.choice((answer["act"], *answer["chain"]))
        name: Any = chance.choice(sorted(part))
        part[name] = chance.choice((*VALUES, deep(chance), other_value(deepcopy(part[name]), chance)))
        return json.dumps(answer).encode("utf-8", "surrogatepass")
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return file


def _forged(chance: Random, positions: Sequence[int]) -> list[Act]:
    """Return the log with one act whose event, or leaf, says what no ledger would take; the leaf commits to it."""
    forged = acts()
    position = chance.choice(positions)
    leaf, event = forged[position - 1]
    if event is not None and chance.random() < 0.7:
        event = other_members(event, chance) if chance.random() < 0.8 else _deepened(event, chance)
    members = json.loads(leaf)
    if chance.random() < 0.4:
        members = other_value(members, chance)
    if event is not None and isinstance(members, dict):
        members["payload_commitment"] = text(payload_commitment(SALT, event))
    try:
        written = json.dumps(members, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass")
    except (ValueError, TypeError, RecursionError):
        written = leaf
    if chance.random() < 0.1:
        written = written.replace(b'"position":', b'"position":' + b"9" * 5000, 1)
    forged[position - 1] = Act(written, event)
    return forged


def _deepened(event: bytes, chance: Random) -> bytes:
    """Put something very deep in place of a value."""
    name = chance.choice([*sorted(json.loads(event)["data"]), "data", "actor", "id"])
    document = json.loads(event)
    (document["data"] if name in document["data"] else document)[name] = "DEEP"
    depth = chance.randrange(900, 990)
    return json.dumps(document).encode().replace(b'"DEEP"', b"[" * depth + b"]" * depth)


def _forged_bundle(chance: Random, trust: Trust) -> bytes:
    log = Log(_forged(chance, (1, 2, 3, 5, 6, 7, 8, 9, 10)))
    bundle = log.bundle(log.note(10))
    try:
        return with_page(bundle, trust)
    except (ProofFailed, RecursionError):
        return written(bundle)


def _forged_answer(chance: Random, _: Trust) -> bytes:
    return encoded(Log(_forged(chance, (1, 2, 5))).answer())
