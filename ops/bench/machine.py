"""What a bench ran on and with: figures mean nothing without it. The machine's name is left out."""

import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from ops.bench.servers import Servers
from ops.embedded.jars import KAFKA_VERSION

_PACKAGES = ("itilnext-engine", "aiokafka", "faststream", "pydantic", "orjson", "redis", "quixstreams")
_GIGABYTE = 1_000_000_000


async def describe_machine(servers: Servers) -> Mapping[str, object]:
    """Describe machine, versions and servers.

    Raises:
        RedisError: Redis can't be reached.
    """
    return {
        "cpu": _cpu_model(),
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / _GIGABYTE, 1),
        "system": f"{platform.system()} {platform.release()}",
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "kafka": f"{KAFKA_VERSION}, embedded" if servers.kafka_is_embedded else "as configured",
        "redis": await _redis(servers),
        "packages": {name: found for name in _PACKAGES if (found := _version(name)) is not None},
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:  # not a Linux
        return platform.processor() or platform.machine()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


async def _redis(servers: Servers) -> str:
    redis = servers.redis.client()
    try:
        told = await redis.info("server")
    finally:
        await redis.aclose()
    name = "Valkey" if "valkey_version" in told else "Redis"
    where = "embedded" if servers.redis_is_embedded else "as configured"
    return f"{name} {told.get('valkey_version') or told['redis_version']}, {where}"
