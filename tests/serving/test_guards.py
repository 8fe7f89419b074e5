"""What web pages of other servers may not do, without a running server."""

import asyncio

import pytest

pytest.importorskip("fastapi")

from inpaintkit.serving.guards import BodyLimit, OwnPagesOnly
from inpaintkit.serving.uploads import MAX_BYTES


def status(app, method="POST", chunk=b"", **headers):
    """The HTTP status of an answer to a request with these headers."""
    sent = []
    headers = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]

    async def receive():
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def send(message):
        sent.append(message)

    asyncio.run(app({"type": "http", "method": method, "headers": headers}, receive, send))
    return sent[0]["status"]


async def answers(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})


async def reads_forever(scope, receive, send):
    while True:
        await receive()


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "[::1]:7860", "localhost", "LOCALHOST:1", "a.localhost"])
def test_a_local_server_answers_to_local_names(host):
    assert status(OwnPagesOnly(answers, local=True), host=host) == 200


@pytest.mark.parametrize(
    "host", ["evil.example:7860", "localhost.evil.example", "127.0.0.1.evil.example", "[", ""]
)
def test_a_name_that_another_page_lets_stand_for_this_machine_is_refused(host):
    for method in ("GET", "POST"):
        assert status(OwnPagesOnly(answers, local=True), method, host=host) == 403
        assert status(OwnPagesOnly(answers, local=False), method, host=host) == 200


@pytest.mark.parametrize("local", [True, False])
def test_another_page_may_link_here_but_not_post(local):
    app, here = OwnPagesOnly(answers, local), {"host": "127.0.0.1:7860"}
    assert status(app, sec_fetch_site="cross-site", **here) == 403
    assert status(app, origin="http://evil.example", **here) == 403
    assert status(app, origin="http://127.0.0.1:8888", **here) == 403
    assert status(app, origin="null", **here) == 403
    assert status(app, "GET", sec_fetch_site="cross-site", **here) == 200
    assert status(app, **here) == status(app, origin="http://127.0.0.1:7860", **here) == 200
    proxied = {"origin": "https://proxy.example", "sec_fetch_site": "same-origin"}
    assert status(app, **proxied, **here) == 200


async def answers_500_to_every_error(scope, receive, send):
    try:
        await reads_forever(scope, receive, send)
    except Exception:
        await send({"type": "http.response.start", "status": 500, "headers": []})
        raise


@pytest.mark.parametrize("app", [reads_forever, answers_500_to_every_error])
def test_an_upload_of_no_stated_length_is_refused_with_413_in_every_part(app):
    assert status(BodyLimit(app), chunk=bytes(MAX_BYTES // 2)) == 413
