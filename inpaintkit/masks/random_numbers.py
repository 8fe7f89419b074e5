"""Random numbers for drawing: taken one by one, drawn a thousand at a time."""

import math

from inpaintkit.checks import random_generator


class RandomNumbers:
    """Random numbers one at a time, from one NumPy call per thousand.

    A NumPy call per number would take longer than drawing the shapes. Only `Generator.random` is used, so
    that a seed gives the same numbers with every version of NumPy.
    """

    def __init__(self, seed):
        self._rng = random_generator(seed)
        self._numbers = []

    def random(self):
        """A number in [0, 1)."""
        if not self._numbers:
            self._numbers = self._rng.random(1000).tolist()
        return self._numbers.pop()

    def uniform(self, low, high):
        """A number between low and high."""
        return low + (high - low) * self.random()

    def integer(self, value):
        """A whole number from (low, high), both included; a plain number is itself."""
        low, high = value if isinstance(value, tuple) else (value, value)
        return low + int((high - low + 1) * self.random())

    def normal(self, mean, deviation):
        """A normally distributed number, by the method of Box and Muller."""
        radius = math.sqrt(-2 * math.log(1 - self.random()))
        return mean + deviation * radius * math.cos(self.uniform(0, 2 * math.pi))

    def pixel(self, shape):
        """A pixel (x, y) of an image of shape (H, W)."""
        height, width = shape
        return int(width * self.random()), int(height * self.random())
