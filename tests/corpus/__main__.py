"""Grade the whole corpus and print, for each step of each lab, what the checks made of it: `make check-checks`.

A wrong answer that was accepted, a right one that was rejected and a mistake that was named otherwise are listed. Exits 1 if a wrong
answer got through or a right one did not.
"""

import sys

from tests.corpus.answers import LABS, SEEDS, answers, exercises, judge, named

COLUMNS = "{:<10} {:<28} {:>15} {:>15} {:>15}"


def main():
    failures = []
    print(COLUMNS.format("lab", "step", "wrong rejected", "right accepted", "mistakes named"))
    for lab in LABS:
        checks, found = exercises(lab), answers(lab)
        for step, check in checks.items():
            verdicts = [(a, [judge(check, a.function, seed) for seed in SEEDS]) for a in found if a.step == step]
            wrong = [(a, messages) for a, messages in verdicts if not a.right]
            right = [(a, messages) for a, messages in verdicts if a.right]
            through = [a for a, messages in wrong if not all(messages)]
            refused = [(a, next(filter(None, messages))) for a, messages in right if any(messages)]
            unnamed = [(a, messages) for a, messages in wrong if all(messages) and not all(named(m, a.words) for m in messages)]
            counts = [
                (len(wrong) - len(through), len(wrong)),
                (len(right) - len(refused), len(right)),
                (len(wrong) - len(unnamed), len(wrong)),
            ]
            print(COLUMNS.format(lab, step, *(f"{some} of {all_}" for some, all_ in counts)))
            for answer in through:
                print(f"    accepted although wrong: {answer.name}")
            for answer, message in refused:
                print(f"    rejected although right: {answer.name}: {message}")
            for answer, messages in unnamed:
                print(f"    not named: {answer.name}: {messages[0]}")
            failures += through + refused
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
