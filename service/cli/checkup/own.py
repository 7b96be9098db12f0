"""Settings, secrets, versions and disk: what belongs to this machine alone."""

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from urllib.parse import urlsplit

from config.settings import DOTENV, Settings
from service.accounts.secret import check_secret, kept_secret_file
from service.cli.checkup.finding import Finding, fail, ok, warn
from service.store.edge_folder import MIN_FREE_BYTES

_WEAK = frozenset(("", "admin", "changeme", "password", "postgres", "root", "secret", "vitrine"))
_HERE = ("127.0.0.1", "::1", "localhost")
_MOUNTED = Path("/run/secrets")  # of a container, which nobody else is in


def check_settings(settings: Settings, unknown: list[str]) -> Iterator[Finding]:
    """What is set, and what is set in vain."""
    where = " + ".join(path.name for path in settings.overlays) or "as packaged"
    yield ok("settings", f"behaviour {where}; data in {settings.data_dir.absolute()}")
    for name in unknown:
        yield warn("settings", f"{name} is set, but there is no such setting", "correct its name: `vitrine config`")


def check_signing(settings: Settings) -> Iterator[Finding]:
    """Whether there is what access tokens are signed with, where they are needed."""
    check_secret(settings)  # complains like `vitrine serve` does, and says what to do
    yield from ()


def check_secrets(settings: Settings) -> Iterator[Finding]:
    """Passwords anybody would guess, files anybody may read, doors that are open."""
    found = [*_weak(settings), *_readable(settings), *_open(settings)]
    yield from found or [ok("secrets", "none is guessable or readable by others")]


def _weak(settings: Settings) -> Iterator[Finding]:
    for name, url in (("VITRINE_DATABASE_URL", settings.database_url), ("VITRINE_REDIS_URL", settings.redis_url)):
        parts = urlsplit(url.get_secret_value()) if url is not None else None
        is_far = parts is not None and parts.hostname not in (None, *_HERE)
        if parts is not None and is_far and (parts.password or "") in _WEAK:
            yield warn("secrets", f"{name} has a password that anybody would guess, or none", "give it a random one")
    if settings.qdrant_url is not None and urlsplit(settings.qdrant_url).hostname not in _HERE:
        if settings.qdrant_api_key is None:
            yield warn(
                "secrets", "Qdrant is asked without a key: whoever reaches it may read and delete",
                "set VITRINE_QDRANT_API_KEY, here and there, or keep it in a network of its own",
            )  # fmt: skip
        elif settings.qdrant_url.startswith("http://"):
            yield warn("secrets", "the key of Qdrant goes over the network in the clear", "use https:// in QDRANT_URL")


def _readable(settings: Settings) -> Iterator[Finding]:
    named = (Path(DOTENV), settings.secret_file, kept_secret_file(settings))
    for path in filter(None, named):
        if path.is_file() and _others_may_read(path.absolute()):
            yield warn("secrets", f"others on this machine may read {path}", f"chmod 600 {path}")


def _others_may_read(path: Path) -> bool:
    if path.is_relative_to(_MOUNTED):
        return False
    may_enter = path.parent.stat().st_mode & (stat.S_IXGRP | stat.S_IXOTH)
    return bool(may_enter and path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))


def _open(settings: Settings) -> Iterator[Finding]:
    if settings.access == "open" and settings.host not in _HERE:
        yield warn(
            "secrets", f"whoever reaches {settings.host}:{settings.port} may read and write everything",
            "set VITRINE_ACCESS=keys, or leave only your own gateway to reach it",
        )  # fmt: skip


def check_versions() -> Iterator[Finding]:
    """Whether the libraries are those this version was made for."""
    from packaging.requirements import Requirement

    wrong = []
    for line in requires("vitrine") or ():
        wanted = Requirement(line)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(wanted.name)
        except PackageNotFoundError:
            found = "missing"
        if found == "missing" or not wanted.specifier.contains(found, prereleases=True):
            wrong.append(f"{wanted.name} {found} (wanted {wanted.specifier or 'any'})")
    mine = f"vitrine {version('vitrine')}, Python {sys.version.split()[0]}"
    if wrong:
        yield fail("versions", f"{mine}; {', '.join(wrong)}", "pip install --upgrade vitrine")
    else:
        yield ok("versions", f"{mine}, libraries as wanted")


def check_disk(settings: Settings) -> Iterator[Finding]:
    """Whether something can still be stored."""
    wanted = settings.data_dir.absolute()
    folder = next(path for path in (wanted, *wanted.parents) if path.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        yield fail(
            "disk", f"{folder} cannot be written to", "choose another with --data-dir, or correct its permissions"
        )
        return
    free = shutil.disk_usage(folder).free
    says = f"{free >> 20:,} MB free in {folder}"
    if free < MIN_FREE_BYTES:
        yield fail("disk", f"{says}: nothing more is stored below {MIN_FREE_BYTES >> 20}", "free some space")
    elif free < 10 * MIN_FREE_BYTES:
        yield warn("disk", says, "free some space soon: a training and a new release need room")
    else:
        yield ok("disk", says)
