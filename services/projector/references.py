"""References as paths give them."""

from edge.app import with_slashes


def reference(text: str, *kinds: str) -> str:
    """Return the reference a path names, of the first kind where it says none. A `/` in it may have come escaped."""
    plain = with_slashes(text).removeprefix("/")
    return plain if plain.startswith(tuple(f"{kind}:" for kind in kinds)) else f"{kinds[0]}:{plain}"
