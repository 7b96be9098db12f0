"""A small world whose truth is known: demo shoppers with their tastes, shown pools of demo products by chance."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from config.params import load_params
from config.surface import Surface
from eval.offpolicy.estimate import Sample
from eval.offpolicy.logged import LoggedSlate
from eval.offpolicy.reward_model import fit, judge
from eval.offpolicy.slots import slot_probabilities
from indexer.demo.catalogue import demo_products
from indexer.demo.shoppers import demo_shoppers
from indexer.demo.taste import utilities
from service.core.draw import Draw
from service.core.types import RankedItem
from service.ranking.sample import plackett_luce

CONTEXTS, POOL, SLOTS = 60, 12, 4
SIGNALS = ("cf", "text")
LOOKED = 0.5 / np.arange(1, SLOTS + 1) ** 0.7  # how often a slot is looked at


@dataclass(frozen=True)
class World:
    """Contexts (a shopper before a pool): what signals say float64[X, C, S] and true clicks float64[X, N, C]."""

    said: np.ndarray
    clicks: np.ndarray
    products: np.ndarray
    logging: Surface
    candidate: Surface

    def logits(self, surface: Surface) -> np.ndarray:
        return self.said @ [surface.weights[name] for name in SIGNALS] / surface.temperature

    def shares(self, surface: Surface) -> np.ndarray:
        """The true probability of every product in every slot, float64[X, N, C]."""
        return slot_probabilities(self.logits(surface), SLOTS)

    def value(self, surface: Surface) -> float:
        """Clicks per slate, over all contexts."""
        return float((self.shares(surface) * self.clicks).sum((1, 2)).mean())

    def draw(self, context: int, seed: int) -> LoggedSlate:
        """One slate as the service makes it."""
        weights = self.logging.weights
        scores = self.said[context] @ [weights[name] for name in SIGNALS]
        order = np.argsort(-scores)
        places, propensities = plackett_luce(scores[order], SLOTS, self.logging.temperature, seed)
        products = self.products[context][order]
        shares = {
            name: tuple((weights[name] * self.said[context, order, s]).tolist()) for s, name in enumerate(SIGNALS)
        }
        items = tuple(
            RankedItem(int(products[place]), slot, float(scores[order][place]), {}, float(p), "cf", "personal")
            for slot, (place, p) in enumerate(zip(places, propensities, strict=True), 1)
        )
        return LoggedSlate(seed, Draw(tuple(products.tolist()), shares, self.logging.model_dump()), items)


@pytest.fixture(scope="session")
def world() -> World:
    """Signals see the taste through noise: cf through little, text through much."""
    random = np.random.default_rng(5)
    products, shoppers = demo_products(count=200), demo_shoppers(count=CONTEXTS)
    liking = utilities(shoppers, products).astype(float)
    liking = (liking - liking.mean(1, keepdims=True)) / liking.std(1, keepdims=True)
    pools = np.stack([random.choice(200, POOL, replace=False) for _ in range(CONTEXTS)])
    liked = np.take_along_axis(liking, pools, 1)
    said = np.stack([liked + 0.3 * random.normal(size=liked.shape), 0.3 * liked + random.normal(size=liked.shape)], 2)
    clicks = LOOKED[:, None] / (1 + np.exp(1 - 1.5 * liked))[:, None, :]
    home = load_params().surfaces["home"]
    silent = dict.fromkeys(home.weights, 0.0)
    alike = {"n": SLOTS, "mmr_lambda": 1.0, "preference": 0.0}
    logging = home.changed(alike | {"temperature": 0.5, "weights": silent | {"cf": 0.3, "text": 0.5}})
    candidate = home.changed(alike | {"temperature": 0.4, "weights": silent | {"cf": 0.5, "text": 0.2}})
    return World(said, clicks, pools + 1, logging, candidate)


@pytest.fixture(scope="session")
def drawn(world: World) -> Callable[[int, int], Sample]:
    """(visitors, seed) -> a sample of that world: visitors come one to three times, all to contexts of their own."""
    before, after, logits = world.shares(world.logging), world.shares(world.candidate), world.logits(world.logging)

    def draw(visitors: int, seed: int) -> Sample:
        random = np.random.default_rng(seed)
        visitor = np.repeat(np.arange(visitors), random.integers(1, 4, visitors))
        context = random.integers(0, CONTEXTS, len(visitor))
        shown = np.argsort(-(logits[context] + random.gumbel(size=(len(visitor), POOL))), axis=1)[:, :SLOTS]
        where = (context[:, None], np.arange(SLOTS), shown)
        reward = (random.random(shown.shape) < world.clicks[where]).astype(float)
        filled = np.ones(shown.shape, bool)
        model = fit(world.said[context[:, None], shown], reward, filled, visitor)
        looked, worth = model.looked[model.fold], judge(model, world.said[context], np.arange(len(visitor)))
        direct = np.einsum("bnc,bn,bc->b", after[context], looked, worth)
        guess = looked * np.take_along_axis(worth, shown, 1)
        return Sample(visitor, reward, filled, before[where], after[where], guess, direct)

    return draw
