"""What every test shares: hypothesis' profile, a real Kafka and Redis. Other fixtures live with their tests."""

from hypothesis import settings

pytest_plugins = ["tests.stack"]

# No deadline: how long an example takes says more about the machine than about the code. The blob repeats a failure.
settings.register_profile("engine", deadline=None, print_blob=True)
settings.load_profile("engine")
