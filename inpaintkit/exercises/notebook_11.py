"""Predictions and exercises of notebook 11, the five works measured again."""

import difflib

import numpy as np

from inpaintkit.exercises.core import difference, exercise, prediction

QUESTION = "What will a referee say about the claim of the"
VERDICTS = ("stands", "stands with a definition", "falls")


def claim(text, *reasons):
    prediction(text[:4], f"{QUESTION} {text[5:]}?", dict(zip(VERDICTS, reasons, strict=True)))


claim(
    '11.a CelebA study: with skip connections "loss values are smaller than in case of simple Autoencoder"',
    "the raw SSIM is higher, and the fills in the holes are better, too.",
    "right about the loss of raw output; in the hole, ten images cannot tell the two networks apart.",
    "the raw SSIM, from which its loss is computed, is not higher with skip connections.",
)
claim(
    '11.b album-cover study that, tested on eight images, "the smallest [network] seemed to be sufficient"',
    "even a method that only stores the eight images fills other images well.",
    "sufficient to store eight images; a method that only stores passes this test, and fails on others.",
    "a method that stores the eight images does not even pass on these.",
)
claim(
    "11.c paintings study: after four epochs, the MAE on CIFAR-10 is 0.0374",
    "an MAE of 0.0374 excludes fills as bad as the mean colour.",
    "fills by biharmonic and by the mean colour can both have this raw MAE; the hole was not measured.",
    "even good fills have a larger MAE.",
)
claim(
    "11.d face report: its fills have a PSNR of 30.456 dB and a mean squared error of 0.00042",
    "the mean PSNR is not below the PSNR of the mean error, so both can be right.",
    "the two numbers can be right together, if both are means over the same images.",
    "they exclude each other: with this mean squared error, the mean PSNR is 33.8 dB or more.",
)
claim(
    "11.e tutorial that `--mask_ratio 0.5` makes holes of 50 %",
    "the holes have the ratio that was asked for.",
    "the holes follow the option, though not exactly.",
    "the script that we found never uses this value: its holes do not depend on it.",
)


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
            "Your two values are equal, as in a composite; raw output has errors elsewhere.": [most, most],
            "You multiplied by the hole ratio: in fewer pixels, the mean is larger.": [0, mae * ratio],
            "You divided by the share of the known pixels, 1 − hole_ratio.": [0, mae / (1 - ratio)],
            "Your largest value is the mean over the whole image. In the hole, it can be larger.": [0, mae],
            "An error larger than 1 is impossible for values in [0, 1].": [0, most],
        }
        given = f"mae {mae:.4f}, hole_ratio {ratio:.3f}"
        if fault := difference(answer(mae, ratio), [0, min(1, most)], 1e-6, "", mistakes, given):
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
NEVER = ("output", "baseline", "untrained", "seeds", "interval")
# What the text of each work does not state; about some other boxes one can argue.
MISSING = {"celeba": ("hole_ratio", *NEVER), "albums": ("metric", *NEVER), "tutorial": ("split", *NEVER)}


@exercise(
    "11.3",
    "answer",
    'Fill the form: for each box, what the work states, or "not stated".',
    hints=[
        'work is "celeba", "albums" or "tutorial", or the title of any paper. Every box needs a text.',
        'A box needs the value: not "yes", but "four squares of 32×32 in 256×256".',
        "A method counts as a baseline only if it is measured on the same images and holes.",
    ],
    right='Count your "not stated". (Of a paper of your own choice, only the form was checked.)',
)
def form(answer, rng):
    if not isinstance(answer, dict) or set(answer) != {"work", *BOXES}:
        return f"The form needs exactly these keys: work, {', '.join(BOXES)}."
    text = {box: str(answer[box] or "").strip().lower().rstrip(".") for box in answer}
    words = text["work"].replace("-", " ").removeprefix("the ").split()
    # "the CelebA study" and "Album-cover study" are works that we know; a longer title is another paper
    (work,) = (difflib.get_close_matches(words[0], MISSING, 1, 0.8) if 0 < len(words) < 4 else []) or [""]
    if empty := [box for box in ("work", *BOXES) if not text[box]]:
        return f'Empty: {", ".join(empty)}. Write "not stated" if it is so.' * (len(empty) < len(text))
    for box in BOXES:
        if text[box] in ("yes", "no", "true", "stated", "given", "known"):
            return f'{box}: write what the work states, not only "{text[box]}".'
        if text[box] != "not stated" and [*text.values()].count(text[box]) > 1:
            return f'"{text[box]}" stands in two boxes: each box asks for something else.'
    stated = "metric" if work == "celeba" else "hole_ratio"
    if work and text[stated] == "not stated":
        return f"{stated}: this work states it. Read its section above once more."
    for box in MISSING.get(work, ()):
        if text[box] != "not stated":
            named = " (Methods that it only names are not measured.)" * (box == "baseline")
            return f"{box}: you wrote a value, but we found none in the text of this work.{named}"
