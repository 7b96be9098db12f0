"""The outcome as TOML, with where it comes from."""

from collections.abc import Mapping, Sequence


def toml_block(
    weights: Mapping[str, float], half_lives: Mapping[str, float], mmr_lambda: float, origin: Sequence[str]
) -> str:
    """An overlay for ``recommender.toml``.

    Examples
    --------
    >>> print(toml_block({"cf": 1.0}, {"cf": 3.0}, 0.9, ["tuned on a toy"]))
    # tuned on a toy
    [history.half_life_products]
    cf = 3.0
    <BLANKLINE>
    [surfaces.home]
    mmr_lambda = 0.9
    <BLANKLINE>
    [surfaces.home.weights]
    cf = 1.0
    <BLANKLINE>
    """
    lines = [f"# {line}" for line in origin]
    if half_lives:
        lines += ["[history.half_life_products]", *_keys(half_lives), ""]
    lines += ["[surfaces.home]", f"mmr_lambda = {mmr_lambda}", "", "[surfaces.home.weights]", *_keys(weights), ""]
    return "\n".join(lines)


def _keys(values: Mapping[str, float]) -> list[str]:
    return [f"{name} = {value}" for name, value in values.items()]
