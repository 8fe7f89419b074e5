"""Mask generators made of others: mixtures, and banks of masks drawn once."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self

import cv2
import numpy as np

from inpaintkit.checks import is_count, is_number, random_generator
from inpaintkit.masks.base import MaskGenerator
from inpaintkit.masks.random_numbers import RandomNumbers


@dataclass(frozen=True)
class Mixture(MaskGenerator):
    """Draws each mask with one of several generators.

    Args:
        generators: the mask generators.
        weights: how often each is used, one number per generator; None means equally often.
        hole_ratio: None, or (low, high) in (0, 1), for all generators in place of their own.

    Example:
        >>> import inpaintkit as ik
        >>> mixture = ik.masks.Mixture([ik.masks.Center(), ik.masks.Grid(2)], weights=(3, 1))
        >>> ratios = ik.masks.hole_ratio(mixture.sample(100, 32, 32))
        >>> sorted(set(ratios.tolist()))
        [0.25, 0.75]
    """

    generators: tuple
    weights: tuple | None = None
    hole_ratio: tuple | None = None

    def __post_init__(self):
        self._check()
        generators = self.generators if isinstance(self.generators, tuple) else ()
        if not generators or not all(isinstance(part, MaskGenerator) for part in generators):
            raise ValueError(f"generators={self.generators!r}: expected some, such as [Lines(), Text()]")
        weights = self.weights
        numbers = [each for each in weights if is_number(each, 0)] if isinstance(weights, tuple) else []
        if weights is not None and not (len(generators) == len(numbers) == len(weights) and sum(numbers)):
            raise ValueError(f"weights={weights!r}: expected {len(generators)} numbers, not all of them 0")
        if self.hole_ratio is not None:
            generators = tuple(part.with_ratio(self.hole_ratio) for part in generators)
            object.__setattr__(self, "generators", generators)

    def _label_map(self, rng, height, width):
        ends = np.cumsum(self.weights or [1] * len(self.generators))
        chosen = np.searchsorted(ends, rng.uniform(0, ends[-1]), side="right")
        return self.generators[chosen]._label_map(rng, height, width)


@dataclass(frozen=True)
class MaskBank(MaskGenerator):
    """Masks drawn once, then flipped, turned and rolled: for slow generators, such as `FromFolder`.

    A mask is flipped, turned by quarters (by halves where the image is not square) and rolled: what leaves
    the image on one side comes in on the other. None of this changes the hole ratio. The bank is drawn when
    `sample` is first called with a size.

    Args:
        generator: not one whose position matters, such as `Center`, `Border` or `Text`.
        size: masks in the bank; each takes H × W bytes, 65 MB for 1,000 at 256×256.
        seed: of the bank.

    Example:
        >>> import inpaintkit as ik
        >>> bank = ik.masks.MaskBank(ik.masks.Rectangles(count=1, size=8), size=10)
        >>> ik.masks.hole_ratio(bank.sample(3, 32, 32))
        array([0.0625, 0.0625, 0.0625])
    """

    generator: MaskGenerator
    size: int = 1000
    seed: int = 0

    def __post_init__(self):
        self._check()
        random_generator(self.seed)
        if not isinstance(self.generator, MaskGenerator) or not is_count(self.size):
            raise ValueError(f"{self}: expected a mask generator and a number of masks, at least 1")

    def with_ratio(self, hole_ratio: tuple[float, float] | None) -> Self:
        return replace(self, generator=self.generator.with_ratio(hole_ratio))

    def _label_map(self, rng, height, width):
        label_map = _bank(self, height, width)[rng.integer((0, self.size - 1))]
        down, right = rng.integer((0, height - 1)), rng.integer((0, width - 1))
        label_map = np.roll(label_map, (down, right), axis=(0, 1))
        if rng.random() < 0.5 and height == width:
            label_map = cv2.transpose(label_map)
        flip = rng.integer((-1, 2))  # OpenCV's: -1 is both ways, 0 top to bottom, 1 left to right; 2 is none
        return label_map if flip == 2 else cv2.flip(label_map, flip)


@lru_cache(maxsize=4)  # training and validation, at two sizes
def _bank(bank, height, width):
    rng = RandomNumbers(bank.seed)
    return [bank.generator._label_map(rng, height, width) for _ in range(bank.size)]
