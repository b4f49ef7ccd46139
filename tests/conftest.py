"""What every test shares: hypothesis' profile, the seed of the chaos, a real Kafka and Redis, and who runs it.

Other fixtures live with their tests.
"""

import random
import signal
import sys

import pytest
import structlog
from hypothesis import settings

pytest_plugins = ["tests.stack", "tests.sharing_out"]

# No deadline: how long an example takes says more about the machine than about the code. The blob repeats a failure.
settings.register_profile("engine", deadline=None, print_blob=True)
settings.load_profile("engine")


@pytest.fixture(autouse=True)
def _log_beside_the_output() -> None:
    """Workers within a test's process log to the real standard error: the output a test reads is the command's."""
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.__stderr__))


def pytest_configure() -> None:
    """Hear SIGINT: a shell that starts the tests in the background has them ignore it, and all that they start too."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--chaos-seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.addoption("--brokers", type=int, choices=(1, 3), default=1, help="how many the fleet under fire has")
    parser.addoption("--alert-seeds", type=int, default=50, help="seeds of the model of alerts; 1000 for a long run")


def pytest_report_header(config: pytest.Config) -> str:
    return f"chaos seed: {config.getoption('--chaos-seed')}"


@pytest.fixture
def chaos_seed(request: pytest.FixtureRequest) -> int:
    """Return what workload and disturbances follow from: another in each run, unless --chaos-seed says which."""
    seed: int = request.config.getoption("--chaos-seed")
    return seed
