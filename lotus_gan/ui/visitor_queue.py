"""The queue of the page: Gradio's, without jobs that nobody waits for, and with a few places for each client."""

import asyncio
import os
import time
from typing import Any

from gradio import queueing
from gradio.exceptions import Error
from gradio.utils import LRUCache, run_coro_in_background

PLACES = 32  # of the 256, for one client: a class in a school has one address, too
PATIENCE = 10  # s in which a job's messages must be fetched, else nobody listens
EVERY = 0.5  # s between two looks at who listens
SESSIONS = 512  # whose messages are kept: twice the places, as Gradio keeps 4 kB for sessions that have ended, too
RECORDED = 100  # calls of which Gradio keeps a record; with every error it makes a table of all
BEHIND_A_PROXY = "SPACE_ID" in os.environ


class VisitorQueue(queueing.Queue):
    """Gradio's queue with these two rules."""

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        self.ANALYTICS_MAX_EVENTS = RECORDED
        self.pending_messages_per_session = LRUCache(SESSIONS)
        self._unread: dict[str, tuple[Any, float]] = {}  # a session's oldest message, and since when it is that one

    def start(self) -> None:
        """Gradio's, and the look at who listens."""
        super().start()
        run_coro_in_background(self._drop_unheard)

    async def push(self, body: Any, request: Any, username: str | None) -> tuple[bool, Any, Any]:
        """Gradio's, but a client who has so many jobs waiting is refused (HTTP 503)."""
        client = client_of(request)
        if sum(client_of(event.request) == client for event in self.waiting()) >= PLACES:
            return False, f"{PLACES} calls of yours are waiting already: try again when they are done.", "queue_full"
        return await super().push(body, request, username)

    def waiting(self) -> list[queueing.Event]:
        """The jobs that have not begun."""
        return [event for queue in self.event_queue_per_concurrency_id.values() for event in queue.queue]

    def set_progress(self, event_id: str, iterables: Any) -> None:
        """Gradio's; a job that says how far it is ends here if its listener has gone."""
        if any(event._id == event_id and not event.alive for job in self.active_jobs for event in job or []):
            raise Error("Nobody waits for this any more.", print_exception=False)
        super().set_progress(event_id, iterables)

    async def _drop_unheard(self) -> None:
        while not self.stopped:
            await asyncio.sleep(EVERY)
            for session in self.unheard(time.monotonic()):
                await self.clean_events(session_hash=session)
                self.pending_messages_per_session.pop(session, None)
            for session in [session for session, ids in self.pending_event_ids_session.items() if not ids]:
                if session not in self.pending_messages_per_session:
                    del self.pending_event_ids_session[session]  # Gradio keeps a line for each session that ever was

    def unheard(self, now: float) -> set[str]:
        """The sessions with jobs of which nobody fetches the messages: the connection is closed, or was never made."""
        jobs = [*self.waiting(), *(event for job in self.active_jobs for event in job or [])]
        unread: dict[str, tuple[Any, float]] = {}
        for session in {event.session_hash for event in jobs}:
            messages = self.pending_messages_per_session.get(session)
            if messages is None:  # the listener has closed its connection
                unread[session] = None, -float("inf")
            elif messages.qsize():  # a job that says much always has some: only the same one tells
                oldest = messages._queue[0]
                before, since = self._unread.get(session, (None, now))
                unread[session] = oldest, since if oldest is before else now
        self._unread = unread
        return {session for session, (_, since) in unread.items() if now - since > PATIENCE}


def client_of(request: Any) -> str:
    """The address of who calls. On a Space the connection comes from a proxy, which says whose it is."""
    forwarded = request.headers.get("x-forwarded-for", "") if BEHIND_A_PROXY else ""
    return forwarded.split(",")[0].strip() or (request.client.host if request.client else "")
