"""What is refused before a request reaches the HTTP interface or the page."""

import contextlib
import ipaddress
from urllib.parse import urlsplit

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers

from inpaintkit.serving.uploads import MAX_BYTES, Refused


class BodyLimit:
    """ASGI middleware that refuses requests of more than `MAX_BYTES`, of a stated length or not."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        error = Refused(413, f"a request may have {MAX_BYTES:,} bytes: send a smaller image, or as JPEG")
        if int(Headers(scope=scope).get("content-length", "0")) > MAX_BYTES:
            return await (await answer_refused(None, error))(scope, receive, send)
        came, refused, started = 0, False, False

        async def limited():
            nonlocal came, refused
            message = await receive()
            came += len(message.get("body", b""))
            if came > MAX_BYTES:
                refused = True
                raise error
            return message

        async def send_unless_refused(message):
            nonlocal started
            if not refused:  # else a part that does not know `Refused` would answer with 500
                started = True
                await send(message)

        with contextlib.suppress(Refused):
            await self.app(scope, limited, send_unless_refused)
        if refused and not started:
            await (await answer_refused(None, error))(scope, receive, send)


class OwnPagesOnly:
    """ASGI middleware that refuses what web pages of other servers send, in the browser of the user.

    Such a page may post to 127.0.0.1 (browsers say so in the header Sec-Fetch-Site or Origin), or let its
    own name stand for 127.0.0.1, and read the answers, too (then the header Host has its name).

    Args:
        app: the ASGI application. local: whether only this machine reaches the server.
    """

    def __init__(self, app, local):
        self.app, self.local = app, local

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            headers, words = Headers(scope=scope), None
            if self.local and not is_local_name(headers.get("host", "localhost")):
                words = "this server answers at http://localhost and http://127.0.0.1 only"
            elif scope["method"] not in ("GET", "HEAD") and _is_foreign(headers):
                words = "a web page of another server may not use this one: open this server's own page"
            if words:
                return await (await answer_refused(None, Refused(403, words)))(scope, receive, send)
        return await self.app(scope, receive, send)


def is_local_name(host):
    """Whether a host, with a port or without, is localhost, or a number: only names can be given away.

    Example:
        >>> is_local_name("localhost:7860"), is_local_name("[::1]:7860"), is_local_name("example.org")
        (True, True, False)
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or name.endswith(".localhost") or bool(ipaddress.ip_address(name))
    except ValueError:
        return False


def _is_foreign(headers):
    if site := headers.get("sec-fetch-site"):  # behind a proxy, Host may be another than in Origin
        return site == "cross-site"
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] != headers.get("host")


async def answer_refused(request, error):
    """The response for a `Refused`."""
    headers = {"Retry-After": "60"} if error.status == 503 else None
    return JSONResponse({"detail": str(error)}, error.status, headers)
