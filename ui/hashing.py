"""What is kept of a password or an admin key: an argon2 hash, of which neither can be had again.

Hashing and comparing take some 50 ms each, which is argon2's purpose.
"""

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

_hasher = PasswordHasher()


def hashed(secret: str) -> str:
    """The hash to keep; another one each time."""
    return _hasher.hash(secret)


def matches(held: str, secret: str) -> bool:
    """Whether the hash is of this secret; what is no hash, such as "", is of none."""
    try:
        return _hasher.verify(held, secret)
    except (Argon2Error, InvalidHashError):
        return False
