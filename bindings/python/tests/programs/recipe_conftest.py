"""The README's fixtures for pytest-asyncio and for anyio's plugin."""

import pytest
import ringline


@pytest.fixture(scope="session")
def event_loop_policy():
    """What pytest-asyncio takes its loops from."""
    return ringline.EventLoopPolicy()


@pytest.fixture
def anyio_backend():
    """What anyio's plugin runs its tests on."""
    return "asyncio", {"loop_factory": ringline.new_event_loop}
