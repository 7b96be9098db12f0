"""One load measurement from beginning to end."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from config.settings import Settings
from eval.load.asks import Ask, some_asks, some_call
from eval.load.client import Address, asking, remote_shoppers
from eval.load.engine import WARM, engine_costs, ratios
from eval.load.find_rate import find_rate, why_not
from eval.load.generator import Plan, send
from eval.load.measured import Measured, measured, summary
from eval.load.service import Usage, copy_of, serving, usage
from eval.load.shoppers import Draw, Shoppers, shoppers_of
from service.clients.answers.people import EventsOut
from service.core.errors import DependencyUnavailable, InvalidQuery, NotFound
from service.runtime import open_database_only

_SHORT_TIMEOUT_S = 10.0
_LONGEST_STEP_S = 60.0
_FEWEST = 200  # requests of a step, for its p99 to be more than its largest


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure.

    Attributes
    ----------
    shares : surface -> share of the requests. rate : per second. seconds, warmup : measured, and before.
    url : a running service; None: one is started on a copy of the shop. write_events : send events to a shop that is
    not a copy. newcomers : share of home requests by nobody known. fresh : every search is new.
    goal_ms : find the highest rate whose 99th percentile is at most that. engine : requests compared with the engine
    alone; 0 for none. background : whether the service also indexes and trains meanwhile.
    """

    shares: Mapping[str, float]
    rate: float = 20.0
    seconds: float = 30.0
    warmup: float = 5.0
    url: str | None = None
    n: int = 20
    batch: int = 10
    newcomers: float = 0.0
    fresh: bool = False
    seed: int = 0
    goal_ms: float | None = None
    resolution: float = 0.1
    engine: int = 300
    write_events: bool = False
    background: bool = False


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came out: the figures as JSON, and the run they are of."""

    result: dict[str, Any]
    run: Measured


@dataclass(frozen=True, slots=True)
class _Target:
    address: Address
    pid: int | None
    shares: Mapping[str, float]
    draw: Draw


def load(options: Options, settings: Settings, say: Callable[[str], None]) -> Loaded:
    """Load a service and measure it; then the engine alone, where the shop is at hand.

    Raises
    ------
    RecommenderError : there is no shop, no service, or it does not answer as it should.
    """
    notes: list[str] = []
    before = os.getloadavg()[0]
    with ExitStack() as stack:
        shop = None if options.url else stack.enter_context(copy_of(settings))
        with _target(options, shop, settings, notes, say) as target:
            _check(target, options, notes)
            loaded = _measured(options, target, say)
        engine = _engine(options, shop, target, notes, say)
    notes += _remarks(loaded.result)
    result = loaded.result | {
        "engine_ratio": engine["wall_ratio"] if engine else None,
        "engine": engine,
        "load_average": [round(before, 1), round(os.getloadavg()[0], 1)],
        "notes": notes,
    }
    return Loaded(result, loaded.run)


@contextmanager
def _target(
    options: Options, shop: Settings | None, settings: Settings, notes: list[str], say: Callable[[str], None]
) -> Iterator[_Target]:
    shares = dict(options.shares)
    if "events" in shares and not options.write_events and (shop is None or not shop.embedded):
        shares.pop("events")
        if not shares:
            raise InvalidQuery("events would be written to a shop that is no copy; say --write-events if that is meant")
        total = sum(shares.values())
        shares = {name: share / total for name, share in shares.items()}
        notes.append("no events were sent: this shop is no copy, and --write-events was not given")
    with ExitStack() as stack:
        if shop is None:
            address, pid = Address.of(options.url or ""), None
            shoppers = _shoppers_behind(address, settings, notes)
        else:
            say("Starting the service")
            served = stack.enter_context(serving(shop, background=options.background))
            address, pid = served.address, served.pid
            shoppers = _local_shoppers(shop)
        if not shoppers.users and "home" in shares:
            notes.append("no users are known: every home request is a newcomer's")
        draw = Draw(shoppers, options.seed, newcomers=options.newcomers, fresh=options.fresh)
        yield _Target(address, pid, shares, draw)


def _local_shoppers(settings: Settings) -> Shoppers:
    with open_database_only(settings) as database:
        return shoppers_of(database)


def _shoppers_behind(address: Address, settings: Settings, notes: list[str]) -> Shoppers:
    """The shop's own database where it is the same shop; what the API tells otherwise."""
    if not settings.embedded or (settings.data_dir / "vitrine.db").exists():
        try:
            shoppers = _local_shoppers(settings)
            with asking(address) as client:
                for product in shoppers.products[:3]:
                    client.get_product(product)
        except (NotFound, DependencyUnavailable):
            notes.append(f"the shop in {settings.data_dir} is not the one at {address.name}")
        else:
            return shoppers
    return remote_shoppers(address)


def _check(target: _Target, options: Options, notes: list[str]) -> None:
    """One request of each surface: a service that answers with errors is not worth loading."""
    with asking(target.address) as client:
        for surface in target.shares:
            answer = client.send(some_call(target.draw, surface, n=options.n, batch=options.batch))
            if isinstance(answer, EventsOut):
                if answer.refused:
                    why = answer.results[0].reason
                    notes.append(f"events are refused ({answer.refused} of {options.batch}): {why}")
            elif not answer.items:
                notes.append(f"a {surface} request was answered without products: {answer.shortfall}")


def _measured(options: Options, target: _Target, say: Callable[[str], None]) -> Loaded:
    if options.warmup:
        say(f"Warming up for {options.warmup:g} s at {options.rate:g}/s")
        _run(options, target, options.rate, options.warmup, _SHORT_TIMEOUT_S)
    if options.goal_ms is None:
        say(f"Measuring for {options.seconds:g} s at {options.rate:g}/s")
        return _run(options, target, options.rate, options.seconds)
    return _found(options, target, options.goal_ms, say)


def _found(options: Options, target: _Target, goal_ms: float, say: Callable[[str], None]) -> Loaded:
    steps: list[dict[str, Any]] = []
    runs: dict[float, Loaded] = {}

    def once(rate: float) -> bool:
        seconds = max(options.seconds, min(_FEWEST / rate, _LONGEST_STEP_S))
        runs[rate] = loaded = _run(options, target, rate, seconds, _SHORT_TIMEOUT_S)
        why = why_not(loaded.result, goal_ms)
        kept = ("offered", "achieved", "p50_ms", "p99_ms", "errors")
        steps.append({"rate": round(rate, 2), **{name: loaded.result[name] for name in kept}, "why_not": why})
        say(f"{rate:.1f}/s: p99 {loaded.result['p99_ms']} ms{f' ({why})' if why else ''}")
        return why is None

    # a step that fails is repeated: something else on the machine must not decide
    rate = find_rate(lambda at: once(at) or once(at), options.rate, options.resolution)
    chosen = runs[rate] if rate is not None else runs[min(runs)]
    found = {"rate": rate and round(rate, 2), "goal_p99_ms": goal_ms, "resolution": options.resolution, "steps": steps}
    return Loaded(chosen.result | {"found": found}, chosen.run)


def _run(options: Options, target: _Target, rate: float, seconds: float, timeout_s: float = 30.0) -> Loaded:
    asks = _asks(options, target, max(1, round(rate * seconds)))
    messages = [Ask(a.surface, target.address.prefix + a.path, a.body).message(target.address.name) for a in asks]
    plan = Plan(target.address.host, target.address.port, messages, rate, timeout_s)
    before = _usage(target)
    record = send(plan)
    after = _usage(target)
    run = measured(plan, record, [ask.surface for ask in asks])
    figures = summary(run)
    figures |= {
        "rss_mb": after.rss_mb if after else None,
        "peak_rss_mb": after.peak_mb if after else None,
        "cpu_s": round(after.cpu_s - before.cpu_s, 2) if after and before else None,
        "cpu_ms_per_request": round((after.cpu_s - before.cpu_s) * 1000 / len(asks), 2) if after and before else None,
    }
    return Loaded({"rate": round(rate, 2), "seconds": round(len(asks) / rate, 2), **figures}, run)


def _asks(options: Options, target: _Target, count: int) -> list[Ask]:
    return some_asks(target.draw, target.shares, count, n=options.n, batch=options.batch)


def _usage(target: _Target) -> Usage | None:
    return None if target.pid is None else usage(target.pid)


def _engine(
    options: Options, shop: Settings | None, target: _Target, notes: list[str], say: Callable[[str], None]
) -> dict[str, Any] | None:
    """The engine's part of the same kinds of requests; the service has ended: the folder belongs to one process."""
    shares = {name: share for name, share in target.shares.items() if name != "events"}
    if not options.engine or not shares:
        return None
    if shop is None:
        notes.append("no engine_ratio: it needs the shop itself, not its address")
        return None
    say("Comparing with the engine alone")
    total = sum(shares.values())
    shares = {name: share / total for name, share in shares.items()}
    asks = some_asks(target.draw, shares, options.engine + WARM, n=options.n, batch=options.batch)
    return ratios(engine_costs(shop, asks))


def _remarks(result: Mapping[str, Any]) -> Sequence[str]:
    generator = result["generator"]
    remarks = []
    if generator["is_behind"]:
        remarks.append(
            f"the generator fell behind its schedule (p99 {generator['late_p99_ms']} ms): requests came in bursts, so "
            "this is not the constant rate that was asked for, and latencies contain its own delay"
        )
    if generator["waited_for_connection"]:
        remarks.append(
            f"{generator['waited_for_connection']} requests waited for one of the generator's connections; "
            "their latency counts from when they were due"
        )
    return remarks
