"""Predictions and exercises of notebook 11, the five works measured again."""

import numpy as np

from inpaintkit.exercises.core import difference, exercise, prediction

CLAIMS = {
    "11.a": (
        'the CelebA study: with skip connections, "loss values are smaller than in case of simple '
        'Autoencoder" (validation SSIM 0.916 and 0.811)',
        "true of the raw output; in the hole, the ten published images cannot tell the two networks apart",
    ),
    "11.b": (
        'the album-cover study: of three networks, tested on eight images, "the smallest seemed to be '
        'sufficient"',
        "sufficient to store eight images; this says nothing about other images, as the study itself shows",
    ),
    "11.c": (
        "the paintings study: after four epochs, MAE 0.0374 on validation images of CIFAR-10",
        "the mean colour of the image, with no training, has a smaller error on such holes",
    ),
    "11.d": (
        "the face report: its outputs have a PSNR of 30.456 dB and a mean squared error of 0.00042",
        "with this mean squared error, the mean PSNR of the same outputs is 33.8 dB or more",
    ),
    "11.e": (
        'the tutorial: `python train_pytorch.py --mask_ratio 0.5`, "50% masked"',
        "the script that we found never uses this value: its holes do not depend on it",
    ),
}
VERDICTS = ("stands", "stands with a definition", "falls")
for claim_id, (claim, reason) in CLAIMS.items():
    prediction(claim_id, f"What will a referee say about {claim}?", dict.fromkeys(VERDICTS, reason))


@exercise(
    "11.1",
    "hole_mae(mae, hole_ratio)",
    "Return the smallest and the largest mean absolute error that the hole can have, as two numbers.",
    hints=[
        "The sum of the errors of all pixels is mae × number of pixels. Where can these errors be?",
        "Smallest: all errors are in the known pixels. Largest: all are in the hole, a share of the image.",
        "Pixel values lie in [0, 1]. How large can the error of one pixel be?",
    ],
    right="A raw error over the whole image says almost nothing about the hole.",
)
def hole_mae(answer, rng):
    ratio = rng.uniform(0.1, 0.4)
    mae = ratio * rng.uniform(0.2, 0.8)
    mistakes = {
        "These two are equal only if the known pixels have no error, as in a composite. In a raw output "
        "they may have all of it.": [mae / ratio] * 2,
        "You multiplied by the hole ratio: all the errors in a small hole make a large mean, so divide.": [
            0,
            mae * ratio,
        ],
        "You divided by the share of the known pixels, 1 − hole_ratio.": [0, mae / (1 - ratio)],
        "Your largest value is the mean over the whole image. In the hole, the mean can be larger.": [0, mae],
    }
    given = f"mae {mae:.4f}, hole_ratio {ratio:.3f}"
    fault = difference(answer(mae, ratio), [0, mae / ratio], 1e-6, mistakes=mistakes, given=given)
    if fault is None:
        mae = ratio * 1.2
        mistakes = {"An error larger than 1 is impossible for values in [0, 1].": [0, mae / ratio]}
        given = f"mae {mae:.4f}, hole_ratio {ratio:.3f}"
        fault = difference(answer(mae, ratio), [0, 1], 1e-6, mistakes=mistakes, given=given)
    return fault


@exercise(
    "11.2",
    "can_agree(psnr, mse)",
    "Return True if a mean PSNR (dB) and a mean squared error can come from the same images, else False.",
    hints=[
        "First let all images have the same error: which PSNR belongs to it?",
        "Now let the errors differ, for example 0.0001 and 0.0009. Is the mean PSNR higher or lower?",
        "The mean PSNR is never lower than −10 · log10 of the mean squared error, and may be much higher.",
    ],
    right="With it, everyone can check two numbers of one paper against each other.",
)
def can_agree(answer, rng):
    mse = rng.lognormal(np.log(4e-4), 1, 200)  # one value per image
    bound = -10 * np.log10(mse.mean())
    few = np.r_[rng.uniform(0.05, 0.1), np.full(999, 1e-10)]  # one bad image among almost perfect ones
    cases = (
        (np.mean(-10 * np.log10(mse)), mse.mean()),
        (bound - rng.uniform(0.5, 5), mse.mean()),
        (np.mean(-10 * np.log10(few)), few.mean()),
    )
    given = tuple(bool(answer(float(psnr), float(error))) for psnr, error in cases)
    return {
        (True, False, True): None,
        (False, True, False): "Your inequality points the wrong way: low errors give a high PSNR.",
        (False, False, False): "You ask for equality (or accept nothing). If images differ, the mean PSNR is "
        "higher than the PSNR of the mean error.",
        (False, False, True): "Your bound is too high: use 10 times the logarithm to base 10.",
        (True, True, True): "You accept every pair. A PSNR that is too low for the error cannot be right.",
    }.get(
        given,
        f"Of three pairs, the first and the last are possible and the second is not; you said {given}.",
    )


BOXES = ("metric", "output", "hole_ratio", "baseline", "untrained", "seeds", "split", "interval")
NOT_STATED = "not stated"
# What the text of a work states (True) or not (False). Boxes about which one can argue are left out.
STATED = {
    "celeba": dict.fromkeys(("output", "hole_ratio", "baseline", "untrained", "seeds", "interval"), False),
    "albums": {
        **dict.fromkeys(("metric", "output", "baseline", "untrained", "seeds", "interval"), False),
        "hole_ratio": True,
    },
    "tutorial": {
        **dict.fromkeys(("output", "baseline", "untrained", "seeds", "split", "interval"), False),
        "hole_ratio": True,
    },
}


@exercise(
    "11.3",
    "answer",
    'Fill the form: for each box, what the work states, or "not stated".',
    hints=[
        'work is "celeba", "albums" or "tutorial", or the title of any paper. Every box needs a text.',
        'A box needs the value: not "yes", but "four squares of 32×32 in 256×256".',
        "A method counts as a baseline only if it is measured on the same images and holes.",
    ],
    right='Count your boxes with "not stated". A reader has to guess each of them.',
)
def form(answer, rng):
    if not isinstance(answer, dict) or set(answer) != {"work", *BOXES}:
        return f"The form needs exactly these keys: work, {', '.join(BOXES)}."
    empty = [box for box in ("work", *BOXES) if not str(answer[box] or "").strip()]
    if len(empty) == len(answer):
        return ""
    if empty:
        return f'Empty: {", ".join(empty)}. If the work does not say it, write "{NOT_STATED}".'
    text = {box: str(answer[box]).strip().lower().rstrip(".") for box in BOXES}
    for box in BOXES:
        if text[box] in ("yes", "no", "true", "stated", "given", "known"):
            return f'{box}: write what the work states, not only "{text[box]}".'
    for box, stated in STATED.get(str(answer["work"]).strip().lower(), {}).items():
        if stated and text[box] == NOT_STATED:
            return f"{box}: this work states it. Read its section above once more."
        if not stated and text[box] != NOT_STATED:
            if box == "baseline" and answer["work"] == "tutorial":
                return "baseline: the tutorial names classical methods, but measures none of them."
            return f"{box}: you wrote a value, but we found none in the text of this work."
    return None
