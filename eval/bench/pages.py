"""Pages of a running shop in a real browser: the largest paint, what was transferred, and how much moved.

::

    vitrine demo &
    python -m eval.bench.pages --address http://127.0.0.1:8000

Every look is that of somebody new, with an empty cache. The page is then scrolled to its end and back, so that what
moves while it fills counts too. Pictures of products are counted apart from everything else.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

SIZES = {"wide": {"width": 1440, "height": 900}, "phone": {"width": 360, "height": 740}}
PATHS = ("/", "/explore", "/search?q=green+polka+dot+bag", "/cart", "/profile")
_QUIET_MS = 800  # nothing is under way for so long: the page has all it asked for
_LONGEST_MS = 30_000
_PICTURE = "/picture"
_WATCH = """
window.__paints = []; window.__shifts = 0;
new PerformanceObserver((list) => { for (const one of list.getEntries()) window.__paints.push(
    { at: one.startTime, what: one.url ? new URL(one.url).pathname : one.element?.localName ?? '' });
}).observe({ type: 'largest-contentful-paint', buffered: true });
new PerformanceObserver((list) => { for (const one of list.getEntries()) {
    if (!one.hadRecentInput) window.__shifts += one.value;
} }).observe({ type: 'layout-shift', buffered: true });
"""
_READ = """() => ({
    paint: window.__paints.at(-1) ?? { at: 0, what: '' }, shifts: window.__shifts,
    first: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
    files: ['navigation', 'resource'].flatMap((type) => performance.getEntriesByType(type))
        .map((one) => ({ name: one.name, bytes: one.transferSize })),
})"""


@dataclass(frozen=True, slots=True)
class PageSpeed:
    """What some looks at one page were like.

    Attributes
    ----------
    size : of the window. lcp_ms : median time of the largest contentful paint, lcp_worst_ms : the latest.
    fcp_ms : median of the first paint. what : tag or path of what was painted last, most often.
    kb, pictures_kb : transferred, 1 kB is 1000 bytes. requests : how many, pictures included.
    shift : layout shifts added up, the worst look.
    """

    path: str
    size: str
    looks: int
    fcp_ms: float
    lcp_ms: float
    lcp_worst_ms: float
    what: str
    kb: float
    pictures_kb: float
    requests: int
    shift: float


def page_speeds(address: str, paths: Sequence[str], sizes: Sequence[str], looks: int) -> list[PageSpeed]:
    """Look at each page so many times in each size of window.

    Raises
    ------
    RuntimeError : there is no browser, or the shop does not answer.
    """
    binary = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise RuntimeError("playwright is not installed: pip install '.[test]'") from error
    if binary is None:
        raise RuntimeError("there is no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=binary, args=["--no-sandbox", "--disable-dev-shm-usage"])
        try:
            _look(browser, address, paths[0], sizes[0])  # what the first look at all loads is no part of this
            return [
                _speed(path, size, [_look(browser, address, path, size) for _ in range(looks)])
                for path in paths
                for size in sizes
            ]
        except Error as error:
            raise RuntimeError(f"{address} could not be looked at: {error.message[:300]}") from error
        finally:
            browser.close()


def _look(browser: Any, address: str, path: str, size: str) -> Mapping[str, Any]:
    context = browser.new_context(base_url=address, viewport=SIZES[size])
    try:
        context.add_init_script(_WATCH)
        page = context.new_page()
        page.goto(path, timeout=_LONGEST_MS)
        page.wait_for_load_state("networkidle", timeout=_LONGEST_MS)
        page.wait_for_timeout(_QUIET_MS)
        found: dict[str, Any] = page.evaluate(_READ)  # scrolling ends the search for the largest paint
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.wait_for_timeout(_QUIET_MS)
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(_QUIET_MS)
        return found | {"shifts": page.evaluate("window.__shifts")}
    finally:
        context.close()


def _speed(path: str, size: str, found: Sequence[Mapping[str, Any]]) -> PageSpeed:
    """The looks at one page, summed up.

    Examples
    --------
    >>> files = [{"name": "http://a/", "bytes": 2000}, {"name": "http://a/v1/products/x/picture", "bytes": 500}]
    >>> look = {"paint": {"at": 300.0, "what": "h1"}, "first": 200.0, "shifts": 0.01, "files": files}
    >>> one = _speed("/", "wide", [look, look | {"paint": {"at": 400.0, "what": "h1"}}])
    >>> one.lcp_ms, one.lcp_worst_ms, one.kb, one.pictures_kb, one.requests
    (350.0, 400.0, 2.0, 0.5, 2)
    """
    paints = [look["paint"]["at"] for look in found]
    names = [look["paint"]["what"] for look in found]
    pictures = [sum(one["bytes"] for one in look["files"] if _PICTURE in one["name"]) for look in found]
    all_bytes = [sum(one["bytes"] for one in look["files"]) for look in found]
    return PageSpeed(
        path, size, len(found),
        fcp_ms=round(float(np.median([look["first"] for look in found])), 0),
        lcp_ms=round(float(np.median(paints)), 0),
        lcp_worst_ms=round(max(paints), 0),
        what=max(set(names), key=names.count),
        kb=round(float(np.median(np.subtract(all_bytes, pictures))) / 1000, 1),
        pictures_kb=round(float(np.median(pictures)) / 1000, 1),
        requests=int(np.median([len(look["files"]) for look in found])),
        shift=round(max(look["shifts"] for look in found), 4),
    )  # fmt: skip


def table(found: Sequence[PageSpeed]) -> str:
    """The figures as lines for people."""
    head = f"{'FCP ms':>8}{'LCP ms':>8}{'worst':>8}{'kB':>8}{'pics kB':>9}{'files':>7}{'shift':>8}"
    return "\n".join([f"{'page':<34}{'window':<8}{head}  painted last", *map(_line, found)])


def _line(one: PageSpeed) -> str:
    times = f"{one.fcp_ms:>8.0f}{one.lcp_ms:>8.0f}{one.lcp_worst_ms:>8.0f}"
    sizes = f"{one.kb:>8.1f}{one.pictures_kb:>9.1f}{one.requests:>7}{one.shift:>8.4f}"
    return f"{one.path[:32]:<34}{one.size:<8}{times}{sizes}  {one.what[:40]}"


def main() -> None:
    """Measure and print a table, or one JSON object per page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--address", default="http://127.0.0.1:8000", help="where the shop answers")
    parser.add_argument("--path", action="append", help="a page, may be repeated; the usual ones if left out")
    parser.add_argument("--size", action="append", choices=sorted(SIZES), help="of the window; both if left out")
    parser.add_argument("--looks", type=int, default=5, help="at each page")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    load = os.getloadavg()[0]
    try:
        found = page_speeds(given.address, given.path or PATHS, given.size or list(SIZES), given.looks)
    except RuntimeError as error:
        parser.exit(1, f"{error}\n")
    text = "\n".join(json.dumps(asdict(one)) for one in found) if given.json else table(found)
    sys.stdout.write(f"{text}\n")
    if not given.json:
        sys.stdout.write(f"{given.looks} looks each; load of the machine before: {load:.1f}\n")


if __name__ == "__main__":
    main()
