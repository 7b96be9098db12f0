"""What any list of scores may look like."""

import numpy as np
import pytest
from hypothesis import strategies as st

Scores = st.SearchStrategy[np.ndarray]


@pytest.fixture(scope="session")
def any_scores() -> Scores:
    """Up to twenty finite scores of any size: huge, tiny, denormal, equal."""
    awkward = st.sampled_from([0.0, -0.0, 5e-324, 1e-323, 2.3e-308, 0.1, 1e308, -1e308, 1.7e308])
    score = st.floats(allow_nan=False, allow_infinity=False) | awkward
    return st.lists(score, min_size=1, max_size=20).map(np.array)


@pytest.fixture(scope="session")
def usual_scores() -> Scores:
    """Up to twenty scores as signals give them: between -1 and 100, in steps, so that some are equal."""
    return st.lists(st.integers(-100, 10_000).map(lambda n: n / 100), max_size=20).map(lambda s: np.array(s, float))
