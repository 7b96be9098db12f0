"""The models, the vectors, and what answers over the network: Qdrant, Redis, a running service."""

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from importlib.metadata import version

import httpx
import numpy as np

from config.settings import Settings
from indexer.embed import ProductEncoders
from service.cli.checkup.finding import Finding, fail, ok, warn
from service.cli.ports import web_address
from service.core.errors import ConfigurationError, RecommenderError
from service.core.masking import without_password
from service.runtime import open_vectors_only
from service.store.database import Database
from service.store.edge_folder import LOCK_FILE, lock_folder, read_note
from service.store.outbox import has_other_vectors
from service.store.spaces import PRODUCTS
from service.store.vectors import VectorQuery, VectorStore

_TIMEOUT_S = 5.0
_REBUILD = "vitrine index --rebuild"


def check_models(encoders: ProductEncoders, database: Database | None) -> Iterator[Finding]:
    """Which models encode, and whether what is indexed was encoded by them."""
    sizes = ", ".join(f"{slot} {size}" for slot, size in wanted_sizes(encoders).items())
    yield ok("models", f"{encoders.text.name.split('#')[0]}; dimensions: {sizes}")
    if database is None:
        return
    with database.session() as session:
        if has_other_vectors(session, encoders.fingerprint):
            yield warn(
                "models", "some products were encoded by other models than these",
                "the next start encodes them again; until then they are found by their words",
            )  # fmt: skip


def wanted_sizes(encoders: ProductEncoders) -> dict[str, int]:
    """Slot -> dimensions of what the models make."""
    return {"text": encoders.text.size} | ({"image": encoders.image.size} if encoders.image else {})


def check_vectors(settings: Settings, encoders: ProductEncoders | None) -> Iterator[Finding]:
    """Whether the index can be opened, and holds vectors of the models' dimensions."""
    sizes = wanted_sizes(encoders) if encoders is not None else {}
    if settings.qdrant_url is not None:
        yield from _server(settings)
    else:
        yield from _noted(settings, sizes)
    try:
        with open_vectors_only(settings) as store:
            yield from _held(settings, store, sizes)
    except ConfigurationError as error:
        holder = re.search(r"\(pid \d+\)", error.message)
        if settings.qdrant_url is not None or "in use by another process" not in error.message:
            raise
        yield ok("vectors", f"in use by a running process {holder[0] if holder else ''}".rstrip())


def _noted(settings: Settings, sizes: Mapping[str, int]) -> Iterator[Finding]:
    """What the note on disk says, which can be read beside a running service."""
    note = read_note(settings.vectors_dir / PRODUCTS)
    if note is None:
        return
    for slot, size in sizes.items():
        dense = note.space.dense.get(slot)
        if dense is None or dense.size != size:
            has = f"{dense.size} dimensions" if dense else "none"
            yield fail("vectors", f"the model makes {slot} vectors of {size} dimensions, the index has {has}", _REBUILD)


def _held(settings: Settings, store: VectorStore, sizes: Mapping[str, int]) -> Iterator[Finding]:
    if PRODUCTS not in store.names():
        yield warn("vectors", "nothing is indexed yet", "`vitrine serve` does it, or `vitrine index`")
        return
    probes = [VectorQuery(slot, np.ones(size, np.float32), limit=1) for slot, size in sizes.items()]
    try:
        store.search(PRODUCTS, probes)
    except RecommenderError as error:
        yield fail("vectors", f"the index does not answer the models' vectors ({error.message})", _REBUILD)
        return
    where = without_password(settings.qdrant_url) if settings.qdrant_url else str(settings.vectors_dir)
    yield ok("vectors", f"{where}: {store.count(PRODUCTS):,} products, {len(store.names())} collections")


def _server(settings: Settings) -> Iterator[Finding]:
    """Whether the server's version is one the client knows."""
    key = settings.qdrant_api_key
    headers = {"api-key": key.get_secret_value()} if key else {}
    try:
        told = httpx.get(settings.qdrant_url or "", headers=headers, timeout=_TIMEOUT_S).json()
        server = str(told["version"])
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
        return  # opening it says what is wrong
    client = version("qdrant-client")
    if _apart(server, client):
        yield warn("vectors", f"Qdrant is {server}, its client {client}", "bring them within one minor version")


def _apart(one: str, other: str) -> bool:
    """Whether two versions are more than a minor one apart.

    Examples
    --------
    >>> _apart("1.19.0", "1.20.1"), _apart("1.15.0", "1.20.1"), _apart("2.0.0", "1.20.1")
    (False, True, True)
    """
    (major, minor), (their_major, their_minor) = (map(int, re.findall(r"\d+", text)[:2]) for text in (one, other))
    return major != their_major or abs(minor - their_minor) > 1


def check_redis(settings: Settings) -> Iterator[Finding]:
    """Whether it answers, where one is named."""
    if settings.redis_url is None:
        return
    from service.store.redis_link import RedisLink

    where = without_password(settings.redis_url.get_secret_value())
    with closing(RedisLink(settings.redis_url.get_secret_value())) as link:
        if link.ask(lambda client: bool(client.ping()), False):
            yield ok("redis", where)
        else:
            yield warn(
                "redis", f"{where} does not answer ({link.state.error}): each process works from its own memory",
                "start it, or correct VITRINE_REDIS_URL",
            )  # fmt: skip


Answer = tuple[int, Mapping[str, object]]


def holder(settings: Settings) -> int | None:
    """The process that has the embedded vectors open; None where nobody has."""
    if not settings.vectors_dir.is_dir():
        return None
    try:
        lock_folder(settings.vectors_dir).close()
    except ConfigurationError:
        pid = (settings.vectors_dir / LOCK_FILE).read_text("ascii").strip()
        return int(pid) if pid.isdigit() else 0
    return None


def ask_service(settings: Settings) -> Answer | None:
    """Status and body of the running service's ``/health/ready``; None where nobody answers."""
    try:
        address = f"{web_address(settings.host, settings.port)}/health/ready"
        answer = httpx.get(address, timeout=_TIMEOUT_S, trust_env=False)
        body = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return None
    return answer.status_code, body if isinstance(body, dict) else {}


def is_ours(settings: Settings, answer: Answer | None) -> bool:
    """Whether an answer comes from a service of this shop, not from another one at the same address."""
    if answer is None or "parts" not in answer[1]:
        return False
    return settings.qdrant_url is not None or answer[1].get("pid") == holder(settings)


def check_service(settings: Settings, answer: Answer | None) -> Iterator[Finding]:
    """What the running service says of itself."""
    where = web_address(settings.host, settings.port)
    if not is_ours(settings, answer):
        other = "" if answer is None else f"; what answers at {where} is another"
        if settings.qdrant_url is None and holder(settings) is None:
            yield ok("service", f"none runs{other}")
        else:
            yield warn(
                "service", f"none of this shop answers at {where}{other}",
                "if it listens elsewhere, set VITRINE_HOST and VITRINE_PORT as it has them; else start `vitrine serve`",
            )  # fmt: skip
        return
    status, body = answer or (0, {})
    parts = body["parts"]
    wrong = {name: part for name, part in parts.items() if part["state"] != "ok"} if isinstance(parts, dict) else {}
    for name, part in wrong.items():
        say = fail if part["state"] == "failed" else warn
        yield say("service", f"{name}: {part['reason']}", f"the log of the service at {where} says more")
    if not wrong:
        yield ok("service", f"{where} is ready; {body.get('waiting')} products wait to be indexed")
    elif status == 200:
        yield ok("service", f"{where} answers, poorer than it could")
