"""Trained weights that ship with the kit, each with a card that says how it was made.

A weight file is plain float16 arrays by layer name (`.npz`, read without pickle); the network is built by
the function that its card names, so no class is stored and renaming one breaks nothing.
"""

from inpaintkit.pretrained.loading import NAMES, card, load, save

__all__ = ["NAMES", "card", "load", "save"]
