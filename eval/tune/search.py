"""The search: which weights and half-lives give the best NDCG on the users that are tuned on."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from eval.offline.judged import hits, per_user
from eval.tune.lists import Choice, Gathered
from indexer.train.matrix import Csr

METRIC = "ndcg@10"
_DEPTH = 10
_STEP = 0.05  # finer differences of weights are noise

Values = NDArray[np.float64]


def ndcg(gathered: Gathered, choice: Choice, users: Sequence[int], relevant: Csr) -> Values:
    """NDCG@10 of each of these users, float64[len(users)]."""
    return judged(gathered.places(choice, users, _DEPTH), users, relevant)


def judged(places: NDArray[np.int64], users: Sequence[int], relevant: Csr) -> Values:
    """NDCG@10 of ready lists int64[len(users), N], float64[len(users)]."""
    mine = relevant[np.array(users)]
    found: Values = per_user(hits(places, mine), np.diff(mine.indptr), [METRIC])[:, 0]
    return found


def best_choice(
    gathered: Gathered,
    current: Choice,
    half_lives: Mapping[str, Sequence[float]],
    users: Sequence[int],
    relevant: Csr,
    *,
    trials: int,
    seed: int,
    on_progress: Callable[[float], None],
) -> Choice:
    """The best of `trials` choices by a tree-structured Parzen estimator; the current one is the first of them.

    Parameters
    ----------
    half_lives : signal -> those that were gathered.

    References
    ----------
    Bergstra et al. 2011, Algorithms for Hyper-Parameter Optimization; Akiba et al. 2019 (Optuna), arXiv:1907.10902.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def objective(trial: optuna.Trial) -> float:
        weights = {signal: trial.suggest_float(f"weight:{signal}", 0, 1, step=_STEP) for signal in current.weights}
        lives = {
            signal: trial.suggest_categorical(f"half_life:{signal}", list(known))
            for signal, known in half_lives.items()
        }
        on_progress(1)
        if not any(weights.values()):
            return 0.0
        return float(ndcg(gathered, Choice(weights, lives), users, relevant).mean())

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    largest = max(current.weights.values())
    first = {f"weight:{signal}": _stepped(weight / largest) for signal, weight in current.weights.items()}
    study.enqueue_trial(first | {f"half_life:{signal}": current.half_lives[signal] for signal in half_lives})
    study.optimize(objective, n_trials=trials)
    best = study.best_params
    return Choice(
        {signal: round(best[f"weight:{signal}"], 2) for signal in current.weights},
        {signal: best[f"half_life:{signal}"] for signal in half_lives},
    )


def _stepped(weight: float) -> float:
    return round(round(weight / _STEP) * _STEP, 2)
