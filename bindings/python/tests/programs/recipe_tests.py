"""Tests that must find themselves on ringline by those fixtures."""

import asyncio

import pytest
import ringline


@pytest.mark.asyncio
async def test_by_pytest_asyncio():
    await asyncio.sleep(0.001)
    assert isinstance(asyncio.get_running_loop(), ringline.EventLoop)


@pytest.mark.anyio
async def test_by_anyio():
    await asyncio.sleep(0.001)
    assert isinstance(asyncio.get_running_loop(), ringline.EventLoop)
