"""How posts are named: `post:U001/…` is one of `unit:U001`."""


def posts_within(unit: str | None) -> dict[str, str | None]:
    """Return between which texts the names of a unit's posts lie: `post:U001/…`. None: nowhere."""
    if unit is None:
        return {"posts_from": None, "posts_until": None}
    prefix = f"post:{unit.removeprefix('unit:')}"
    return {"posts_from": f"{prefix}/", "posts_until": f"{prefix}0"}  # `0` is what follows `/`


def unit_of_post(reference: str) -> str:
    """Return whose post a reference names: `unit:U001` of `post:U001/…`. Any other is itself."""
    return f"unit:{reference[5:].partition('/')[0]}" if reference.startswith("post:") else reference
