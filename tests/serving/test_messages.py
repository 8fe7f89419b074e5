"""Messages of the workers: JSON and bytes come back; what is cut off or strange is refused, and never run."""

import io
import pickle

import pytest

from inpaintkit.serving.messages import receive, send

MESSAGE = [
    "fill",
    {"image": b"\x89PNG\n\0", "mask": b"", "method": "é", "seed": 3, "blend": None, "size": [2, 3]},
]


def sent(message):
    file = io.BytesIO()
    send(file, message)
    return file.getvalue()


def test_messages_come_back_one_after_the_other():
    file = io.BytesIO(sent(MESSAGE) + sent(["done", None]))
    assert receive(file) == MESSAGE and receive(file) == ["done", None]
    with pytest.raises(EOFError):
        receive(file)


def test_a_message_that_is_cut_off_anywhere_is_none():
    whole = sent(MESSAGE)
    for length in range(len(whole)):
        with pytest.raises(EOFError):
            receive(io.BytesIO(whole[:length]))


@pytest.mark.parametrize("data", [b"nothing\n", b"\xff\n", pickle.dumps(MESSAGE) + b"\n"])
def test_anything_else_is_refused(data):
    with pytest.raises(ValueError):
        receive(io.BytesIO(data))


def test_what_json_cannot_hold_is_not_sent():
    with pytest.raises(TypeError):
        send(io.BytesIO(), ["fill", object()])
