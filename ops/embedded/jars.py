"""The broker's jars: fetched once by Maven, kept in the user's cache, shared by every stack of that user.

Safe against two stacks that start at once (a file lock) and against being interrupted (the folder takes its name only
when it is whole). A folder once named is never changed: running brokers load classes from it.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from ops.embedded.errors import MissingTool
from ops.embedded.process import Command, run_to_end

KAFKA_VERSION = "4.4.0"
LEAST_JAVA = 17  # what Kafka 4's broker is compiled for

_INSTALL_JAVA = f"install a Java runtime of version {LEAST_JAVA} or newer (Debian, Ubuntu: openjdk-17-jre-headless)"
_INSTALL_MAVEN = "install Apache Maven, which fetches the broker (Debian, Ubuntu: maven)"


def kafka_jars() -> Path:
    """Return the folder with the broker's jars, fetching them when this user has none yet.

    Raises:
        MissingTool: Maven is needed and not there.
        ServerFailed: Maven could not fetch them.
    """
    pom = files("ops.embedded").joinpath("pom.xml").read_bytes()
    cache = cache_home()
    jars = cache / f"kafka-{KAFKA_VERSION}-{hashlib.sha256(pom).hexdigest()[:8]}"
    if jars.is_dir():
        return jars
    cache.mkdir(parents=True, exist_ok=True)
    with locked(cache / f"{jars.name}.lock"):
        if not jars.is_dir():
            _fetch(pom, jars)
    return jars


def cache_home() -> Path:
    """Return this user's cache folder for what is set up once."""
    configured = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification: a relative path is invalid and is to be ignored.
    home = Path(configured) if configured.startswith("/") else Path.home() / ".cache"
    return home / "itilnext"


def java() -> str:
    """Return the Java program to run the broker with: JAVA_HOME's, else the one on the PATH.

    Raises:
        MissingTool: there is none, or it is too old.
    """
    home = os.environ.get("JAVA_HOME")
    program = shutil.which(Path(home, "bin", "java")) if home else shutil.which("java")
    if program is None:
        where = f"in JAVA_HOME ({home})" if home else "on the PATH"
        raise MissingTool(f"There is no java {where}: {_INSTALL_JAVA}.")
    said = subprocess.run([program, "-version"], check=False, capture_output=True, text=True).stderr
    # "17.0.15" today, "1.8.0_392" in the days before Java 9
    version = re.search(r'version "(?:1\.)?(\d+)', said)
    if version is None or int(version[1]) < LEAST_JAVA:
        found = f"Java {version[1]}" if version else f"no Java: {said.strip() or 'it says nothing'}"
        raise MissingTool(f"{program} is {found}: {_INSTALL_JAVA}.")
    return program


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file lock, waiting for it as long as another process holds it."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(pom: bytes, jars: Path) -> None:
    """Have Maven copy the jars into a folder, and give it its name when it is whole. Call with the lock held."""
    maven = shutil.which("mvn")
    if maven is None:
        raise MissingTool(f"There is no mvn on the PATH: {_INSTALL_MAVEN}.")
    unfinished = jars.with_name(f"{jars.name}.unfinished")  # also what an interrupted try has left
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    (unfinished / "pom.xml").write_bytes(pom)
    goal = ("dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={unfinished}")
    run_to_end(
        Command(
            argv=(maven, "-q", "-B", "-f", str(unfinished / "pom.xml"), f"-Dkafka.version={KAFKA_VERSION}", *goal),
            log=jars.with_name(f"{jars.name}.log"),
        ),
        purpose=f"Fetching Apache Kafka {KAFKA_VERSION} with Maven",
    )
    unfinished.rename(jars)
