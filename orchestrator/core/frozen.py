"""The base of every value that crosses a room: immutable, strict, JSON in and out."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, StringConstraints

Digest: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 in lower-case hexadecimal."""


class Frozen(BaseModel):
    """An immutable pydantic model that refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical(value: object) -> bytes:
    """A JSON value as bytes that depend on its content alone: sorted keys, no spaces, UTF-8."""
    return _ENCODER.encode(value).encode("utf-8", "surrogatepass")


def digest_of(data: bytes) -> Digest:
    """The SHA-256 of some bytes, in hexadecimal."""
    return sha256(data).hexdigest()
