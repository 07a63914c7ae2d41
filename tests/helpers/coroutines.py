"""Coroutines in tests: the browser tests leave an event loop of Playwright's running in the main thread."""

import asyncio
from concurrent.futures import ThreadPoolExecutor


def run_coroutine(coroutine):
    """What it returns, from an event loop of its own in another thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
