"""Mask generators made of others: mixtures, and banks of masks drawn once."""

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

import cv2
import numpy as np

from inpaintkit.masks.base import MaskGenerator, stream


@dataclass(frozen=True)
class Mixture(MaskGenerator):
    """Each mask of one of several kinds.

    Args:
        kinds: the kinds.
        weights: how often each, a number a kind; None is evenly.
        hole_ratio: None, or (low, high) in (0, 1), for every kind in place of its own.
    """

    kinds: tuple
    weights: tuple | None = None
    hole_ratio: tuple | None = None

    def __post_init__(self):
        self._check()
        kinds = tuple(self.kinds) if np.iterable(self.kinds) else ()
        if not kinds or not all(isinstance(kind, MaskGenerator) for kind in kinds):
            raise ValueError(f"kinds={self.kinds!r}: expected kinds of holes, such as [Lines(), Strokes()]")
        weights = None if self.weights is None else tuple(self.weights)
        if weights and (len(weights) != len(kinds) or min(weights) < 0 or sum(weights) == 0):
            raise ValueError(f"weights={weights!r}: expected {len(kinds)}, one a kind, not all of them 0")
        if self.hole_ratio is not None:
            kinds = tuple(kind.with_ratio(self.hole_ratio) for kind in kinds)
        object.__setattr__(self, "kinds", kinds)  # tuples, so that a mixture can stand in a MaskBank
        object.__setattr__(self, "weights", weights)

    def _drawings(self, rng, height, width):
        shares = np.array(self.weights or [1] * len(self.kinds), float)
        drawings = [kind._drawings(rng, height, width) for kind in self.kinds]
        for chosen in stream(lambda n: rng.choice(len(drawings), n, p=shares / shares.sum()).tolist()):
            yield next(drawings[chosen])


@dataclass(frozen=True)
class MaskBank(MaskGenerator):
    """Masks drawn once, and then turned, flipped and rolled: for kinds that draw slowly, and for folders.

    Args:
        kind: of hole; not one whose place matters, such as `Center`, `Border` or `Text`.
        size: masks in the bank; each takes H × W bytes, 65 MB for 1,000 at 256×256.
        seed: of the bank.

    A mask is flipped, turned by quarters (by halves where the image is not square) and rolled, which brings
    what leaves the frame in again on the other side; the hole ratio of `kind` survives all three. The bank is
    drawn at the first `sample` of a size.
    """

    kind: MaskGenerator
    size: int = 1000
    seed: int = 0

    def __post_init__(self):
        self._simplify()
        if not isinstance(self.kind, MaskGenerator) or not isinstance(self.size, int) or self.size < 1:
            raise ValueError(
                f"{self}: expected a kind of hole and a number of masks: MaskBank(Strokes(), 1000)"
            )

    def with_ratio(self, hole_ratio):
        return replace(self, kind=self.kind.with_ratio(hole_ratio))

    def _drawings(self, rng, height, width):
        bank = _bank(self, height, width)
        low, high = (0, 0, 0, 0, -1), (self.size, height, width, 2, 3)
        for chosen, down, right, turn, flip in stream(lambda n: rng.integers(low, high, (n, 5)).tolist()):
            drawing = np.roll(bank[chosen], (down, right), (0, 1))
            if turn and height == width:
                drawing = cv2.transpose(drawing)
            yield drawing if flip == 2 else cv2.flip(drawing, flip)  # both ways, down or across


@lru_cache(maxsize=4)  # training and validation, at two sizes
def _bank(bank, height, width):
    drawings = bank.kind._drawings(np.random.default_rng(bank.seed), height, width)
    return np.stack([(drawing > 0).astype("uint8") for drawing in islice(drawings, bank.size)])
