"""The HTTP interface below /api: POST inpaint, GET methods and health, and a page that explains them."""

import asyncio
import base64
import html
import json

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from inpaintkit.serving.guards import answer_refused
from inpaintkit.serving.uploads import FORMATS, MAX_BYTES, MAX_PIXELS, Refused, check_job

MAX_COMMAS = 99  # in JSON: 20 MB of small values would take seconds, and nobody else is answered meanwhile
_ERRORS = {
    400: "An image or the request is broken.",
    403: "The request came from a web page of another server, or to a name that is not of this machine.",
    413: f"More than {MAX_BYTES:,} bytes in the request, or more than {MAX_PIXELS:,} pixels in the image.",
    415: f"Something else than an image ({', '.join(FORMATS[:-1])}), or neither multipart nor JSON.",
    422: "A field is missing, unknown or wrong; the mask has another size than the image, or no hole.",
    500: "The fill failed.",
    503: "All workers are busy and the queue is full: try again later.",
    504: "The job took too long and was stopped.",
}


def api_routes(jobs, methods, default):
    """The FastAPI application that is mounted at /api.

    Args:
        jobs: `Jobs`. methods: {name: what `ik.inpaint` takes}. default: the name of the default method.
    """
    from inpaintkit import __version__

    api = FastAPI(title="inpaintkit", version=__version__, docs_url=None, redoc_url=None)
    api.add_exception_handler(Refused, answer_refused)

    fields = {
        "method": {"type": "string", "enum": list(methods), "default": default},
        "hole": {"type": "string", "enum": ["white", "black", "alpha"], "default": "white",
                 "description": "What the hole is in the mask."},
        "blend": {"type": "string", "enum": ["feather", "poisson", "none"], "default": "feather",
                  "description": "How the fill is blended at the rim of the hole."},
        "seed": {"type": "integer", "minimum": 0, "maximum": 2**32 - 1, "default": 0},
    }  # fmt: skip
    errors = {"application/json": {"schema": _object({"detail": {"type": "string"}})}}
    png = {"type": "string", "format": "binary"}
    result = {name: {"type": "integer"} for name in ("width", "height")}
    result |= {name: {"type": "number"} for name in ("hole_ratio", "seconds")}
    text = {"type": "string", "contentEncoding": "base64"}
    answers = {
        "image/png": {"schema": png},
        "application/json": {"schema": _object({"image": text, **result})},
    }
    responses = {status: {"description": words, "content": errors} for status, words in _ERRORS.items()}
    responses[200] = {
        "description": "The image with its hole filled: a PNG, or JSON if JSON came.",
        "content": answers,
    }
    accepted = {
        "multipart/form-data": {"schema": _object({"image": png, "mask": png, **fields}, "image", "mask")},
        "application/json": {"schema": _object({"image": text, "mask": text, **fields}, "image", "mask")},
    }
    body = {"required": True, "content": accepted}

    @api.post("/inpaint", responses=responses, response_class=Response, openapi_extra={"requestBody": body})
    async def inpaint(request: Request):
        """Fills the hole of an image. Known pixels stay as they are, bit for bit."""
        with jobs.place():
            try:
                sent, is_json = await asyncio.wait_for(_read_fields(request), jobs.seconds)
            except TimeoutError as error:
                raise Refused(
                    504, f"the request took more than {jobs.seconds:g} seconds to arrive"
                ) from error
            if unknown := sent.keys() - accepted["application/json"]["schema"]["properties"].keys():
                raise Refused(
                    422, f"unknown field {min(unknown)[:40]!r}: expected image, mask, {', '.join(fields)}"
                )
            for name in ("image", "mask"):
                if not isinstance(sent.get(name), bytes):
                    raise Refused(422, f"{name} is missing: send it as a file, or in JSON as base64")
            sent = {"method": default, **sent}
            if sent["method"] not in list(methods):
                raise Refused(422, f"unknown method: expected one of {', '.join(methods)}")
            answer = await run_in_threadpool(jobs.run, "fill", check_job(methods=methods, **sent))
        image, about = answer.pop("png"), answer
        if is_json:
            return JSONResponse({"image": base64.b64encode(image).decode(), **about})
        headers = {f"X-{name.replace('_', '-').title()}": f"{value:.6g}" for name, value in about.items()}
        return Response(image, media_type="image/png", headers=headers)

    @api.get("/methods")
    async def list_methods() -> dict:
        """The names that `method` can be, and the default."""
        return {"methods": list(methods), "default": default}

    @api.get("/health")
    async def health() -> dict:
        """Whether the server is alive, and how many requests it would take now."""
        return {"status": "ok", "version": __version__, "free_places": jobs.free}

    @api.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(_docs_page(api.openapi()))

    return api


async def _read_fields(request):
    """{name: bytes of a file, or another value} and whether the request was JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with request.form(max_files=2, max_fields=8, max_part_size=MAX_BYTES) as form:
            return {k: v if isinstance(v, str) else await v.read() for k, v in form.items()}, False
    if kind != "application/json":
        raise Refused(415, "send multipart/form-data with files, or application/json with base64")
    body = await request.body()
    if body.count(b",") > MAX_COMMAS:
        raise Refused(422, "expected a JSON object with image and mask as base64, and nothing else")
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "this is not JSON: send an object with image and mask as base64") from error
    if not isinstance(sent, dict):
        raise Refused(422, "expected a JSON object with image and mask as base64")
    for name in sent.keys() & {"image", "mask"}:
        text = sent[name] if isinstance(sent[name], str) else ""
        try:
            sent[name] = base64.b64decode(text.partition("base64,")[2] or text, validate=True)
        except ValueError as error:
            raise Refused(422, f"{name} is not base64") from error
    return sent, True


def _object(properties, *required):
    shape = {"type": "object", "properties": properties, "additionalProperties": False}
    return shape | ({"required": list(required)} if required else {})


def _docs_page(schema):
    """A page about the interface that loads nothing from elsewhere, which FastAPI's own page does."""
    parts = []
    for path, operations in schema["paths"].items():
        for verb, operation in operations.items():
            parts.append(f"<h2><code>{verb.upper()} /api{path}</code></h2><p>{operation['description']}</p>")
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                rows = [(k, html.escape(json.dumps(v))) for k, v in content["schema"]["properties"].items()]
                parts.append(f"<h3>{kind}</h3>{_table(rows)}")
            answers = sorted((str(k), v["description"]) for k, v in operation["responses"].items())
            parts.append(f"<h3>Answers</h3>{_table(answers)}")
    style = (
        ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;"
        "margin:1rem auto;padding:0 1rem}td{padding:.2rem .6rem;vertical-align:top;overflow-wrap:anywhere}"
    )
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>{style}</style>'
    head += "<title>inpaintkit over HTTP</title><h1>inpaintkit over HTTP</h1>"
    link = '<p>The same for programs: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1).</p>'
    return f'<!doctype html><html lang="en">{head}{link}{"".join(parts)}'


def _table(rows):
    cells = "".join(f"<tr><td><code>{name}</code></td><td>{words}</td></tr>" for name, words in rows)
    return f"<table>{cells}</table>"
