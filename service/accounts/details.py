"""What an e-mail address, a name and a new password may be; the same for everybody who makes accounts."""

import re

from service.accounts.caller import Role
from service.accounts.passwords import MAX_LENGTH
from service.core.errors import InvalidQuery
from service.store.product_rows import is_storable

ADDRESS = r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+$"
MAX_ADDRESS = 254
MAX_NAME = 200
MIN_PASSWORD = 8  # NIST SP 800-63B


def check_details(email: str, role: str, name: str) -> None:
    """Refuse what no account can have.

    Raises
    ------
    InvalidQuery : not an e-mail address, no such role, a name with control characters.
    """
    if len(email) > MAX_ADDRESS or not re.match(ADDRESS, email) or not is_storable(email):
        raise InvalidQuery(f"{email[:100]!a} is not an e-mail address of at most {MAX_ADDRESS} characters")
    if role not in set(Role):
        raise InvalidQuery(f"there is no role {role[:100]!r}; there are {', '.join(Role)}")
    if len(name) > MAX_NAME or not (name.isprintable() and is_storable(name)):
        raise InvalidQuery(f"a name has at most {MAX_NAME} printable characters")


def check_new_password(password: str) -> None:
    """Refuse a password that is too short or too long; it is not shown.

    Raises
    ------
    InvalidQuery : with the number of characters there are, and may be.
    """
    if not MIN_PASSWORD <= len(password) <= MAX_LENGTH or not _is_text(password):
        raise InvalidQuery(
            f"a password has {MIN_PASSWORD} to {MAX_LENGTH} characters, this one has {len(password)}",
            code="invalid_password",
        )


def _is_text(password: str) -> bool:
    try:
        password.encode()
    except UnicodeEncodeError:
        return False
    return True
