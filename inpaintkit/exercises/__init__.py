"""Predictions and exercises for the notebooks, with checks that say what is wrong. No server is needed.

How to add an exercise to notebook NN (an example of everything is notebook_09.py):

1. In `inpaintkit/exercises/notebook_NN.py` write a check. It receives the student's answer and a random
   generator with a new seed, and returns None if the answer is right, otherwise one sentence:

       @exercise("NN.1", "psnr(mse)", "Write PSNR in dB.", hints=["Start with a logarithm.", "…"])
       def psnr(answer, rng):
           mse = rng.uniform(0.001, 0.1)
           wrong = {"You used the natural logarithm; decibels use base 10.": -10 * np.log(mse)}
           return difference(answer(mse), -10 * np.log10(mse), 0.01, "dB", wrong)

   A signature with brackets asks for a function; write "answer" if the answer is a number or a word.
   A prediction is `prediction("NN.a", question, {choice: one sentence why, if this is the result, …})`,
   or, for a number, `prediction("NN.b", question, unit="dB", why="…")`.
2. In the notebook: `ik.exercises.predict("NN.a", None)` before the result, `ik.exercises.reveal("NN.a",
   result)` after it; below `## Exercises` the text (`**NN.1** …`), then a code cell with
   `def psnr(mse): ...` (or `answer = None`) and `ik.exercises.check("NN.1", psnr);`. The open exercise
   `**NN.4**` has no check, but a rubric: 3 to 5 lines that begin with "- ".
3. In `notebooks/solutions/NN.py`: `SOLUTIONS = {"NN.1": psnr}`, and `WRONG = {"NN.1": {"natural
   logarithm": wrong_psnr}}`, whose keys are words of the sentence that this wrong answer gets.
4. `pytest tests/exercises -k NN` tests all of it: there is nothing to add there.
"""

from inpaintkit.exercises.verbs import check, hint, predict, report, reveal

__all__ = ["check", "hint", "predict", "report", "reveal"]
