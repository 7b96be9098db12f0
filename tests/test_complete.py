"""Complete scores: every signal scores every candidate, as a computation over the whole shop would."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from service.complete import completed
from service.context import Request, Services
from service.core.errors import DependencyUnavailable
from service.core.filters import Filter, Match
from service.core.types import Ids, Slate, SparseVector, Vector
from service.core.understood import TRAIT_KINDS
from service.listed import search_listed
from service.pipeline import recommend
from service.ranking.normalize import minmax
from service.retrieve import Questions, Retrieved, retrieve
from service.runtime import Runtime
from service.signals import SIGNALS
from service.store.edge import EdgeStore
from service.store.spaces import PRODUCTS, SPARSE_SLOTS, behaviour_space, products_space
from service.store.vectors import Hits, Point, VectorStore

COUNT, WORDS, LIMIT, EF = 300, 40, 8, 64
BEHAVIOUR = "behaviour__r1"
LIGHT = "light up a red room"
DENSE = ("text", "image", "cf")
TO_BE_SHOWN = Filter(must=(Match("visible", (True,)),))


def sparse(random: np.random.Generator, entries: int) -> SparseVector:
    indices = np.sort(random.choice(WORDS, entries, replace=False)).astype(np.uint32)
    return SparseVector(indices, random.uniform(0.1, 2.0, entries).astype(np.float32))


def dense(random: np.random.Generator) -> np.ndarray:
    return random.normal(size=8).astype(np.float32)


@pytest.fixture(scope="module")
def points() -> dict[str, list[Point]]:
    """Products by collection: every tenth is hidden, every fifth has no picture, every third goes with nothing."""
    random = np.random.default_rng(5)
    goods, trained = [], []
    for number in range(1, COUNT + 1):
        own: dict[str, Any] = {"text": dense(random), "lexical": sparse(random, 4)}
        own |= {"image": dense(random)} if number % 5 else {}
        learned: dict[str, Any] = {"cf": dense(random)}
        learned |= {slot: sparse(random, 3) for slot in ("covisit", "sequence", "association") if number % 3}
        payload = {"visible": number % 10 != 0}
        goods.append(Point(number, own, payload))
        trained.append(Point(number, learned, payload))
    return {PRODUCTS: goods, BEHAVIOUR: trained}


@pytest.fixture(scope="module")
def store(points: dict[str, list[Point]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[VectorStore]:
    store = EdgeStore(tmp_path_factory.mktemp("vectors"))
    for space in (products_space(8, 8, {}), behaviour_space("r1", 8, {})):
        store.create(space)
        store.upsert(space.name, points[space.name])
    yield store
    store.close()


def questions() -> Questions:
    """Something for every signal there is."""
    random = np.random.default_rng(9)
    asked: dict[str, tuple[str, Vector]] = {}
    ready = {}
    for name, signal in SIGNALS.items():
        collection = PRODUCTS if signal.space == "products" else BEHAVIOUR
        if signal.slot in SPARSE_SLOTS:
            asked[name] = (collection, sparse(random, 5))
        elif signal.slot in DENSE:
            asked[name] = (collection, dense(random))
        else:
            ids = random.choice(np.arange(1, COUNT + 1), 60, replace=False)
            ready[name] = Hits(ids, np.sort(random.uniform(1, 9, 60).astype(np.float32))[::-1])
    return Questions(asked, ready, {})


def by_hand(points: Mapping[str, list[Point]], asked: Questions, name: str) -> dict[int, float]:
    """The score of every product of the shop that can be shown."""
    if name in asked.ready:
        ready = asked.ready[name]
        known = dict(zip(ready.ids.tolist(), ready.scores.tolist(), strict=True))
        return {point.id: known.get(point.id, 0.0) for point in points[PRODUCTS]}
    collection, query = asked.vectors[name]
    slot, shown = SIGNALS[name].slot, [point for point in points[collection] if point.payload["visible"]]
    if isinstance(query, SparseVector):
        weights = dict(zip(query.indices.tolist(), query.values.tolist(), strict=True))
        if slot == "lexical":
            weights = {word: weight * idf(points[collection], word) for word, weight in weights.items()}
        return {
            point.id: sum(
                weights.get(word, 0.0) * value
                for word, value in zip(point.vectors[slot].indices.tolist(), point.vectors[slot].values, strict=True)
            ) if slot in point.vectors else 0.0
            for point in points[collection]
        }  # fmt: skip
    lengths = (lambda v: 1.0) if slot == "cf" else np.linalg.norm
    return {
        point.id: float(query @ point.vectors[slot] / (lengths(query) * lengths(point.vectors[slot])))
        for point in shown
        if slot in point.vectors
    }


def idf(points: list[Point], word: int) -> float:
    having = sum(word in point.vectors["lexical"].indices for point in points)
    return float(np.log((len(points) - having + 0.5) / (having + 0.5) + 1))


@pytest.fixture(scope="module")
def lists(store: VectorStore) -> tuple[Retrieved, Retrieved]:
    """What every signal proposes, and the same complete."""
    asked = questions()
    proposed = retrieve(store, asked, LIMIT, TO_BE_SHOWN, EF)
    return proposed, completed(store, asked, proposed, TO_BE_SHOWN)


@pytest.mark.parametrize("name", SIGNALS)
def test_every_candidate_has_the_score_that_a_look_at_the_whole_shop_gives(
    lists: tuple[Retrieved, Retrieved], points: dict[str, list[Point]], name: str
) -> None:
    proposed, complete = lists
    union = set(np.concatenate([hits.ids for hits in proposed.lists.values()]).tolist())
    union &= {point.id for point in points[PRODUCTS] if point.payload["visible"]}
    assert 60 < len(union) < COUNT, "there is something to complete, and something is left out"
    expected = {product: score for product, score in by_hand(points, questions(), name).items() if product in union}
    found = dict(zip(complete.lists[name].ids.tolist(), complete.lists[name].scores.tolist(), strict=True))
    if SIGNALS[name].slot not in DENSE:
        assert found.keys() == union
    assert found == pytest.approx(expected, abs=1e-5)
    assert all(one >= other for one, other in pairwise(complete.lists[name].scores.tolist())), "best first"
    own = [product for product in proposed.lists[name].ids.tolist() if product in union]
    assert complete.lists[name].ids[: len(own)].tolist() == own, "its own proposals come first"


def test_a_signal_that_finds_nothing_says_nothing_of_any(store: VectorStore) -> None:
    strange = SparseVector(np.array([WORDS + 7], np.uint32), np.ones(1, np.float32))
    asked = questions()
    asked = replace(asked, vectors={"text": asked.vectors["text"], "lexical": (PRODUCTS, strange)}, ready={})
    complete = completed(store, asked, retrieve(store, asked, LIMIT, None, EF), None)
    assert {name: len(hits.ids) for name, hits in complete.lists.items()} == {"text": LIMIT, "lexical": 0}


def test_what_fails_while_scores_are_completed_is_named_and_keeps_what_it_proposed(store: VectorStore) -> None:
    asked = questions()
    proposed = retrieve(store, asked, LIMIT, None, EF)
    gone = replace(asked, vectors={**asked.vectors, "cf": ("behaviour__gone", asked.vectors["cf"][1])})
    complete = completed(store, gone, proposed, None)
    assert set(complete.degraded) == {"cf"}
    assert complete.lists["cf"] is proposed.lists["cf"]
    assert len(complete.lists["covisit"].ids) > len(proposed.lists["covisit"].ids)


class Down:
    """An engine that does not answer."""

    def search(self, *_: object, **__: object) -> list[Hits]:
        raise DependencyUnavailable("no answer")

    scroll = search


def test_ready_lists_answer_where_the_engine_does_not(store: VectorStore) -> None:
    asked = questions()
    down: Any = Down()
    proposed = retrieve(down, asked, LIMIT, TO_BE_SHOWN, EF)
    complete = completed(down, asked, proposed, TO_BE_SHOWN)
    assert complete.lists.keys() == asked.ready.keys()
    assert complete.degraded.keys() == asked.vectors.keys()
    union = set(np.concatenate([hits.ids for hits in proposed.lists.values()]).tolist())
    assert all(set(hits.ids.tolist()) == union for hits in complete.lists.values())


def changed(runtime: Runtime, **changes: object) -> Services:
    """The shop with a search of few candidates, by words and meaning alike."""
    search = {"candidates": 3, "n": 3, "affinity": 0.0, "popularity": 0.0, "weights": {"lexical": 1.0, "text": 1.0}}
    params = runtime.params
    surfaces = {**params.surfaces, "search": params.surfaces["search"].changed({**search, **changes})}
    off = params.search.model_copy(update={"words_held": 0.0})
    return replace(runtime.services, params=params.model_copy(update={"surfaces": surfaces, "search": off}))


def ask(services: Services, text: str, **wanted: Any) -> Slate:
    ignored = frozenset(TRAIT_KINDS)
    return recommend(services, Request("search", "complete-1", "default", text, ignore=ignored, **wanted))


def test_a_slate_adds_up_to_what_every_signal_says_of_every_product(runtime: Runtime) -> None:
    slate = ask(changed(runtime, complete=True), LIGHT, explain=True)
    of = {said.of for evidence in slate.evidence.values() for said in evidence.said.values()}
    assert of == {slate.trace.retrieved["text"]} == {slate.trace.retrieved["lexical"]}
    for item in slate.items:
        said = slate.evidence[item.product_id].said
        assert set(said) == {"text", "lexical"}
        assert sum(item.contributions.values()) == pytest.approx(item.score, abs=1e-9)
        for name, one in said.items():
            assert one.contribution == pytest.approx(item.contributions.get(name, 0.0))
    candidates: Ids = np.array(sorted({*(item.product_id for item in slate.items), *slate.trace.outranked}))
    vectors, _ = runtime.services.vectors.vectors(PRODUCTS, "text", candidates)
    meaning = minmax((vectors @ runtime.encoders.text.encode_query(LIGHT)).astype(np.float64))
    expected = dict(zip(candidates.tolist(), meaning.tolist(), strict=True))
    for item in slate.items:
        assert item.contributions.get("text", 0.0) == pytest.approx(expected[item.product_id], abs=1e-5)


def test_a_list_scores_what_it_shows_as_a_slate_does(runtime: Runtime) -> None:
    services = changed(runtime, complete=True)
    request = Request("search", "complete-2", "default", LIGHT, ignore=frozenset(TRAIT_KINDS), explain=True)
    listed, slate = search_listed(services, request, after=None).slate, recommend(services, request)
    assert len(listed.items) == 3
    found = {item.product_id: dict(item.contributions) for item in slate.items}
    assert {item.product_id: dict(item.contributions) for item in listed.items} == found
    assert {len(evidence.said) for evidence in listed.evidence.values()} == {2}


def test_it_is_off_unless_a_surface_asks_for_it(runtime: Runtime) -> None:
    off, on = (ask(changed(runtime, complete=on), LIGHT).trace.retrieved for on in (False, True))
    assert set(off.values()) == {3}
    assert min(on.values()) == max(on.values()) > 3
    assert not any(surface.complete for surface in runtime.params.surfaces.values())
