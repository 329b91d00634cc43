"""What a server keeps of the calls that it has answered: no more after many than after a few."""

from pathlib import Path

import httpx
import pytest

from vaedemo.ui.app import SESSIONS, build, launch
from vaedemo.ui.server.tidy import Tidier


@pytest.fixture(scope="module")
def served():
    demo = build()
    launch(demo, server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)
    with httpx.Client(base_url=demo.local_url, timeout=60) as client:
        yield demo, client
    demo.close()


def call(client, fetch=True):
    event = client.post("gradio_api/call/models", json={"data": []}).json()["event_id"]
    if fetch:
        assert "event: complete" in client.get(f"gradio_api/call/models/{event}").text
    return event


def test_the_sessions_that_are_kept_are_few_and_each_call_works_though_its_own_was_dropped(served):
    demo, client = served
    assert demo.state_session_capacity == SESSIONS <= 100
    for n in range(12):
        demo.app.state_holder.capacity = 5  # what the sessions are held to, without making a hundred of them
        call(client)
        assert len(demo.app.state_holder.session_data) == min(n + 1, 5)


def test_a_session_holds_what_its_call_gave_and_no_copy_of_the_page(served):
    demo, client = served
    call(client)
    newest = next(reversed(demo.app.state_holder.session_data.values()))
    assert len(newest.config_values) <= 1 < len(demo.blocks)


def test_nothing_is_left_of_a_call_after_two_rounds_fetched_or_not(served):
    demo, client = served
    tidier, queue = Tidier(demo), demo._queue
    tidier()
    left = call(client, fetch=False)
    call(client)
    while queue.event_ids_to_events:
        client.get("gradio_api/app_id")
    assert left in queue.pending_messages_per_session
    tidier()
    assert left in queue.pending_messages_per_session, "it may still be fetched"
    tidier()
    assert not queue.pending_event_ids_session and not queue.pending_messages_per_session


def test_a_call_at_work_is_left_alone_whatever_the_round(served):
    demo, client = served
    tidier, queue = Tidier(demo), demo._queue
    event = call(client, fetch=False)
    held = queue.event_ids_to_events.get(event) or type("Event", (), {"session_hash": event})()
    queue.event_ids_to_events["held"] = held
    try:
        for _ in range(3):
            tidier()
        assert event in queue.pending_messages_per_session
    finally:
        del queue.event_ids_to_events["held"]
    assert "event: complete" in client.get(f"gradio_api/call/models/{event}").text


def test_uploads_that_were_removed_are_forgotten_with_their_folders(served):
    demo, client = served
    paths = [
        Path(client.post("gradio_api/upload", files={"files": ("a.bin", f"picture {n}".encode())}).json()[0])
        for n in range(2)
    ]
    assert set(map(str, paths)) <= demo.upload_file_set
    paths[0].unlink()
    Tidier(demo).forget_uploads()
    assert str(paths[0]) not in demo.upload_file_set and not paths[0].parent.exists()
    assert str(paths[1]) in demo.upload_file_set and paths[1].exists()


def test_waiting_calls_are_not_told_of_each_other_and_nobody_computes_figures_of_them(served):
    queue = served[0]._queue
    assert not queue.live_updates and queue.ANALYTICS_MAX_EVENTS <= 100
    assert queue.max_size > 64
    assert not queue.cached_event_analytics_summary["functions"]
