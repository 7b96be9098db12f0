"""What the pipeline is asked and what it works with."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from config.params import Params
from service.core.filters import Filter
from service.core.near import NOWHERE, Near
from service.core.popular import Popular
from service.core.rules import Rule
from service.core.told import Told
from service.core.types import Floats, Ids, Picture, Slate
from service.core.understood import TraitKind
from service.served_release import ServedRelease
from service.signals import Encoders
from service.store.database import Database
from service.store.vector_cache import VectorCache
from service.store.vectors import VectorStore
from service.words.understand import Words


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks of a surface; overrides that are None leave the configuration in force.

    Parameters
    ----------
    product : external id of the anchor. text : query words. user, session : external ids of who asks.
    n : slots wanted. exclude : external ids never to be shown.
    variants : experiment -> variant that a tester wants to see.
    boosts : conditions, and what is added to the fused score of products that meet them.
    shelf : the row of a page that this is for. taken : internal ids that the page shows already.
    explain : gather the evidence for every product shown. correct : False leaves misspelt words of `text` as they are.
    may_relax : where nothing matches `text`, answer with less than was asked for, and say so.
    terms : texts with weights, below 0 for what is not wanted; `text` is all that is wanted.
    picture : what products should look like. ignore : kinds of traits that words of `text` are not to be read as.
    mode : in which way products are to be similar. near : what they are to have in common with the anchor, beside
        what the mode asks. all_variants : also those that another variant of the same product stands for.
    affinity : weight of the past of who asks, in place of the surface's own.
    told : what is told of who asks, beside what is stored.
    """

    surface: str
    request_id: str
    tenant: str
    text: str | None = None
    product: str | None = None
    user: str | None = None
    session: str | None = None
    n: int | None = None
    filter: Filter | None = None
    exclude: tuple[str, ...] = ()
    weights: Mapping[str, float] | None = None
    mmr_lambda: float | None = None
    variants: Mapping[str, str] | None = None
    boosts: tuple[tuple[Filter, float], ...] = ()
    shelf: str | None = None
    taken: frozenset[int] = frozenset()
    explain: bool = False
    correct: bool = True
    may_relax: bool = False
    terms: tuple[tuple[str, float], ...] = ()
    picture: Picture | None = None
    ignore: frozenset[TraitKind] = frozenset()
    mode: str | None = None
    near: Near = NOWHERE
    all_variants: bool = False
    affinity: float | None = None
    told: Told = field(default_factory=Told)

    @property
    def has_question(self) -> bool:
        """Whether it says what products should be like, by words, a picture or a product."""
        return self.text is not None or self.goes_with_something

    @property
    def goes_with_something(self) -> bool:
        """Whether a picture or a product says what is looked for; words then say how it is to differ."""
        return self.picture is not None or self.product is not None

    @property
    def visitor(self) -> str | None:
        """Who takes part in experiments: the user, or else the session."""
        who = f"user:{self.user}" if self.user else f"session:{self.session}" if self.session else None
        return who and f"{self.tenant}/{who}"


def _none() -> None:
    return None


def _no_release(_: str) -> None:
    return None


def _no_popular(_: str) -> None:
    return None


def _no_rules(_: str) -> tuple[Rule, ...]:
    return ()


def _no_words(_: str) -> None:
    return None


def _none_chosen(_: str, __: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Services:
    """What the pipeline works with; built once by `service.runtime`.

    Attributes
    ----------
    vectors : dense vectors of `store`, kept in memory.
    release : the release in force; a request takes it once and finishes on it. popular : a tenant's popular lists.
    rules : a tenant's business rules, disabled ones too, the one first that has its way. words : what a tenant's
        queries are read with.
    cross : of a query and the texts of products, how well each answers it; None where no model is set for that.
    chosen : of a tenant and the words of a query, what others took after the same ones: ids and scores, best first.
    release_of : a release by its id, live or not; None if it cannot be used.
    record : step 8. now : seconds since 1970, UTC.
    """

    database: Database
    store: VectorStore
    vectors: VectorCache
    encoders: Encoders
    params: Params
    record: Callable[[Request, Slate], None]
    release: Callable[[], ServedRelease | None] = _none
    popular: Callable[[str], Popular | None] = _no_popular
    rules: Callable[[str], tuple[Rule, ...]] = _no_rules
    now: Callable[[], float] = time.time
    words: Callable[[str], Words | None] = _no_words
    release_of: Callable[[str], ServedRelease | None] = _no_release
    chosen: Callable[[str, str], tuple[Ids, Floats] | None] = _none_chosen
    cross: Callable[[str, Sequence[str]], Floats] | None = None
