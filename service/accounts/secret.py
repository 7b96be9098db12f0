"""The secret that access tokens are signed with: from the settings, or made and kept in the data folder."""

import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

from config.settings import Settings
from service.accounts.tokens import Tokens
from service.core.errors import ConfigurationError

MIN_CHARS = 32
_FILE = "secret"
_HOW = "make one with `openssl rand -hex 32`"


def check_secret(settings: Settings) -> None:
    """Refuse to serve behind keys without a secret, or with one that cannot be used.

    Raises
    ------
    ConfigurationError : with one line that says what to do.
    """
    given = _given(settings)
    if given is None and settings.access == "keys":
        kept = kept_secret_file(settings)
        file = f"; or keep the one of this folder: VITRINE_SECRET_FILE={kept}" if kept.is_file() else ""
        raise ConfigurationError(
            "VITRINE_ACCESS=keys needs a secret to sign tokens with, which has no default: set VITRINE_SECRET (or "
            f"VITRINE_SECRET_FILE) to {MIN_CHARS} characters or more; {_HOW}{file}"
        )


class Keyring:
    """The tokens of one process; where no secret is set, one is made when the first token is to be signed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tokens: Tokens | None = None

    def signing(self) -> Tokens:
        """For signing: makes a secret if there is none.

        Raises
        ------
        ConfigurationError : it cannot be kept.
        """
        return self.reading() or self._keep(make_kept_secret(self._settings))

    def reading(self) -> Tokens | None:
        """For reading; None where no secret was made yet, so that no token can be ours."""
        if self._tokens is not None:
            return self._tokens
        given = _given(self._settings)
        if given is None:
            kept = kept_secret_file(self._settings)
            given = _read(kept) if kept.is_file() else None
        return None if given is None else self._keep(given)

    def _keep(self, found: Sequence[str]) -> Tokens:
        self._tokens = Tokens(found, self._settings.token_algorithm)
        return self._tokens


def kept_secret_file(settings: Settings) -> Path:
    """Where the secret of a shop without one of its own is kept."""
    return settings.data_dir / _FILE


def make_kept_secret(settings: Settings) -> Sequence[str]:
    """The secret of the data folder; made, for its owner's eyes only, if there is none.

    Raises
    ------
    ConfigurationError : the folder cannot be written.
    """
    path = kept_secret_file(settings)
    draft = path.with_name(f".{_FILE}-{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # whole or not at all; another process may have been first, then its secret counts
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    except OSError as error:
        raise ConfigurationError(
            f"no secret can be kept in {path} ({error.strerror}); set VITRINE_SECRET, or make the folder writable"
        ) from error
    return _read(path)


def _given(settings: Settings) -> Sequence[str] | None:
    """The secrets that the settings name, first the one that signs."""
    if settings.secret is not None and settings.secret_file is not None:
        raise ConfigurationError("VITRINE_SECRET and VITRINE_SECRET_FILE are both set; keep one of them")
    if settings.secret_file is not None:
        return _read(settings.secret_file)
    if settings.secret is not None:
        return _checked(settings.secret.get_secret_value(), "VITRINE_SECRET")
    return None


def _read(path: Path) -> Sequence[str]:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigurationError(f"the secret file {path} cannot be read ({why}); see VITRINE_SECRET_FILE") from error
    return _checked(text, str(path))


def _checked(text: str, where: str) -> Sequence[str]:
    """The secrets of a text, commas or lines between them; never shown."""
    found = [part.strip() for part in re.split(r"[,\n]", text) if part.strip()]
    if not found or min(map(len, found)) < MIN_CHARS:
        shortest = min(map(len, found), default=0)
        raise ConfigurationError(
            f"{where} holds a secret of {shortest} characters, and {MIN_CHARS} are needed; {_HOW}. "
            "Several with commas between them are accepted, and the first one signs"
        )
    return found
