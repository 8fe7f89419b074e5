"""Answers that differ from the solutions, and are right as well."""

import cv2
import numpy as np
import pytest

import inpaintkit as ik


def with_inpaint(photo, drawing, method):
    return ik.inpaint(photo, np.float32(drawing == 0)[..., None], method)


def exact_discs(thing):
    return np.float32(cv2.distanceTransform(np.uint8(~thing), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) > 4)


def tossed(wins, images):
    heads = np.random.default_rng().binomial(images, 0.5, 200_000)
    return np.mean((heads >= wins) | (images - heads >= wins))


def lowest_on_a_grid(label):
    x = np.arange(-6, 6, 0.01)
    sigmoid = 1 / (1 + np.exp(-x))
    return x[np.argmin(-label * np.log(sigmoid) - (1 - label) * np.log(1 - sigmoid))]


RIGHT = [("07.3", lowest_on_a_grid), ("09.3", tossed), ("10.1", with_inpaint), ("10.2", exact_discs)]


@pytest.mark.parametrize(("id", "answer"), RIGHT, ids=lambda value: getattr(value, "__name__", value))
def test_it_is_accepted(id, answer, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for _ in range(4):
        assert ik.exercises.check(id, answer), capsys.readouterr().out
