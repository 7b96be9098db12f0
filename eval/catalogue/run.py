"""The examination: everything that can be said of a catalogue, in one result."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from eval.catalogue.duplicates import Groups, linked, same_words
from eval.catalogue.missing import missing
from eval.catalogue.neighbours import near_pairs
from eval.catalogue.pictures import count_kinds, fetch_all, kind_of, missing_files
from eval.catalogue.reach import Reach, reach
from eval.catalogue.shop import Seen, Shop, all_products, some_users
from eval.catalogue.surfaces import home_lists, popular_lists, similar_lists
from eval.catalogue.texts import truncated
from service.core.errors import InvalidQuery
from service.core.types import DEFAULT_TENANT, Ids, Product
from service.encode.pictures import PictureLimits, load_picture
from service.store.payload import is_in_stock
from service.store.spaces import PRODUCTS

Bar = Callable[[str, int, str], AbstractContextManager[Callable[[float], None]]]

_EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Options:
    """What to look at, and how closely.

    Attributes
    ----------
    k : slots per list. sample : products whose neighbours and similar products are asked for, at most.
    users : whose home feeds are asked for, at most. text_cosine, image_cosine : from which on two are nearly the same.
    fetch : pictures asked for over http, at most; 0 = none. seed : of every draw.
    """

    k: int = 20
    sample: int = 20_000
    users: int = 500
    text_cosine: float = 0.97
    image_cosine: float = 0.99
    fetch: int = 0
    seed: int = 0


def examine(shop: Shop, options: Options, bar: Bar) -> dict[str, Any]:
    """Look at a shop's catalogue.

    Returns
    -------
    dict : ``products, missing, duplicates, near_duplicates, texts, pictures, reachability, sampling, seconds``; plain
        values only, products named by the merchant's ids.

    Raises
    ------
    NotFound : the catalogue is empty. InvalidQuery : k is more than a surface shows.
    """
    start = time.perf_counter()
    seen = all_products(shop.services.database)
    products = {key: entry.product for key, entry in seen.items()}
    indexed = [key for key, entry in seen.items() if entry.is_indexed]
    asked = _draw(indexed, options.sample, options.seed)
    limit = shop.services.params.encoders.max_text_chars
    with bar("Reading texts", len(products), "texts") as advance:
        texts = truncated(list(products.values()), shop.text, limit, on_progress=advance)
    result = {
        "products": _counts(seen),
        "missing": [asdict(entry) for entry in missing(list(products.values()))],
        "duplicates": _groups(same_words(products), products),
        "near_duplicates": {slot: _near(shop, slot, asked, products, options, bar) for slot in ("text", "image")},
        "texts": asdict(texts),
        "pictures": _pictures(shop, products, options, bar),
        "reachability": _reachability(shop, seen, asked, options, bar),
        "sampling": {"indexed": len(indexed), "asked": len(asked), "seed": options.seed},
    }
    return result | {"seconds": round(time.perf_counter() - start, 1)}


def _draw(keys: Sequence[int], count: int, seed: int) -> list[int]:
    if len(keys) <= count:
        return list(keys)
    return sorted(np.random.default_rng(seed).choice(np.array(keys), count, replace=False).tolist())


def _counts(seen: Mapping[int, Seen]) -> dict[str, int]:
    entries = seen.values()
    return {
        "total": len(seen),
        "hidden": sum(not entry.product.visible for entry in entries),
        "sold_out": sum(not is_in_stock(entry.product.stock) for entry in entries),
        "waiting_for_the_index": sum(entry.is_waiting for entry in entries),
    }


def _groups(groups: Groups, products: Mapping[int, Product]) -> dict[str, Any]:
    return {
        "groups": len(groups),
        "products": sum(map(len, groups)),
        "surplus": sum(len(group) - 1 for group in groups),
        "largest": [
            {"name": products[group[0]].name, "size": len(group), "ids": _names(group, products)}
            for group in groups[:_EXAMPLES]
        ],
    }


def _names(keys: Sequence[int], products: Mapping[int, Product]) -> list[str]:
    return [products[key].external_id for key in keys[:_EXAMPLES]]


def _near(
    shop: Shop, slot: str, asked: Sequence[int], products: Mapping[int, Product], options: Options, bar: Bar
) -> dict[str, Any] | None:
    """Groups of products with nearly the same vectors; None where no product has such a vector."""
    services = shop.services
    cosine = options.text_cosine if slot == "text" else options.image_cosine
    if not _has_slot(shop, slot, asked):
        return None
    find = partial(near_pairs, services.store, slot, tenant=DEFAULT_TENANT, cosine=cosine)
    with bar(f"Looking for products alike by {slot}", len(asked), "products") as advance:
        looked_at, pairs = find(asked, ef=services.params.retrieval.ef, on_progress=advance)
    if not looked_at:
        return None
    known = np.array(sorted(products), np.int64)
    pairs = pairs[np.isin(pairs, known).all(1)]
    return {"cosine": cosine, "looked_at": looked_at, "pairs": len(pairs), **_groups(linked(pairs), products)}


def _has_slot(shop: Shop, slot: str, keys: Sequence[int]) -> bool:
    try:
        shop.services.store.retrieve(PRODUCTS, keys[:1], vectors=(slot,))
    except InvalidQuery:  # indexed without a picture model, so the collection has no such slot
        return False
    return True


def _pictures(shop: Shop, products: Mapping[int, Product], options: Options, bar: Bar) -> dict[str, Any]:
    sources = [product.image for product in products.values()]
    files = missing_files(sources)
    urls = sorted({source for source in sources if source and kind_of(source) == "url"})
    result: dict[str, Any] = {
        "kinds": count_kinds(sources),
        "missing_files": {"pictures": len(files), "examples": dict(list(files.items())[:_EXAMPLES])},
        "urls": None,
    }
    if not options.fetch or not urls:
        return result
    indexing = shop.services.params.indexing
    limits = PictureLimits(max_bytes=indexing.picture_max_mb * 2**20, deadline_s=indexing.picture_timeout_s)
    load = partial(load_picture, limits=limits, allow_private=shop.settings.image_private_hosts)
    drawn = np.random.default_rng(options.seed).permutation(len(urls))[: options.fetch]
    with bar("Asking for pictures", len(drawn), "pictures") as advance:
        fetched = fetch_all(
            [urls[place] for place in drawn], load,
            workers=indexing.picture_workers, host_failures=indexing.host_failures, on_progress=advance,
        )  # fmt: skip
    return result | {
        "urls": {
            "all": len(urls),
            "asked": fetched.asked,
            "dead": len(fetched.dead),
            "unanswered": fetched.unanswered,
            "silent_hosts": list(fetched.hosts[:_EXAMPLES]),
            "examples": dict(list(fetched.dead.items())[:_EXAMPLES]),
        }
    }


def _reachability(
    shop: Shop, seen: Mapping[int, Seen], asked: Sequence[int], options: Options, bar: Bar
) -> dict[str, Any]:
    """How many of the products that may be shown are shown: beside other products, to users, or to anybody."""
    services, tenant = shop.services, DEFAULT_TENANT
    shown = [key for key, e in seen.items() if e.is_indexed and e.product.visible and is_in_stock(e.product.stock)]
    places = {key: place for place, key in enumerate(shown)}
    products = {place: seen[key].product for key, place in places.items()}
    anchors = [seen[key].product.external_id for key in asked if seen[key].product.visible]
    lists: dict[str, Ids] = {}
    with bar("Asking for similar products", len(anchors), "products") as advance:
        lists["similar"] = similar_lists(services, tenant, anchors, places, options.k, advance)
    known, users = some_users(services.database, tenant, options.users, options.seed)
    if users:
        with bar("Asking for home feeds", len(users), "users") as advance:
            lists["home"] = home_lists(services, tenant, users, places, options.k, advance)
    popular = services.popular(tenant)
    if popular is not None:
        lists["popular"] = popular_lists(popular, places, options.k)
    release = services.release()
    everywhere = reach(np.concatenate(list(lists.values())), len(shown))
    return {
        "k": options.k,
        "may_be_shown": len(shown),
        "release": release.id if release else None,
        "users": {"seen": known, "asked": len(users)},
        "surfaces": {name: _reach(reach(found, len(shown)), products) for name, found in lists.items()},
        "any": _reach(everywhere, products),
    }


def _reach(found: Reach, products: Mapping[int, Product]) -> dict[str, Any]:
    return {
        "lists": found.lists,
        "reachable": found.reachable,
        "share": found.share,
        "orphans": len(found.orphans),
        "gini": found.gini,
        "hub_share": found.hub_share,
        "hubs": [{"id": products[p].external_id, "name": products[p].name, "lists": n} for p, n in found.hubs],
        "orphan_examples": [
            {"id": products[place].external_id, "name": products[place].name} for place in found.orphans[:_EXAMPLES]
        ],
    }
