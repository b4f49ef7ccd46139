"""Kafka's default partitioner: murmur2 over the key bytes (SPEC section 2).

aiokafka ships the same function, but the core may not import it; both are held to the same test vectors.
"""

from functools import lru_cache

_MASK = 0xFFFFFFFF
_SEED = 0x9747B28C
_M = 0x5BD1E995
_R = 24


def murmur2(key: bytes) -> int:
    """Return Kafka's 32-bit murmur2 hash of a key, as an unsigned number."""
    length = len(key)
    h = _SEED ^ length
    whole = length & ~3
    for start in range(0, whole, 4):
        k = int.from_bytes(key[start : start + 4], "little") * _M & _MASK
        k = (k ^ (k >> _R)) * _M & _MASK
        h = (h * _M & _MASK) ^ k
    tail = key[whole:]
    if tail:
        h = (h ^ int.from_bytes(tail, "little")) * _M & _MASK
    h = (h ^ (h >> 13)) * _M & _MASK
    return h ^ (h >> 15)


@lru_cache(maxsize=16_384)  # a ticket's commands come in succession, and hashing costs as much as deciding one
def partition_of(key: str, partitions: int) -> int:
    """Return the partition Kafka's default partitioner gives to a key."""
    return (murmur2(key.encode()) & 0x7FFFFFFF) % partitions
