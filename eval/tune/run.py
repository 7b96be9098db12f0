"""One tuning: a validation split of what is known, half of its users to tune on, the other half to confirm."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from eval.offline.run import Offline, no_bar, prepared, read_split, users_of
from eval.offline.split import SPLITS, Split
from eval.tune.block import toml_block
from eval.tune.front import Tradeoff, front, most_diverse, tradeoffs
from eval.tune.lists import Choice, Gathered, gather
from eval.tune.search import METRIC, best_choice, ndcg
from service.core.errors import InvalidQuery
from service.core.intervals import Verdict, as_dict, compare

if TYPE_CHECKING:
    from config.params import Params
    from config.settings import Settings
    from eval.offline.asked import Asked
    from eval.offline.rows import Bar
    from eval.offline.run import Say
    from eval.offline.shop import Trained

HALF_LIVES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
LEAST_USERS = 40


@dataclass(frozen=True, slots=True)
class Tune:
    """What to tune.

    Parameters
    ----------
    trials : choices tried, >= 2. max_loss : share of NDCG that diversity may cost, 0-1. seed : of everything random.
    """

    offline: Offline
    trials: int = 150
    max_loss: float = 0.02
    seed: int = 7


def tune(wanted: Tune, settings: "Settings", *, say: "Say" = lambda _: None, bar: "Bar" = no_bar) -> dict[str, Any]:
    """Find weights, half-lives and lambda of the home feed; what the test would ask is never looked at.

    Returns
    -------
    dict : ``{"dataset", "split", "current", "tuned", "tuned_on", "confirmed_on", "ndcg@10": {…}, "front": […],
        "verdict", "toml"}``; ``toml`` is None unless the tuned feed is significantly better on the users that were
        kept aside.

    Raises
    ------
    InvalidQuery : too few users to tune on and confirm with.
    """
    from eval.offline.asked import ask_whom
    from eval.offline.shop import trained_shop

    started = time.monotonic()
    params, settings = prepared(wanted.offline, settings)
    products, split, name = read_split(wanted.offline, settings)
    inner = validation(split, name)
    users = users_of(inner, wanted.offline.users)
    if len(users) < LEAST_USERS:
        raise InvalidQuery(
            f"the validation split has {len(users)} users, at least {LEAST_USERS} are needed: half to tune on, half to "
            "confirm with", code="empty_split",
        )  # fmt: skip
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="vitrine-tune-")))
        throwaway = settings.model_copy(
            update={"data_dir": folder, "database_url": None, "qdrant_url": None, "image_model": "none"}
        )
        trained = stack.enter_context(trained_shop(throwaway, products, inner, say))
        asked = ask_whom(trained, inner, users)
        found = _tuned(wanted, trained, asked, params, bar)
    origin = _origin(wanted, name, found)
    toml = None
    if found["verdict"] == Verdict.BETTER:
        tuned = found["tuned"]
        toml = toml_block(tuned["weights"], tuned["half_life_products"], tuned["mmr_lambda"], origin)
    head = {"dataset": wanted.offline.dataset, "split": f"validation part of {name}"}
    return head | found | {"origin": origin, "toml": toml, "seconds": round(time.monotonic() - started, 1)}


def validation(split: Split, name: str) -> Split:
    """What is known before the test, split again in the same way."""
    known = [*split.train, *split.later] if name == "leave-last-out" else split.train
    return SPLITS[name](known)


def _tuned(wanted: Tune, trained: "Trained", asked: "Asked", params: "Params", bar: "Bar") -> dict[str, Any]:
    current = current_choice(params)
    aging = dict.fromkeys(current.half_lives, HALF_LIVES)
    lives = sorted({*HALF_LIVES, *current.half_lives.values()})
    with bar("Asking every signal", len(asked.users) * len(lives)) as advance:
        gathered = gather(trained, asked, list(current.weights), lives, advance)
    tuned_on, kept_aside = halves(len(asked.users), wanted.seed)
    known = {signal: sorted({*some, current.half_lives[signal]}) for signal, some in aging.items()}
    with bar("Trials", wanted.trials) as advance:
        best = best_choice(
            gathered, current, known, tuned_on, asked.relevant, trials=wanted.trials, seed=wanted.seed,
            on_progress=advance,
        )  # fmt: skip
    before = ndcg(gathered, current, kept_aside, asked.relevant)
    difference = compare(before, ndcg(gathered, best, kept_aside, asked.relevant))
    points, chosen = _diversity(wanted, trained, asked, gathered, best, tuned_on)
    home = params.surfaces["home"]
    return {
        "current": _told(current, home.mmr_lambda),
        "tuned": _told(best, chosen.mmr_lambda),
        "tuned_on": len(tuned_on),
        "confirmed_on": len(kept_aside),
        METRIC: as_dict(difference),
        "front": points,
        "verdict": str(difference.verdict),
    }


def _diversity(
    wanted: Tune, trained: "Trained", asked: "Asked", gathered: Gathered, best: Choice, users: Sequence[int]
) -> tuple[list[dict[str, Any]], Tradeoff]:
    found = tradeoffs(gathered, trained.runtime.services, best, users, asked.relevant)
    means = [(float(one.ndcg.mean()), float(np.nan_to_num(one.diversity).mean())) for one in found]
    on_front = front(means)
    points = [
        {
            "mmr_lambda": one.mmr_lambda,
            METRIC: round(value, 5),
            "diversity": round(variety, 5),
            "on_front": best_of,
        }
        for one, (value, variety), best_of in zip(found, means, on_front, strict=True)
    ]
    return points, most_diverse(found, wanted.max_loss)


def current_choice(params: "Params") -> Choice:
    """What is in force, of the signals that have a weight."""
    home = params.surfaces["home"]
    weights = {signal: weight for signal, weight in home.weights.items() if weight}
    lives = params.history.half_life_products
    return Choice(weights, {signal: lives[signal] for signal in weights if signal in lives})


def halves(users: int, seed: int) -> tuple[list[int], list[int]]:
    """Two halves of the users, drawn at random, each in ascending order."""
    order = np.random.default_rng(seed).permutation(users)
    return sorted(order[: users // 2].tolist()), sorted(order[users // 2 :].tolist())


def _told(choice: Choice, mmr_lambda: float) -> dict[str, Any]:
    return {"weights": choice.weights, "half_life_products": choice.half_lives, "mmr_lambda": mmr_lambda}


def _origin(wanted: Tune, name: str, found: dict[str, Any]) -> list[str]:
    told, today = found[METRIC], datetime.now(UTC).date()
    return [
        f"Tuned {today} on {wanted.offline.dataset}, a validation split ({name}) of what is known before the test; "
        f"{wanted.trials} trials, seed {wanted.seed}.",
        f"NDCG@10 {told['a']} -> {told['b']} ({told['low']:+} to {told['high']:+}, p {told['p']}) on "
        f"{found['confirmed_on']} users who were not tuned on.",
        f"mmr_lambda: the most varied that costs at most {wanted.max_loss:.0%} of NDCG@10.",
    ]
