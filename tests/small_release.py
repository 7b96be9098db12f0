"""A release trained in a moment, for tests of what a trained shop answers."""

from config.params import load_params
from indexer.release.build import build_release
from indexer.release.publish import Publisher, publish_release
from service.runtime import Runtime


def publish(runtime: Runtime) -> None:
    """Train a small release of what people did in a shop, and let it go live."""
    params = load_params()
    training = params.training.model_copy(
        update={
            "dimensions": 4,
            "lightfm": params.training.lightfm.model_copy(update={"epochs": 2}),
            "checks": params.training.checks.model_copy(update={"sample": 5, "held_out_share": 0.0}),
        }
    )
    folder = runtime.settings.releases_dir
    made = build_release(runtime.database, params.model_copy(update={"training": training}), folder)
    publisher = Publisher(runtime.database, runtime.store, folder, runtime.fields, training.checks)
    published = publish_release(publisher, made)
    assert published.status == "live", published.message
