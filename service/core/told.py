"""What the pages of a shop told of a visit, without it being an event that counts for anybody else."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody looked at, bought and browsed in one visit, each newest first and without repeats.

    Attributes
    ----------
    viewed, bought : external ids of products. categories : names or paths, as the shop calls them.

    Examples
    --------
    >>> bool(Told()), bool(Told(viewed=("mug-1",)))
    (False, True)
    """

    viewed: tuple[str, ...] = ()
    bought: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.viewed or self.bought or self.categories)

    def after(self, earlier: "Told", most: int) -> "Told":
        """This in front of what was told before; of each kind the newest `most` stay.

        Examples
        --------
        >>> Told(viewed=("c", "a")).after(Told(viewed=("a", "b", "d")), most=3).viewed
        ('c', 'a', 'b')
        """
        return Told(
            _first(self.viewed + earlier.viewed, most),
            _first(self.bought + earlier.bought, most),
            _first(self.categories + earlier.categories, most),
        )


def _first(values: tuple[str, ...], most: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))[:most]
