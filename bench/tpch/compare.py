#!/usr/bin/env python3
"""Holds answers of the 22 queries to others that were worked out apart.

Usage: python compare.py EXPECTED FOUND

EXPECTED is what peer.py writes. FOUND is another such document, or what `headwater query --file --format csv` prints: answers
with an empty line between them; where it has several passes, each is compared.
"""

import csv
import io
import json
import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path

# The columns that each answer is sorted by, from 0.
SORTED_BY = [
    [0, 1], [0, 2, 1, 3], [1, 2], [0], [1], [], [0, 1, 2], [0], [0, 1], [2], [1],
    [0], [1, 0], [], [0], [3, 0, 1, 2], [], [4, 3], [], [0], [1, 0], [0],
]  # fmt: skip
# Digits after the point that a mean has at least where it is a decimal number.
DIGITS_OF_MEANS = 6


def number(text):
    try:
        return Decimal(text)
    except (InvalidOperation, TypeError):
        return None


def digits(text):
    """How many there are after the point."""
    return len(text.partition(".")[2])


def same(expected, found, exact):
    """Whether two values are the same; `exact` says that both columns have decimal numbers, where they have as many digits."""
    left, right = number(expected), number(found)
    if expected == found or left is None or right is None:
        return expected == found
    if left == right:
        return True
    if "." not in expected or (exact and digits(expected) == digits(found)):
        # Whole numbers, and decimal numbers on both sides.
        return False
    nearly = abs(left - right) <= abs(left) * Decimal("1e-9")
    # A mean as a decimal number is right up to its last digit.
    return nearly or (digits(found) >= DIGITS_OF_MEANS and abs(left - right) <= Decimal(1).scaleb(-digits(found)))


def key(row):
    """What rows are put in order by, whichever system wrote them."""
    return [(value is None, f"{float(value):.6e}" if number(value) is not None else value or "") for value in row]


def differs(query, expected, found, exact):
    if len(expected) != len(found):
        return f"{len(found)} rows instead of {len(expected)}"
    for place, (left, right) in enumerate(zip(expected, found)):
        for column in SORTED_BY[query]:
            if not same(left[column], right[column], exact[column]):
                return f"row {place + 1} is {right} instead of {left}"
    # Rows that are equal in what they are sorted by may come in any order.
    for left, right in zip(sorted(expected, key=key), sorted(found, key=key)):
        if len(left) != len(right) or not all(map(same, left, right, exact)):
            return f"{right} instead of {left}"
    return None


def passes_of(path, queries):
    """For each pass, for each query: the rows, and which columns have decimal numbers."""
    text = path.read_text()
    if path.suffix == ".json":
        document = json.loads(text)
        return [list(zip(document["answers"], document["decimals"]))]
    answers = [[]]
    for line in csv.reader(io.StringIO(text)):
        if line:
            answers[-1].append(line)
        else:
            answers.append([])
    # The first line of each has the titles. Text does not say whether a number is a decimal one.
    answers = [(answer[1:], [True] * len(answer[0])) for answer in answers if answer]
    if len(answers) % queries:
        sys.exit(f"{len(answers)} answers to {queries} queries")
    return [answers[start : start + queries] for start in range(0, len(answers), queries)]


def main():
    document = json.loads(Path(sys.argv[1]).read_text())
    expected = document["answers"]
    passes = passes_of(Path(sys.argv[2]), len(expected))
    problems = []
    for found in passes:
        for query, (left, (right, decimals)) in enumerate(zip(expected, found, strict=True)):
            exact = [all(both) for both in zip(document["decimals"][query], decimals)]
            if problem := differs(query, left, right, exact):
                problems.append(f"query {query + 1}: {problem}")
    if problems or len(expected) != len(SORTED_BY) or not passes:
        sys.exit("\n".join(problems) or "answers are missing")
    print(json.dumps({"answers": len(passes) * len(expected), "rows": sum(map(len, expected))}))


main()
