"""Predictions and exercises of notebook 11, the five works measured again."""

import numpy as np

from inpaintkit.exercises.core import difference, exercise, prediction

QUESTION = "What will a referee say about the claim of the"
VERDICTS = ("stands", "stands with a definition", "falls")


CLAIMS = {  # what is claimed, and the reason for the verdict
    "11.a": (
        'CelebA study: with skip connections, "loss values are smaller than in case of simple Autoencoder"',
        "right about the loss of raw output; in the hole, ten images cannot tell the two networks apart.",
    ),
    "11.b": (
        'album-cover study: tested on eight images, "the smallest [network] seemed to be sufficient"',
        "sufficient to store eight images; a method that only stores passes this test, and fails on others.",
    ),
    "11.c": ("paintings study: an MAE of 0.0374 on CIFAR-10", "a fill by the mean colour can have it, too."),
    "11.d": (
        "face report: its fills have a PSNR of 30.456 dB and a mean squared error of 0.00042",
        "they exclude each other: with this mean squared error, the mean PSNR is 33.8 dB or more.",
    ),
    "11.e": ("tutorial: `--mask_ratio 0.5` makes holes of 50 %", "the script never uses this value."),
}
OTHER = "here the numbers say so; in our run they said something else."  # for example in fast mode
for id, (claim, reason) in CLAIMS.items():
    verdict = "falls" if id in ("11.d", "11.e") else "stands with a definition"
    prediction(id, f"{QUESTION} {claim}?", {each: reason if each == verdict else OTHER for each in VERDICTS})


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
    for mae in (ratio * rng.uniform(0.2, 0.8), ratio * 1.2):
        most = mae / ratio
        mistakes = {
            "Your two values are equal, as in a composite, where known pixels have no error. Raw output may "
            "have all of the error there.": [most, most],
            "You multiplied by the hole ratio: in fewer pixels, the mean is larger.": [0, mae * ratio],
            "You divided by the share of the known pixels, 1 − hole_ratio.": [0, mae / (1 - ratio)],
            "Your largest value is the mean over the whole image. In the hole, it can be larger.": [0, mae],
            "An error larger than 1 is impossible for values in [0, 1].": [0, most],
        }
        given = f"mae {mae:.4f}, hole_ratio {ratio:.3f}"
        fault = difference(answer(mae, ratio), [0, min(1, most)], 1e-6, mistakes=mistakes, given=given)
        if fault:
            return fault
    return None


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
    few = np.append(np.full(999, 1e-10), rng.uniform(0.05, 0.1))  # one bad image among almost perfect ones
    pairs = [(np.mean(-10 * np.log10(errors)), np.mean(errors)) for errors in (mse, few)]
    pairs.append((-10 * np.log10(mse.mean()) - rng.uniform(0.5, 5), mse.mean()))  # too low
    given = tuple(bool(answer(float(psnr), float(error))) for psnr, error in pairs)
    return {
        (True, True, False): None,
        (False, False, True): "Your inequality points the wrong way: low errors give a high PSNR.",
        (False, False, False): "You ask for equality (or accept nothing), but images differ.",
        (False, True, False): "Your bound is too high: use 10 times the logarithm to base 10.",
        (True, True, True): "You accept every pair. A PSNR that is too low for the error cannot be right.",
    }.get(given, "Of three pairs, the first two are possible and the third is not; you said otherwise.")


BOXES = ("metric", "output", "hole_ratio", "baseline", "untrained", "seeds", "split", "interval")
MISSING = {  # what the text of each work does not state; about some other boxes one can argue
    "celeba": ("output", "hole_ratio", "baseline", "untrained", "seeds", "interval"),
    "albums": ("metric", "output", "baseline", "untrained", "seeds", "interval"),
    "tutorial": ("output", "baseline", "untrained", "seeds", "split", "interval"),
}
STATED = {"celeba": ("metric",), "albums": ("hole_ratio",), "tutorial": ("hole_ratio",)}


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
    text = {box: str(answer[box] or "").strip().lower().rstrip(".") for box in answer}
    empty = [box for box in ("work", *BOXES) if not text[box]]
    if empty:
        wanted = f'Empty: {", ".join(empty)}. If the work does not say it, write "not stated".'
        return "" if len(empty) == len(text) else wanted
    for box in BOXES:
        if text[box] in ("yes", "no", "true", "stated", "given", "known"):
            return f'{box}: write what the work states, not only "{text[box]}".'
    values = {text[box] for box in BOXES}
    if len(values) == 1 and values != {"not stated"}:
        return "All boxes hold the same text. Each box asks for something else."
    name = text["work"].removeprefix("the ").removesuffix(" study")
    work = {"album-cover": "albums", "album": "albums"}.get(name, name)
    for box in STATED.get(work, ()):
        if text[box] == "not stated":
            return f"{box}: this work states it. Read its section above once more."
    for box in MISSING.get(work, ()):
        if text[box] != "not stated":
            return f"{box}: you wrote a value, but we found none in the text of this work."
    return None
