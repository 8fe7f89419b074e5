import numpy as np
import pytest
from skimage import data

import inpaintkit as ik


@pytest.mark.parametrize("channels", [(), (1,), (3,), (4,)])
def test_the_image_lies_in_the_larger_one_bit_for_bit(channels):
    image = data.coffee()[:60, :80]
    image = np.dstack([image, image[..., 0]])[..., : channels[0]] if channels else image[..., 0]
    larger = ik.outpaint(image, left=5, right=7, top=11, bottom=2, method="telea")
    assert larger.shape == (73, 92, *channels) and larger.dtype == image.dtype
    np.testing.assert_array_equal(larger[11:71, 5:85], image)
    above, first_row = (x.reshape(80, -1)[:, :3] for x in (larger[10, 5:85], image[0]))
    assert abs(above.mean() - first_row.mean()) < 10
    if channels == (4,):
        assert (larger[:11, :, 3] == 255).all()


def test_nothing_to_add_gives_a_copy_and_settings_go_to_inpaint():
    image, calls = np.full((9, 9), 3, "uint16"), []
    np.testing.assert_array_equal(ik.outpaint(image), image)
    ik.outpaint(image, top=2, progress=lambda *args: calls.append(args))
    assert calls == [(18, 18)]


@pytest.mark.parametrize(("side", "value"), [("left", -1), ("bottom", 1.5), ("top", True)])
def test_a_side_that_is_no_number_of_pixels_is_refused(side, value):
    with pytest.raises(ValueError, match=f"{side}={value}: expected a whole number of pixels"):
        ik.outpaint(np.zeros((9, 9, 3)), **{side: value})


def test_what_is_no_image_is_refused():
    with pytest.raises(ValueError, match="image of shape"):
        ik.outpaint(np.zeros(5), left=1)
