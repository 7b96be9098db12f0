"""What sessions are called where their own ids, which hold any characters, cannot stand."""

from hashlib import blake2b


def session_name(tenant: str, session: str) -> str:
    """A name of 32 hexadecimal digits, the same wherever it is asked for.

    Examples
    --------
    >>> session_name("default", "s1") == session_name("default", "s1") != session_name("other", "s1")
    True
    """
    return blake2b(f"{len(tenant)} {tenant} {session}".encode(errors="surrogatepass"), digest_size=16).hexdigest()
