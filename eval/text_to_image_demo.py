"""The bundled CLIP on drawings whose combination of attributes it never saw."""

from typing import Any

import numpy as np

from eval.text_to_image import Encoder, figures, gallery_vectors, recall_at_k, same
from indexer.demo.catalogue import demo_products
from indexer.demo.look import DemoProduct
from indexer.demo.words import words
from indexer.train_image.bundled import held_out_combinations


def measure_bundled(encoder: Encoder | None = None, *, seed: int = 7, count: int = 2000) -> dict[str, Any]:
    """recall@10 of attribute queries over the whole demo catalogue.

    A query names pattern, colour and type: "striped green tote bag". Relevant are all products with the three
    attributes. The gallery is a demo shop of another seed than the training drawings.

    Parameters
    ----------
    encoder : the bundled model unless given.

    Returns
    -------
    For ``held_out`` (combinations in no training picture or caption), ``seen`` and ``colour_and_type`` (two words,
    any pattern): recall@10, chance, number of queries and pictures; ``size`` and ``model`` where the encoder says so.
    """
    encoder = encoder or _bundled()
    shop = demo_products(seed, count)
    vectors = gallery_vectors(encoder, map(_picture, shop))
    looks = [item.look.combination for item in shop]
    held_out = sorted(set(looks) & held_out_combinations())
    seen = sorted(set(looks) - held_out_combinations())
    pairs = sorted({look[:2] for look in looks})
    asked: dict[str, tuple[list[Any], list[Any], list[str]]] = {
        "held_out": (held_out, looks, [attribute_query(*look) for look in held_out]),
        "seen": (seen, looks, [attribute_query(*look) for look in seen]),
        "colour_and_type": (pairs, [look[:2] for look in looks], [attribute_query(*pair) for pair in pairs]),
    }
    return {"model": getattr(encoder, "name", "")} | {
        name: _measure(encoder, vectors, wanted, shown, queries) for name, (wanted, shown, queries) in asked.items()
    }


def attribute_query(kind: str, colour: str, pattern: str | None = None) -> str:
    """The attributes as a shopper types them; a plain surface is called by its first adjective too.

    Examples
    --------
    >>> attribute_query("tote", "green", "striped")
    'striped green tote bag'
    """
    adjective = words().patterns[pattern].adjectives[0] if pattern else ""
    return f"{adjective} {colour} {words().types[kind].name}".strip()


def _measure(
    encoder: Encoder, vectors: Any, wanted: list[Any], shown: list[Any], queries: list[str]
) -> dict[str, float]:
    relevant = same(wanted, shown)
    scores = np.asarray(encoder.encode_texts(queries)) @ vectors.T
    return figures(recall_at_k(scores, relevant), relevant)


def _picture(item: DemoProduct) -> Any:
    from indexer.demo.pictures import draw_product

    return draw_product(item)


def _bundled() -> Encoder:
    from service.encode.image import load_image_encoder

    return load_image_encoder("bundled")
