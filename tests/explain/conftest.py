"""A local model server, and a wordsmith that asks it through the real SDKs."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import pytest

from config.params import load_params
from config.wording import Wording
from service.explain.llm.choose import choose_model
from service.explain.llm.wording import Wordsmith
from tests.model_server import KEY, ModelServer, model_server

T = TypeVar("T")


@pytest.fixture(scope="session")
def _server() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


@pytest.fixture
def server(_server: ModelServer) -> ModelServer:
    _server.then()
    return _server


@pytest.fixture(params=["openai", "anthropic"])
def provider(request: pytest.FixtureRequest) -> str:
    pytest.importorskip(request.param, reason="the extra `llm` is not installed: pip install '.[llm]'")
    return request.param


@pytest.fixture(scope="session")
def limits() -> Callable[..., Wording]:
    """The packaged limits with other values, and short pauses."""
    packaged = load_params().wording.model_dump()
    return lambda **changes: Wording.model_validate({**packaged, "retry_wait_s": 0.01, "timeout_s": 5.0, **changes})


@pytest.fixture
def work(provider: str, server: ModelServer, limits: Callable[..., Wording]) -> Callable[..., Any]:
    """Run something with a new wordsmith in an event loop of its own."""

    def run(
        what: Callable[[Wordsmith], Coroutine[Any, Any, T]], *, clock: Callable[[], float] | None = None, **changes: Any
    ) -> T:
        async def inside() -> T:
            wanted = limits(**changes)
            model = choose_model(provider, "m", KEY, server.base_url(provider), wanted.timeout_s)
            smith = Wordsmith(model, "m", wanted, **({"now": clock} if clock else {}))
            try:
                return await what(smith)
            finally:
                await smith.close()

        return asyncio.run(inside())

    return run
