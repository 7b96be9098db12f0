"""Words of the name can stand in for the categories a catalogue does not have."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from indexer.release.shop import read_shop


def item_features(shop: Any, **training: Any) -> Any:
    shop = shop.with_training(**training)
    return read_shop(shop.database, "default", shop.params, datetime.now(UTC).timestamp()).sides.items


def test_words_of_the_name_are_features_only_where_it_is_configured(open_release_shop: Callable[..., Any]) -> None:
    shop = open_release_shop()
    plain, words = item_features(shop), item_features(shop, name_words=True)
    # brand, "Shop", "Shop/Taste n" and one tag; "Product 7" adds the word "product", shared by all
    assert plain[0].nnz == 4
    assert words[0].nnz == 5
    assert (words.sum(axis=0) > 0).sum() == (plain.sum(axis=0) > 0).sum() + 1


def test_features_are_hashed_into_as_many_columns_as_configured(open_release_shop: Callable[..., Any]) -> None:
    assert item_features(open_release_shop(), feature_columns=16).shape[1] == 16
