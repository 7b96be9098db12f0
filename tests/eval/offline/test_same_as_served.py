"""What is measured is what is served."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from starlette.testclient import TestClient

from config.settings import Settings
from eval.offline.asked import ask_whom
from eval.offline.pipeline import home_lists
from eval.offline.shop import trained_shop
from eval.offline.split import leave_last_out
from service.app import create_app
from service.core.types import EventType, Interaction, Product

START = datetime(2025, 1, 1, tzinfo=UTC)


def test_the_evaluation_and_the_api_give_a_user_the_same_slate(
    tmp_path: Path, settings_for: Callable[[Path], Settings]
) -> None:
    overlay = tmp_path / "small.toml"
    overlay.write_text(
        "[history]\nidle_days = 36500\n[training]\ndimensions = 4\n[training.events]\nhalf_life_days = 1e9\n"
        "[training.lightfm]\nepochs = 3\n"
    )
    settings = settings_for(tmp_path / "shop").model_copy(update={"config_file": overlay})
    products = [Product(f"P{number}", f"Thing number {number}") for number in range(16)]
    events = [
        Interaction(
            EventType.PURCHASE, START + timedelta(hours=step), user=f"u{user}", product=f"P{(user + step) % 16}"
        )
        for user in range(20)
        for step in range(5)
    ]
    split = leave_last_out(events)
    users = sorted(split.relevant)[:5]
    with trained_shop(settings, products, split, lambda _: None) as trained:
        asked = ask_whom(trained, split, users)
        measured = home_lists(trained, asked, np.arange(5), 10)
        client = TestClient(create_app(trained.runtime))
        for user, ranking in zip(users, measured, strict=True):
            headers = {"X-Request-ID": f"offline:{user}"}
            answer = client.get("/v1/home", params={"user": user, "n": 10}, headers=headers).json()
            assert [item["id"] for item in answer["items"]] == [asked.products[place] for place in ranking]
            assert ranking.min() >= 0
            assert answer["release"] == trained.artifacts.id
