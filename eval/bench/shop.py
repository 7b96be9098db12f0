"""The shop that speed is measured with: products, vectors and behaviour with structure, made in minutes from a seed.

::

    python -m eval.bench.shop --shop /tmp/speed50k --products 50000 --users 100000

Products are those of the demo catalogue. Their vectors are drawn instead of encoded: of a text the weighted mean of
vectors of its words, of a picture the mean of vectors of what it shows, each with noise, so that neighbours mean
something and take as long to find as those of a model. Queries are encoded by the real text model all the same. Users
each keep to a few kinds of products, popular ones first; a release is trained on what they did.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, cast

import numpy as np

from config.params import load_params
from config.settings import Settings
from eval.bench.served import run_command
from indexer.demo.catalogue import demo_products
from indexer.demo.look import DemoProduct
from indexer.picture_source import PictureSource
from indexer.sync import Outbox, index_stale
from service.core.types import EventType, Floats, Interaction
from service.encode.image import ImageEncoder
from service.encode.text import TextEncoder
from service.loading import load_encoders
from service.runtime import open_database_only, open_vectors_only
from service.signals import SIGNALS
from service.store.catalog import upsert_products
from service.store.database import Database
from service.store.events import record_events
from service.store.spaces import PRODUCTS, products_space
from service.words.plain import words_of

IMAGE_SIZE = 512
PER_USER = 10
_NOTE = "bench.json"
_BATCH = 5_000
_DAYS = 29  # older than 30 days is who was away
_KINDS = 3  # of products that a user keeps to
_SKEW = 3.0  # the larger, the fewer products most events are of
_SEARCHES = 5  # every so many events is a search
_DONE = (EventType.VIEW, EventType.CLICK, EventType.CART, EventType.PURCHASE)
_OWN = 0.35  # of a vector is a product's own, the rest it shares
_TRAINING = '[training]\nfactoriser = "svd"\ndimensions = 64\n'


@dataclass(frozen=True, slots=True)
class Made:
    """How a shop was made: sizes, and seconds of each step."""

    products: int
    users: int
    seed: int
    seconds: Mapping[str, float]


def make_speed_shop(folder: Path, products: int, users: int, seed: int = 7) -> Made:
    """Fill, index and train the shop in `folder`, unless it is there already.

    Raises
    ------
    RuntimeError : the folder holds another shop.
    """
    note = folder / _NOTE
    if note.is_file():
        made = Made(**json.loads(note.read_text()))
        if (made.products, made.users, made.seed) != (products, users, seed):
            raise RuntimeError(f"{folder} holds {made}; choose another --shop")
        return made
    folder.mkdir(parents=True, exist_ok=True)
    seconds: dict[str, float] = {}
    items = _timed(seconds, "draw", lambda: demo_products(seed, products))
    write_image_model(folder / "clip")
    settings = shop_settings(folder)
    with open_database_only(settings) as database:
        _timed(seconds, "products", lambda: _fill(database, items))
        _timed(seconds, "index", lambda: _index(settings, database, items))
        _timed(seconds, "events", lambda: _behave(database, items, users, seed))
    (folder / "train.toml").write_text(_TRAINING)
    environment = shop_environment(folder) | {"VITRINE_CONFIG_FILE": str(folder / "train.toml")}
    _timed(seconds, "train", lambda: run_command(folder, "train", environment=environment))
    made = Made(products, users, seed, seconds)
    note.write_text(json.dumps({"products": products, "users": users, "seed": seed, "seconds": seconds}))
    return made


def shop_settings(folder: Path) -> Settings:
    """The settings such a shop is opened with."""
    return Settings(data_dir=folder, image_model=str(folder / "clip"), encoder_threads=1, log_level="warning")


def shop_environment(folder: Path) -> dict[str, str]:
    """The same for a process of its own."""
    return {"VITRINE_IMAGE_MODEL": str(folder / "clip"), "VITRINE_ENCODER_THREADS": "1"}


def write_image_model(folder: Path) -> None:
    """A small CLIP of `IMAGE_SIZE` dimensions with random weights: no such model comes along, and none is needed."""
    from indexer.train_image.folder import write_config, write_model
    from service.encode.image import BUNDLED_FOLDER, CONFIG_FILE, open_clip_model
    from service.encode.image_words import WORDS_FILE

    config = json.loads((BUNDLED_FOLDER / CONFIG_FILE).read_text("utf-8"))
    config["model_cfg"]["embed_dim"] = IMAGE_SIZE
    write_config(config, tuple((BUNDLED_FOLDER / WORDS_FILE).read_text("utf-8").splitlines()), folder)
    write_model(open_clip_model(str(folder), trained=False), folder)


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """Stands in for an encoder: the vector of something is the mean of vectors of its parts, with noise."""

    name: str
    size: int

    def encode(self, texts: Sequence[str]) -> Floats:
        """Unit vectors of texts, float32[P, D], by their words: those of the name, which comes first, count more."""
        return np.stack([self._mean(words_of(text)[:24], text) for text in texts])

    def encode_images(self, looks: Sequence[Sequence[str]]) -> Floats:
        """Unit vectors of what pictures show, float32[P, D]."""
        return np.stack([self._mean(look[:-1], look[-1]) for look in looks])

    def _mean(self, parts: Sequence[str], own: str) -> Floats:
        falling = 1 / np.sqrt(1 + np.arange(len(parts), dtype=np.float32))
        shared = np.sum([w * _vector(part, self.size) for w, part in zip(falling, parts, strict=True)], axis=0)
        vector = (1 - _OWN) * shared / np.linalg.norm(shared) + _OWN * _drawn(own, self.size)
        return np.asarray(vector / np.linalg.norm(vector), np.float32)


def _drawn(part: str, size: int) -> Floats:
    seed = int.from_bytes(blake2b(part.encode(), digest_size=8).digest())
    vector = np.random.default_rng(seed).standard_normal(size, np.float32)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


_vector = lru_cache(maxsize=20_000)(_drawn)  # words come again and again


def _fill(database: Database, items: Sequence[DemoProduct]) -> None:
    for first in range(0, len(items), _BATCH):
        with database.session() as session:
            upsert_products(session, [item.product for item in items[first : first + _BATCH]])


def _index(settings: Settings, database: Database, items: Sequence[DemoProduct]) -> None:
    params = load_params(signals=frozenset(SIGNALS))
    real = load_encoders(settings, params)
    if real.image is None:
        raise RuntimeError("the shop has no image model")
    drawn = replace(
        real,  # named like the models, so that the service takes the vectors for theirs
        text=cast(TextEncoder, _Drawn(real.text.name, real.text.size)),
        image=cast(ImageEncoder, _Drawn(real.image.name, real.image.size)),
    )
    looks = {str(item.product.image): _look(item) for item in items}
    with open_vectors_only(settings) as store:
        store.create(products_space(real.text.size, real.image.size, _fields()))
        index_stale(Outbox(database, store, drawn, lambda: PictureSource(cast(Any, looks.__getitem__), 1, 5), 512))
        store.optimize(PRODUCTS)


def _fields() -> Any:
    from service.core.fields import with_attributes

    return with_attributes(load_params(signals=frozenset(SIGNALS)).catalogue.filterable_attributes)


def _look(item: DemoProduct) -> tuple[str, ...]:
    look = item.look
    return look.type, look.colour, look.pattern, look.material, look.shade, item.product.external_id


def _behave(database: Database, items: Sequence[DemoProduct], users: int, seed: int) -> None:
    """What users did: of a few kinds of products each, the n-th of a kind the seldomer the larger n."""
    draw = np.random.default_rng(seed)
    kinds: dict[str, list[int]] = {}
    for place in np.argsort([-item.appeal for item in items], kind="stable").tolist():
        kinds.setdefault(f"{items[place].look.type}/{items[place].look.colour}", []).append(place)
    names, now = list(kinds), datetime.now(UTC)
    rows: list[Interaction] = []
    for user in range(users):
        own = draw.integers(len(names), size=_KINDS).tolist()
        at = now - timedelta(days=float(draw.random()) * _DAYS, hours=12)
        for number in range(PER_USER):
            at += timedelta(minutes=float(draw.random()) * 30)
            of_kind = kinds[names[own[int(draw.integers(_KINDS))]]]
            item = items[of_kind[int(len(of_kind) * draw.random() ** _SKEW)]]
            rows.append(_event(number, at, f"u{user}", item))
        if len(rows) >= _BATCH or user == users - 1:
            with database.session() as session:
                record_events(session, rows, unknown_products="refuse", now=now)
            rows = []


def _event(number: int, at: datetime, user: str, item: DemoProduct) -> Interaction:
    if number % _SEARCHES == _SEARCHES - 1:
        return Interaction(EventType.SEARCH, at, user=user, query=f"{item.look.colour} {item.look.type}")
    kind = _DONE[number % len(_DONE)]
    return Interaction(kind, at, user=user, product=item.product.external_id)


def _timed(seconds: dict[str, float], name: str, work: Any) -> Any:
    start = time.monotonic()
    done = work()
    seconds[name] = round(time.monotonic() - start, 1)
    return done


def main(argv: Sequence[str] | None = None) -> None:
    """Make a shop and say how long each step took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shop", type=Path, required=True, help="folder of the shop; made if it is missing")
    parser.add_argument("--products", type=int, default=50_000)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args(argv)
    made = make_speed_shop(given.shop, given.products, given.users, given.seed)
    told = {"products": made.products, "users": made.users, "seed": made.seed, "seconds": made.seconds}
    sys.stdout.write(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    main()
