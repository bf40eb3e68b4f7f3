"""Writes a bundle and what stands in it, by the description of the format: nothing here is the ledger's own."""

from base64 import b64encode

from contracts.proof import Bundle, Entry


def written(bundle: Bundle) -> bytes:
    """Return the file: blocks, then acts."""
    blocks = [
        block("project", bundle.project.encode()),
        block("summary.zh", bundle.summary_zh.encode()),
        block("summary.en", bundle.summary_en.encode()),
        block("checkpoint", bundle.checkpoint),
    ]
    if bundle.held is not None:
        blocks += [block("held", bundle.held.note), block("held.consistency", hash_lines(bundle.held.hashes))]
    blocks += [block("rotation", each) for each in bundle.rotations]
    for stamp in bundle.stamps:
        blocks += [block("stamp", stamp.seen.note), block("stamp.consistency", hash_lines(stamp.seen.hashes))]
        blocks.append(block("stamp.response", b64encode(stamp.response)))
        blocks += [block("stamp.certificate", b64encode(each)) for each in stamp.certificates]
    return b"".join([b"quanze/bundle@v1\n", *blocks, *map(act_block, bundle.entries)])


def block(name: str, content: bytes) -> bytes:
    return b"%b %d\n%b\n" % (name.encode(), len(content), content)


def act_block(entry: Entry) -> bytes:
    content = [] if entry.payload is None or entry.salt is None else [entry.payload, b64encode(entry.salt)]
    sizes = b"act %d %d %d\n" % (len(entry.leaf), len(entry.payload or b""), len(entry.proof))
    return sizes + b"\n".join([entry.leaf, *content, entry.proof]) + b"\n"


def tlog_proof(index: int, hashes: tuple[bytes, ...] | list[bytes], note: bytes, extra: bytes | None = None) -> bytes:
    """Return a proof as c2sp.org/tlog-proof@v1."""
    line = b"extra %b\n" % b64encode(extra) if extra is not None else b""
    return b"c2sp.org/tlog-proof@v1\n%bindex %d\n%b\n%b" % (line, index, hash_lines(hashes), note)


def hash_lines(hashes: tuple[bytes, ...] | list[bytes]) -> bytes:
    return b"".join(b64encode(each) + b"\n" for each in hashes)
