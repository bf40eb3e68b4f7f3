"""
Published test vectors, run through prover and verifier.

The data stays outside the project, in `shared/data/vectors` beside it or in `$QUANZE_SHARED/data/vectors`. Every count
is asserted: a file that vanished must fail, not pass.
"""

import json
import os
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts.proof import (
    ProofFailed,
    VerifierKey,
    leaf_hash,
    node_hash,
    open_checkpoint,
    open_note,
    parse_checkpoint,
    verify_consistency,
    verify_inclusion,
)
from contracts.proof.cosignature import WitnessKey, cosigned
from contracts.proof.note import open_signed, split_note
from contracts.proof.policy import parse_policy
from contracts.proof.tlog_proof import parse_tlog_proof
from ledger.signer import KeyRefused, SigningKey, checkpoint_body
from ledger.tree import (
    Frontier,
    TileId,
    consistency_proof,
    consistency_tiles,
    full_tiles,
    inclusion_proof,
    inclusion_tiles,
    root_hash,
    root_tiles,
)

VECTORS = Path(os.environ.get("QUANZE_SHARED") or Path(__file__).parents[2].parent / "shared") / "data" / "vectors"
MERKLE = VECTORS / "transparency-dev-merkle"
TESSERA = VECTORS / "transparency-dev-tessera" / "testdata" / "log"

pytestmark = pytest.mark.skipif(
    not VECTORS.is_dir(), reason=f"the published vectors are not at {VECTORS}; set QUANZE_SHARED to their folder"
)


PUBLISHED = {
    "C2SP-specs/issue99_checkpoint.json": "bad_note_wrong_key_id log_pubkey_hex log_seed_hex note origin",
    "C2SP-specs/spec_examples.json": "checkpoint_example_no_key cosign_message_example"
    " cosigned_checkpoint_example_no_key signed_note signed_note_unkeyed_example tile_counts tile_paths",
    "golang-x-mod/note_vectors.json": "bad_vkey_rule bad_vkeys new_tiles_count_height10 note_slice_unit open_cases"
    " sig_lines skeys sumdb_real_checkpoint text tree vkeys",
    "transparency-dev-formats/formats_vectors.json": "checkpoint_parse cosig_timestamp cosig_vkeys ecdsa_notes"
    " policies_bad policies_ok tlog_proof_bad tlog_proof_marshal",
    "transparency-dev-merkle/extracted_rfc6962_constants.json": "accumulated_mtc_draft leaf_inputs_hex"
    " node_hashes_hex_by_level root_hashes_hex_by_size_0_to_8",
    "transparency-dev-tessera/KEYS.json": "leaves test_skey vkey",
}
"""
Every set that is published, by file. Each is run below but for these: the seven counts of `new_tiles_count_height10`
are of tiles of height 10, and ours have 8; `tile_paths` is one path, of one that takes 300 million entries;
`bad_vkey_rule` is spelt out in `manglings`, and `note_slice_unit` explains.
"""


def test_no_published_set_is_passed_over() -> None:
    """A set that is added, or goes, is seen here. The folders of files are counted where they are run."""
    folders = {"C2SP-specs", "cyberphone-json-canonicalization", "golang-x-mod", "transparency-dev-formats"}
    assert {path.name for path in VECTORS.iterdir()} == folders | {
        "transparency-dev-merkle",
        "transparency-dev-tessera",
    }
    found = {str(path.relative_to(VECTORS)) for path in VECTORS.glob("*/*.json")}
    assert found == PUBLISHED.keys()
    for name, sets in PUBLISHED.items():
        assert sorted(read(*name.split("/")).keys() - {"source"}) == sets.split(), name
    families = {path.name: len(list(path.rglob("*.json"))) for path in (MERKLE / "testdata").iterdir()}
    assert families == {"inclusion": 98, "consistency": 98, "subtreeinclusion": 204, "subtreeconsistency": 118}


@cache
def read(*path: str) -> Any:
    return json.loads(VECTORS.joinpath(*path).read_text("utf-8"))


def cases(family: str) -> Iterator[dict[str, Any]]:
    for path in sorted((MERKLE / "testdata" / family).rglob("*.json")):
        yield json.loads(path.read_text("utf-8"))


def hashes(case: dict[str, Any]) -> list[bytes]:
    proof: list[str] = case["proof"] or []
    return [b64decode(item) for item in proof]


def accepted(check: Any, *arguments: object) -> bool:
    try:
        check(*arguments)
    except ProofFailed:
        return False
    return True


# transparency-dev/merkle: 518 proofs


def test_merkle_inclusion() -> None:
    """All 98 apply."""
    outcomes: Counter[tuple[bool, bool]] = Counter()
    for case in cases("inclusion"):
        leaf, root = b64decode(case["leafHash"]), b64decode(case["root"])
        got = accepted(verify_inclusion, leaf, case["leafIdx"], case["treeSize"], hashes(case), root)
        outcomes[not case["wantErr"], got] += 1
    assert outcomes == {(True, True): 6, (False, False): 92}, "(wanted, got)"


def test_merkle_consistency() -> None:
    """All 98 apply; one takes two 12-byte strings for roots and calls them consistent, which a SHA-256 tree refuses."""
    outcomes: Counter[tuple[bool | str, bool]] = Counter()
    for case in cases("consistency"):
        first, second = b64decode(case["root1"]), b64decode(case["root2"])
        arguments = (case["size1"], case["size2"], hashes(case), first, second)
        if not case["wantErr"] and len(first) != 32:
            assert (first, second) == (b"don't care 2", b"don't care 2")
            with pytest.raises(ProofFailed, match="32 bytes"):
                verify_consistency(*arguments)
            outcomes["12-byte roots", False] += 1
            continue
        outcomes[not case["wantErr"], accepted(verify_consistency, *arguments)] += 1
    assert outcomes == {(True, True): 5, (False, False): 92, ("12-byte roots", False): 1}, "(wanted, got)"


def is_subtree(start: int, end: int) -> bool:
    """Say whether [start, end) begins where a subtree of its size may: then it is a tree of its own, shifted."""
    return start < end and start % (1 << (end - start - 1).bit_length()) == 0


def test_merkle_subtree_inclusion() -> None:
    """
    We prove against whole trees only, but a leaf of the subtree [start, end) is leaf `index - start` of a tree.

    That covers 202 of 204. The other two are of ranges that are no subtree at all, a notion we do not have.
    """
    outcomes: Counter[tuple[bool | str, bool]] = Counter()
    for case in cases("subtreeinclusion"):
        start, end = case["start"], case["end"]
        if start < end and not is_subtree(start, end):
            outcomes["misaligned", case["wantErr"]] += 1
            continue
        leaf, root = b64decode(case["leafHash"]), b64decode(case["root"])
        got = accepted(verify_inclusion, leaf, case["leafIdx"] - start, end - start, hashes(case), root)
        outcomes[not case["wantErr"], got] += 1
    assert outcomes == {(True, True): 12, (False, False): 190, ("misaligned", True): 2}, "(wanted, got)"


def test_merkle_subtree_consistency() -> None:
    """
    The subtree [0, end) is the tree of `end` leaves, and its proof the plain consistency proof: 91 of 118 apply.

    The other 27 are not about us: subtrees that begin elsewhere (16) or are empty (11) serve Merkle Tree Certificates.
    """
    outcomes: Counter[tuple[bool | str, bool]] = Counter()
    for case in cases("subtreeconsistency"):
        first, second = b64decode(case["root1"]), b64decode(case["root2"])
        if case["start"] > 0 or case["end"] == 0:
            outcomes["not a tree", case["start"] > 0] += 1
            continue
        got = accepted(verify_consistency, case["end"], case["size"], hashes(case), first, second)
        wanted = "12-byte roots" if not case["wantErr"] and len(first) != 32 else not case["wantErr"]
        outcomes[wanted, got] += 1
    assert outcomes == {
        (True, True): 5,
        (False, False): 85,
        ("12-byte roots", False): 1,
        ("not a tree", True): 16,
        ("not a tree", False): 11,
    }, "(wanted, got)"


def test_merkle_constants() -> None:
    constants = read("transparency-dev-merkle", "extracted_rfc6962_constants.json")
    levels = [[bytes.fromhex(node) for node in level] for level in constants["node_hashes_hex_by_level"]]
    roots = [bytes.fromhex(root) for root in constants["root_hashes_hex_by_size_0_to_8"]]
    leaves = [leaf_hash(bytes.fromhex(leaf)) for leaf in constants["leaf_inputs_hex"]]
    assert ([len(level) for level in levels], len(roots), len(leaves)) == ([8, 4, 2, 1], 9, 8)
    assert levels[0] == leaves
    for below, level in pairwise(levels):
        assert level == [node_hash(*below[at : at + 2]) for at in range(0, len(below), 2)]
    assert roots == [Frontier().append(leaves[:size]).root() for size in range(9)]


def test_merkle_accumulated_hashes() -> None:
    """
    One hash over all subtree roots to 130 leaves, empty ones too, and one over all inclusion proofs, from the prover.

    The third, over consistency proofs of subtrees that begin anywhere, is for Merkle Tree Certificates: we make none.
    """
    accumulated = read("transparency-dev-merkle", "extracted_rfc6962_constants.json")["accumulated_mtc_draft"]
    last = accumulated["n_max"]
    assert last == 130
    leaves = [leaf_hash(bytes([number])) for number in range(last)]
    subtrees, inclusions, proved = sha256(), sha256(), 0
    for end in range(last + 1):
        for start in range(end + 1):
            if start < end and not is_subtree(start, end):
                continue
            size = end - start
            root = Frontier().append(leaves[start:end]).root()
            subtrees.update(f"[{start}, {end}) {root.hex()}\n".encode())
            tiles = {TileId(0, 0, size): leaves[start:end]}
            for index in range(size):
                proof = inclusion_proof(index, size, tiles)
                verify_inclusion(leaves[start + index], index, size, proof, root)
                line = " ".join([f"{start + index} [{start}, {end})", *(item.hex() for item in proof)])
                inclusions.update(f"{line}\n".encode())
                proved += 1
    assert subtrees.hexdigest() == accumulated["sha256"]["subtree_hash"]
    assert inclusions.hexdigest() == accumulated["sha256"]["subtree_inclusion"]
    assert proved == 12_807


# golang.org/x/mod: notes, keys, tree texts


def go_notes() -> Iterator[tuple[bytes, list[str], dict[str, Any]]]:
    """Yield the 17 notes, each spelt out by hand from its template, with the names of the keys to open it with."""
    vectors = read("golang-x-mod", "note_vectors.json")
    text = vectors["text"].encode()
    peter, enoch = (vectors["sig_lines"][name].encode() for name in ("peter", "enoch"))
    spelt = [
        text + b"\n" + peter + enoch,
        text + b"\n" + peter + enoch,
        text + b"\n" + peter + enoch,
        text + b"\n" + enoch,
        text + b"\n" + peter,
        text + b"\n" + peter * 101,
        text + b"\n" + peter[:60] + b"ABCD" + peter[60:],
        text + b"\n" + peter + peter + enoch + enoch + enoch[:60] + b"ABCD" + enoch[60:],
        text,
        text + b"\n",
        text + b"\n" + peter[:-1],
        b"\x01" + text + b"\n" + peter,
        b"\xff" + text + b"\n" + peter,
        text + b"\n" + peter.replace(b"PeterNeumann", b"Bad Name")[:-1],
        text + b"\n" + peter + b"Unexpected line.\n",
        text + b"\n" + peter.replace(b"PeterNeumann", b"CarmenSandiego"),
        text + b"\n" + peter.replace(b"x08g", b"xxxx"),
    ]
    for note, case in zip(spelt, vectors["open_cases"], strict=True):
        # Two cases hand Go a lookup that returns the wrong key. Ours cannot be handed one: it matches by itself.
        names = ["peter"] if case["known"] == ["lookup returns peter for any name"] else case["known"]
        yield note, names, case


def test_go_notes() -> None:
    vectors = read("golang-x-mod", "note_vectors.json")
    keys = {name: VerifierKey.parse(vkey) for name, vkey in vectors["vkeys"].items()}
    reasons = {
        "no verifiable signatures": "signature",
        "ambiguous key": "verifier keys",
        "malformed note (Go limit 100 signatures)": "signatures",
        "invalid signature": "PeterNeumann",
        "malformed": "expected",
        "mismatched verifier": "unknown keys",
    }
    outcomes: Counter[str] = Counter()
    for note, names, case in go_notes():
        known = [keys[name] for name in names]
        outcomes[case["want"]] += 1
        if case["want"] == "ok":
            opened = open_signed(note, known)
            assert opened.body == vectors["text"].encode()
            if "verified" in case:
                assert opened.signers == tuple(keys[name] for name in case["verified"])
        else:
            with pytest.raises(ProofFailed, match=reasons[case["want"].removeprefix("error:")]):
                open_note(note, known)
    assert outcomes.total() == 17
    assert (outcomes["ok"], outcomes["error:malformed"], outcomes["error:mismatched verifier"]) == (4, 7, 2)


def manglings(text: str) -> Iterator[str]:
    """Yield every proper substring and, for every character, the text with that character made one larger."""
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            if end - start < len(text):
                yield text[start:end]
    for at, char in enumerate(text):
        yield text[:at] + chr(ord(char) + 1) + text[at + 1 :]


def test_go_keys() -> None:
    vectors = read("golang-x-mod", "note_vectors.json")
    vkey, skey = vectors["vkeys"]["peter"], vectors["skeys"]["peter"]
    assert SigningKey.from_text(skey).vkey == vkey
    assert SigningKey.from_text(skey).sign(vectors["text"].encode()).endswith(vectors["sig_lines"]["peter"].encode())
    mangled = list(manglings(vkey))
    assert len(mangled) == 2_276
    assert len(vectors["bad_vkeys"]) == 2
    for bad in mangled + vectors["bad_vkeys"]:
        with pytest.raises(ProofFailed):
            VerifierKey.parse(bad)
    mangled = list(manglings(skey))
    assert len(mangled) == len(skey) * (len(skey) + 1) // 2 - 1 + len(skey)
    for bad in mangled:
        with pytest.raises(KeyRefused):
            SigningKey.from_text(bad)


def test_go_trees() -> None:
    """One text of three is bad for Go's own database only: to a checkpoint, any origin that is not empty is one."""
    vectors = read("golang-x-mod", "note_vectors.json")
    tree = vectors["tree"]
    root = leaf_hash(tree["leaf_data"].encode())
    assert b64encode(root).decode() == tree["leaf_hash_b64"]
    checkpoint = parse_checkpoint(tree["text"].encode())
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (tree["origin"], tree["size"], root)
    assert [accepted(parse_checkpoint, bad.encode()) for bad in tree["bad"]] == [True, False, False]
    assert parse_checkpoint(tree["bad"][0].encode()).origin == "not-go.sum database tree"

    real = vectors["sumdb_real_checkpoint"]
    key = VerifierKey.parse(real["vkey"])
    assert parse_checkpoint(open_note(real["note"].encode(), [key])).size == 35_225_469
    # Its key is not named after its origin, as it should be (tlog-checkpoint, "Signatures"); ours always are.
    with pytest.raises(ProofFailed, match="checkpoint origin"):
        open_checkpoint(real["note"].encode(), key)


# transparency-dev/formats: checkpoints, keys


def test_formats_checkpoints() -> None:
    """The two said to be good have hashes of 7 and 37 bytes: refused. With real hashes all come out as said."""
    vectors = read("transparency-dev-formats", "formats_vectors.json")["checkpoint_parse"]
    assert [case["ok"] for case in vectors] == [True, True] + [False] * 7
    assert not any(accepted(parse_checkpoint, case["m"].encode()) for case in vectors)
    real = b64encode(bytes(32)).decode()
    outcomes: Counter[tuple[bool, bool]] = Counter()
    for case in vectors:
        lines = case["m"].split("\n")
        if len(lines) > 2 and "'" not in lines[2] and lines[2]:
            lines[2] = real
        outcomes[case["ok"], accepted(parse_checkpoint, "\n".join(lines).encode())] += 1
    assert outcomes == {(True, True): 2, (False, False): 7}, "(wanted, got)"


def test_formats_keys() -> None:
    """
    The three good keys are of a log, of an Ed25519 witness and of an ML-DSA-44 witness; each is taken as that alone.

    The last one was published with a key id that does not follow from its name and key: refused, and good with its own.
    """
    vectors = read("transparency-dev-formats", "formats_vectors.json")
    good, bad = vectors["cosig_vkeys"]["ok"], vectors["cosig_vkeys"]["bad"]
    assert [accepted(VerifierKey.parse, vkey) for vkey in good] == [True, False, False]
    assert [accepted(WitnessKey.parse, vkey) for vkey in good] == [False, True, False]
    assert WitnessKey.parse(good[1]).vkey == good[1]
    name, key_id, encoded = good[2].split("+", 2)
    ml_dsa = WitnessKey(name, b64decode(encoded)[1:])
    assert (ml_dsa.algorithm, key_id) == (6, "5893dc2c")
    with pytest.raises(ProofFailed, match=f"key id: expected {ml_dsa.key_id.hex()}, actual 5893dc2c"):
        WitnessKey.parse(good[2])
    assert WitnessKey.parse(f"{name}+{ml_dsa.key_id.hex()}+{encoded}") == ml_dsa
    assert [accepted(VerifierKey.parse, vkey) or accepted(WitnessKey.parse, vkey) for vkey in bad] == [False] * 3
    assert len(vectors["ecdsa_notes"]) == 2
    for case in vectors["ecdsa_notes"]:
        assert not accepted(VerifierKey.parse, case["vkey"])  # ECDSA: signed-note type 0x02
        with pytest.raises(ProofFailed, match="no key was given"):  # well formed all the same
            open_note(case["note"].encode(), [])


def test_formats_tlog_proofs() -> None:
    """All 11 apply: what is said to be written so is read so, and the 8 bad ones are refused."""
    vectors = read("transparency-dev-formats", "formats_vectors.json")
    good, bad = vectors["tlog_proof_marshal"], vectors["tlog_proof_bad"]
    assert (len(good), len(bad)) == (3, 8)
    for case in good:
        hashes = tuple(sha256(each.encode()).digest() for each in case["hash_preimages"])
        extra = case["extra"].encode() if case["extra"] is not None else None
        file = case["want_template"].replace("{b64 extra}", b64encode(extra or b"").decode())
        for preimage, each in zip(case["hash_preimages"], hashes, strict=True):
            file = file.replace(f"{{b64 sha256({preimage})}}", b64encode(each).decode())
        assert "{" not in file
        assert parse_tlog_proof(file.encode()) == (case["index"], hashes, case["checkpoint"].encode(), extra)
    (rule,) = [case["p_rule"] for case in bad if "p_rule" in case]
    assert rule == 'c2sp.org/tlog-proof@v1\nindex 0\n + "a"*66560 + \n'
    files = [case["p"] for case in bad if "p" in case] + ["c2sp.org/tlog-proof@v1\nindex 0\n" + "a" * 66_560 + "\n"]
    for file in files:
        with pytest.raises(ProofFailed):
            parse_tlog_proof(file.encode())
    # Not for what they lack alone: with a header, an index and a checkpoint that are good the sixth is refused still.
    assert parse_tlog_proof(b"c2sp.org/tlog-proof@v1\nindex 0\n\ncheckpoint\n").leaf_index == 0


def test_formats_cosignature_times() -> None:
    """
    Time comes before the signature. Its signer's key was not published, so what is read is its time, then refused.

    The first bad one has no time (68 bytes: a plain Ed25519 signature), the second is no base64.
    """
    vectors = read("transparency-dev-formats", "formats_vectors.json")["cosig_timestamp"]
    body = checkpoint_body("example.com/log", 1, bytes(32))
    good = split_note(body + f"\n— w.example {vectors['b64']}\n".encode())[1][0].value
    assert (int.from_bytes(good[:8], "big"), len(good)) == (vectors["unix"], 8 + 64)
    timeless, garbage = (body + f"\n— w.example {bad}\n".encode() for bad in vectors["bad"])
    assert len(split_note(timeless)[1][0].value) == 64
    with pytest.raises(ProofFailed):
        split_note(garbage)


def test_formats_policies() -> None:
    """
    The good one gives its witnesses keys of logs (0x01), which tlog-policy forbids: refused, and good with 0x04.

    The four bad ones are refused, with such keys too where they had others: not for their keys alone.
    """
    vectors = read("transparency-dev-formats", "formats_vectors.json")
    good, bad = vectors["policies_ok"], vectors["policies_bad"]
    assert (len(good), len(bad)) == (1, 4)

    def with_witness_keys(policy: str) -> bytes:
        words = [line.split(" ") for line in policy.removesuffix("\n").split("\n")]
        for line in words:
            if line[0] == "witness":
                log = VerifierKey.parse(line[2])
                line[2] = WitnessKey(log.name, log.key).vkey
        return "".join(" ".join(line) + "\n" for line in words).encode()

    with pytest.raises(ProofFailed, match="line 1: algorithm"):
        parse_policy(good[0]["policy"].encode())
    policy = parse_policy(with_witness_keys(good[0]["policy"]))
    assert len(policy.witnesses) == good[0]["n"]
    assert [policy.is_satisfied_by(policy.witness_keys[:count]) for count in range(3)] == [False, False, True]
    for case in bad:
        assert not accepted(parse_policy, case["policy"].encode())
        assert not accepted(parse_policy, with_witness_keys(case["policy"]))


# transparency-dev/tessera: a log of 15 entries


def tessera() -> tuple[VerifierKey, list[bytes]]:
    keys = read("transparency-dev-tessera", "KEYS.json")
    return VerifierKey.parse(keys["vkey"]), [leaf_hash(leaf.encode()) for leaf in keys["leaves"]]


def tessera_tile(width: int) -> list[bytes]:
    raw = (TESSERA / "tile" / "0" / "000.p" / str(width)).read_bytes()
    assert len(raw) == 32 * width
    return [raw[at : at + 32] for at in range(0, len(raw), 32)]


def test_tessera_checkpoints_are_opened_and_signed_again_bit_for_bit() -> None:
    key, leaves = tessera()
    signer = SigningKey.from_text(read("transparency-dev-tessera", "KEYS.json")["test_skey"])
    paths = sorted(TESSERA.glob("checkpoint.*"), key=lambda path: int(path.suffix[1:]))
    for size, path in enumerate(paths):
        note = path.read_bytes()
        checkpoint = open_checkpoint(note, key)
        assert checkpoint.size == size
        assert checkpoint.root == Frontier().append(leaves[:size]).root()
        assert signer.sign(checkpoint_body(signer.origin, size, checkpoint.root)) == note
    assert len(paths) == 16
    assert open_checkpoint((TESSERA / "checkpoint").read_bytes(), key).size == 15


def test_tessera_tiles_prove_every_entry_and_every_growth_against_the_signed_roots() -> None:
    key, leaves = tessera()
    roots = [open_checkpoint((TESSERA / f"checkpoint.{size}").read_bytes(), key).root for size in range(16)]
    proved = 0
    for size in range(1, 16):
        tiles = {TileId(0, 0, size): tessera_tile(size)}
        assert tiles[TileId(0, 0, size)] == leaves[:size]
        assert root_tiles(size) == list(tiles)
        assert root_hash(size, tiles) == roots[size]
        for index in range(size):
            assert set(inclusion_tiles(index, size)) <= tiles.keys()
            verify_inclusion(leaves[index], index, size, inclusion_proof(index, size, tiles), roots[size])
            assert set(consistency_tiles(index, size)) <= tiles.keys()
            verify_consistency(index, size, consistency_proof(index, size, tiles), roots[index], roots[size])
            proved += 1
    assert proved == 15 * 16 // 2


def test_tessera_bundles_hold_the_entries_of_the_tiles() -> None:
    """An entry in a bundle: its length in two bytes, big end first, then its bytes (tlog-tiles, "Log entries")."""
    paths = list((TESSERA / "tile" / "entries" / "000.p").iterdir())
    for path in paths:
        rest, entries = path.read_bytes(), list[bytes]()
        while rest:
            length = int.from_bytes(rest[:2], "big")
            entries.append(leaf_hash(rest[2 : 2 + length]))
            rest = rest[2 + length :]
        assert entries == tessera_tile(int(path.name))
    assert len(paths) == 15


# C2SP: the examples of the specifications, and issue 99


def test_c2sp_examples() -> None:
    examples = read("C2SP-specs", "spec_examples.json")
    signed = examples["signed_note"]
    assert open_note(signed["note"].encode(), [VerifierKey.parse(signed["vkey"])]) == b"This is an example message.\n"
    unkeyed = ["signed_note_unkeyed_example", "checkpoint_example_no_key", "cosigned_checkpoint_example_no_key"]
    for name in unkeyed:
        note = examples[name].encode()
        with pytest.raises(ProofFailed, match="unknown keys"):  # well formed: only the key is missing
            open_note(note, [VerifierKey.parse(signed["vkey"])])
    for name in unkeyed[1:]:
        body = examples[name].encode().rpartition(b"\n\n")[0] + b"\n"
        assert parse_checkpoint(body).size == 20_852_163
    assert len(examples["tile_counts"]) == 2


def test_c2sp_example_of_a_cosignature_has_the_form_of_one() -> None:
    """Its witness's key was not published: known by name and key id, its line is read, and fails as a signature."""
    note = read("C2SP-specs", "spec_examples.json")["cosigned_checkpoint_example_no_key"].encode()
    log, witness = split_note(note)[1]
    assert (log.name, witness.name) == ("example.com/behind-the-sofa", "witness.example.com/w1")
    assert len(log.value) == 64
    assert int.from_bytes(witness.value[:8], "big") == 1_679_315_147  # the time of the specification's signed message
    assert len(witness.value) == 8 + 64
    some_key = WitnessKey(witness.name, VerifierKey.parse(read("transparency-dev-tessera", "KEYS.json")["vkey"]).key)
    assert cosigned(note, [some_key]) == {}


def test_c2sp_message_of_a_cosignature_is_what_a_witness_signs() -> None:
    """Signed as it was published, by a key of ours, it is the cosignature of the checkpoint that is in it."""
    message = read("C2SP-specs", "spec_examples.json")["cosign_message_example"].encode()
    kind, time, body = message.split(b"\n", 2)
    assert (kind, time) == (b"cosignature/v1", b"time 1679315147")
    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    witness = WitnessKey("witness.example.com/w1", private.public_key().public_bytes_raw())
    value = witness.key_id + (1_679_315_147).to_bytes(8, "big") + private.sign(message)
    note = body + f"\n\N{EM DASH} {witness.name} {b64encode(value).decode()}\n".encode()
    assert cosigned(note, [witness]) == {witness: 1_679_315_147}


def test_c2sp_tile_counts() -> None:
    """tlog-tiles says how many tiles, full and partial, trees of 70,000 and of 256 leaves have."""
    for facts in read("C2SP-specs", "spec_examples.json")["tile_counts"]:
        full = Counter(tile.level for tile in full_tiles(0, facts["size"]))
        assert full == {level: facts[f"full_l{level}"] for level in range(3) if f"full_l{level}" in facts}
        partial = {tile.level: tile.width for tile in root_tiles(facts["size"])}
        assert partial == {level: facts[f"partial_l{level}"] for level in range(3) if f"partial_l{level}" in facts}


def test_c2sp_issue_99() -> None:
    vectors = read("C2SP-specs", "issue99_checkpoint.json")
    signer = SigningKey(bytes.fromhex(vectors["log_seed_hex"]), vectors["origin"])
    assert signer.public_key.hex() == vectors["log_pubkey_hex"]
    key = VerifierKey.parse(signer.vkey)
    checkpoint = open_checkpoint(vectors["note"].encode(), key)
    assert checkpoint.size == 10
    assert signer.sign(checkpoint_body(signer.origin, 10, checkpoint.root)).decode() == vectors["note"]
    with pytest.raises(ProofFailed, match="unknown keys"):
        open_checkpoint(vectors["bad_note_wrong_key_id"].encode(), key)


# RFC 8785: canonical JSON


def test_canonical_json() -> None:
    """
    Leaves are what msgspec sorts: canonical for text, integers and booleans under ASCII names.

    So three of the six apply. Two hold fractions; one has a name outside the first 65,536 characters, which the RFC
    sorts by UTF-16 unit and msgspec by code point.
    """
    canonical: set[str] = set()
    folder = VECTORS / "cyberphone-json-canonicalization" / "testdata"
    paths = sorted((folder / "input").iterdir())
    for path in paths:
        value = json.loads(path.read_text("utf-8"))
        expected = (folder / "output" / path.name).read_bytes()
        assert rfc8785.dumps(value) == expected  # the yardstick of the property test
        if msgspec.json.encode(value, order="sorted") == expected:
            canonical.add(path.stem)
    assert len(paths) == 6
    assert canonical == {"arrays", "french", "unicode"}
