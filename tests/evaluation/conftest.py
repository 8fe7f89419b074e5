import pytest

import inpaintkit as ik


@pytest.fixture(scope="session")
def images():
    return ik.data.images("photos", "test", 32, count=24)
