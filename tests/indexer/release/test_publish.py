"""From events to a live release on the real engine."""

from typing import Any


def test_training_makes_a_live_release(shop: Any) -> None:
    release = shop.release()
    assert (release.status, release.message) == ("live", None)
    assert release.manifest["counts"]["products"] == 60
    assert release.manifest["counts"]["users"] == 80
    assert release.manifest["cf_size"] == 9
    assert shop.store.count(f"behaviour__{release.id}") == 60
    assert shop.store.count(f"users__{release.id}") == 80
    assert release.metrics["signals"]["fused"]["ndcg_10"] > 2 * release.metrics["signals"]["popularity"]["ndcg_10"]
