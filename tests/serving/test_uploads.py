"""The checks before anything is decoded."""

import numpy as np
import pytest
from serving_helpers import png

from inpaintkit.serving import uploads


def test_the_header_decides(monkeypatch):
    image = png(np.zeros((30, 40, 3), "uint8"))
    assert uploads.check_upload(image, "image") == (40, 30)
    assert uploads.check_upload(image[:60], "image") == (40, 30)  # the pixels are not read
    monkeypatch.setattr(uploads, "MAX_PIXELS", 1199)
    with pytest.raises(uploads.Refused, match="more than 1,199 pixels") as caught:
        uploads.check_upload(image, "image")
    assert caught.value.status == 413


@pytest.mark.parametrize("data", [b"", b"text", b"%!PS-Adobe-3.0 EPSF-3.0", b"<svg/>", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_image_is_refused(data):
    with pytest.raises(uploads.Refused, match="mask is not an image: send a PNG") as caught:
        uploads.check_upload(data, "mask")
    assert caught.value.status == 415


def test_a_job_holds_what_the_name_stands_for():
    image, mask = png(np.zeros((30, 40, 3), "uint8")), png(np.zeros((30, 40), "uint8"))
    job = uploads.check_job(image, mask, "mine", {"mine": "folder/model.keras"}, blend="none", seed="7")
    assert (job["method"], job["blend"], job["seed"]) == ("folder/model.keras", None, 7)
    for wrong in (
        {"method": "folder/model.keras"},
        {"hole": ["white"]},
        {"seed": True},
        {"seed": 2**32},
        *({"seed": s} for s in ("9" * 5000, "-1", "", 10**5000)),
    ):
        with pytest.raises(uploads.Refused) as caught:
            uploads.check_job(image, mask, **{"method": "mine", "methods": ["mine"], **wrong})
        assert caught.value.status == 422
