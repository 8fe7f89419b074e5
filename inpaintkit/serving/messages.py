"""Messages between the server and its workers: JSON and bytes, so that reading one cannot run code."""

import json


def send(file, message):
    """Writes a message of JSON values and bytes: a line of JSON, then the bytes that it counts.

    Args:
        file: opened as binary. message: tuples arrive as lists.

    Example:
        >>> import io
        >>> file = io.BytesIO()
        >>> send(file, ("fill", {"image": b"GIF8"}))
        >>> file.getvalue()
        b'["fill", {"image": {"count of bytes": 4}}]\\nGIF8'
        >>> receive(io.BytesIO(file.getvalue()))
        ['fill', {'image': b'GIF8'}]
    """
    parts = []
    line = json.dumps(message, default=lambda part: parts.append(part) or {"count of bytes": len(part)})
    file.write(b"".join([line.encode(), b"\n", *parts]))
    file.flush()


def receive(file):
    """Reads the next message; EOFError if there is none, or only the beginning of one."""

    def read(found):  # called for one dict after the other, inner ones first
        if list(found) != ["count of bytes"]:
            return found
        part = file.read(found["count of bytes"])
        if len(part) < found["count of bytes"]:
            raise EOFError
        return part

    if not (line := file.readline()).endswith(b"\n"):
        raise EOFError
    return json.loads(line, object_hook=read)
