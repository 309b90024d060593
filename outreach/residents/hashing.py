"""A keyed hash of an address: the same address is known again, and nobody reads it back without the key."""

from __future__ import annotations

from hashlib import blake2b

from outreach.model import Address

# Without a key of its own a service still hashes, but then whoever has the program can try all numbers.
_key = b"outreach without SECRET_KEY"


def use_key(secret: str) -> None:
    """From now on hashes are made with this secret; "" changes nothing. It must stay the same for ever."""
    global _key
    if secret:
        _key = blake2b(secret.encode(), digest_size=32).digest()


def hashed(address: Address) -> str:
    """64 hexadecimal signs."""
    text = f"{address.channel}\0{address.value}".encode()
    return blake2b(text, key=_key, digest_size=32).hexdigest()
