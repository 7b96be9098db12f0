"""Addresses without the secrets in them, fit for messages and logs."""

import re

MASK = "***"

# up to the last @: a password may hold any sign
_PASSWORD = re.compile(r"(://[^:/?#@]*:).*@")
_PARAMETER = re.compile(r"(?i)([?&][^=&]*(?:password|passwd|token|secret|key)[^=&]*=)[^&]*")


def without_password(url: str) -> str:
    """The URL with its password masked, also where it stands among the parameters.

    Examples
    --------
    >>> without_password("postgresql://anna:s3/cr@t@db:5432/shop?sslpassword=x&connect_timeout=3")
    'postgresql://anna:***@db:5432/shop?sslpassword=***&connect_timeout=3'
    >>> without_password("http://localhost:6333")
    'http://localhost:6333'
    """
    return _PARAMETER.sub(rf"\g<1>{MASK}", _PASSWORD.sub(rf"\g<1>{MASK}@", url))
