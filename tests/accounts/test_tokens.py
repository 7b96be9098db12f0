"""An access token is what we signed, for as long as we said, and nothing else."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.accounts.caller import Role
from service.accounts.tokens import AUDIENCE, ISSUER, Algorithm, Claims, Tokens
from service.core.errors import NotAuthenticated

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SECRET, OTHER = "a" * 32, "b" * 32
ANN = Claims("u-ann", "default", Role.SHOPPER, 7, "family", 0, NOW + timedelta(minutes=15))
ALGORITHMS: list[Algorithm] = ["HS256", "EdDSA"]


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    head, body, signature = token.split(".")
    return json.loads(unpacked(head)), json.loads(unpacked(body)), signature


def unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")


def packed(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def refused(tokens: Tokens, token: str, now: datetime = NOW) -> str:
    with pytest.raises(NotAuthenticated) as caught:
        tokens.read(token, now)
    return caught.value.code


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_was_signed_is_read(algorithm: Algorithm) -> None:
    tokens = Tokens([SECRET], algorithm)
    token = tokens.sign(ANN, NOW)
    assert tokens.read(token, NOW) == ANN
    head, body, _ = parts(token)
    assert (head["alg"], head["typ"], len(head["kid"])) == (algorithm, "at+jwt", 16)
    assert (body["iss"], body["aud"], body["sub"], body["tenant"], body["role"]) == (
        ISSUER, AUDIENCE, "u-ann", "default", "shopper",
    )  # fmt: skip
    assert parts(tokens.sign(ANN, NOW))[1]["jti"] != body["jti"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_it_ends_to_the_second(algorithm: Algorithm) -> None:
    tokens = Tokens([SECRET], algorithm)
    token = tokens.sign(ANN, NOW)
    assert tokens.read(token, NOW + timedelta(minutes=15, seconds=-1)) == ANN
    assert refused(tokens, token, NOW + timedelta(minutes=15)) == "token_expired"
    assert refused(tokens, token, NOW - timedelta(seconds=6)) == "invalid_token"  # signed in the future


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(
    "change",
    [{"role": "operator"}, {"tenant": "other"}, {"sub": "u-bob"}, {"account": 8}, {"exp": 2**40}, {"epoch": 1}],
)
def test_a_changed_claim_breaks_the_signature(algorithm: Algorithm, change: dict[str, Any]) -> None:
    tokens = Tokens([SECRET], algorithm)
    head, body, signature = parts(tokens.sign(ANN, NOW))
    assert refused(tokens, f"{packed(head)}.{packed(body | change)}.{signature}") == "invalid_token"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("claimed", ["none", "None", "nOnE", "", "HS256", "HS512", "RS256", "ES256", "EdDSA"])
def test_the_algorithm_is_ours_whatever_the_token_says(algorithm: Algorithm, claimed: str) -> None:
    tokens = Tokens([SECRET], algorithm)
    head, body, signature = parts(tokens.sign(ANN, NOW))
    for sealed in ("", signature):
        if (claimed, sealed) != (algorithm, signature):
            forged = f"{packed(head | {'alg': claimed})}.{packed(body)}.{sealed}"
            assert refused(tokens, forged) == "invalid_token"


def test_a_public_key_is_no_password_of_hmac() -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    tokens = Tokens([SECRET], "EdDSA")
    head, body, _ = parts(tokens.sign(ANN, NOW))
    public = tokens._checking[head["kid"]]
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    forged = jwt.encode(body | {"role": "operator"}, raw, algorithm="HS256", headers=head | {"alg": "HS256"})
    assert refused(tokens, forged) == "invalid_token"


def test_one_algorithm_does_not_read_the_tokens_of_the_other() -> None:
    assert refused(Tokens([SECRET], "HS256"), Tokens([SECRET], "EdDSA").sign(ANN, NOW)) == "invalid_token"
    assert refused(Tokens([SECRET], "EdDSA"), Tokens([SECRET], "HS256").sign(ANN, NOW)) == "invalid_token"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_keys_are_changed_without_anybody_noticing(algorithm: Algorithm) -> None:
    old, both, new = (Tokens(secrets, algorithm) for secrets in ([SECRET], [OTHER, SECRET], [OTHER]))
    before = old.sign(ANN, NOW)
    assert both.read(before, NOW) == ANN
    assert new.read(both.sign(ANN, NOW), NOW) == ANN  # the first one signs
    assert refused(new, before) == "invalid_token"


def test_others_check_a_token_with_the_public_key_and_nobody_sees_a_secret_one() -> None:
    tokens = Tokens([OTHER, SECRET], "EdDSA")
    token = tokens.sign(ANN, NOW)
    published = {key["kid"]: key for key in tokens.public_keys()}
    assert len(published) == 2
    key = jwt.PyJWK(published[parts(token)[0]["kid"]])
    read = jwt.decode(token, key, ["EdDSA"], audience=AUDIENCE, issuer=ISSUER, options={"verify_exp": False,
                      "verify_iat": False})  # fmt: skip
    assert read["sub"] == "u-ann"
    assert all("d" not in one for one in published.values())
    assert Tokens([SECRET], "HS256").public_keys() == []


def signed(claims: dict[str, Any], **head: Any) -> str:
    """A token with our own key, so that nothing but its contents can be wrong."""
    tokens = Tokens([SECRET], "HS256")
    good, body, _ = parts(tokens.sign(ANN, NOW))
    wanted = {name: value for name, value in (body | claims).items() if value is not ...}
    headers = {name: value for name, value in (good | head).items() if value is not ...}
    return jwt.encode(wanted, tokens._signing[good["kid"]], algorithm="HS256", headers=headers)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "somebody"}, {"aud": "another-api"}, {"aud": ["x"]}, {"iss": ...}, {"aud": ...}, {"jti": ...},
        {"sub": ...}, {"role": "admin"}, {"role": ["operator"]}, {"account": "7"}, {"account": True}, {"epoch": 0.0},
        {"exp": "never"}, {"exp": ...}, {"exp": 1e400}, {"exp": 10**30}, {"exp": None}, {"tenant": None},
        {"family": 5}, {"iat": "x"}, {"iat": ...}, {"sub": 5},
    ],
)  # fmt: skip
def test_claims_of_another_kind_are_refused(claims: dict[str, Any]) -> None:
    assert refused(Tokens([SECRET], "HS256"), signed(claims)) == "invalid_token"


@pytest.mark.parametrize("head", [{"kid": "unknown"}, {"kid": ...}, {"kid": "../../dev/null"}, {"kid": "' OR 1=1"},
                                  {"typ": "JWT"}, {"typ": ...}])  # fmt: skip
def test_a_token_of_another_kind_or_key_is_refused(head: dict[str, Any]) -> None:
    assert refused(Tokens([SECRET], "HS256"), signed({}, **head)) == "invalid_token"


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "...", "x" * 5000, "eyJhbGciOiJub25lIn0.e30.",
                                   packed([1]) + "." + packed({}) + ".", "[" * 3000])  # fmt: skip
def test_what_is_no_token_is_refused(token: str) -> None:
    assert refused(Tokens([SECRET], "HS256"), token) == "invalid_token"


@given(st.text(max_size=60))
def test_no_text_at_all_is_taken_for_a_token(text: str) -> None:
    assert refused(Tokens([SECRET], "HS256"), text) == "invalid_token"


def test_the_name_of_a_key_says_nothing_of_the_secret() -> None:
    head, *_ = parts(Tokens([SECRET], "HS256").sign(ANN, NOW))
    assert head["kid"] != parts(Tokens([OTHER], "HS256").sign(ANN, NOW))[0]["kid"]
    assert head["kid"] not in SECRET
