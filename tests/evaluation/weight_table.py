"""The rows of heuristics/weights.cc: read, and written back with other numbers."""

import os
import re
from collections import namedtuple

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "heuristics", "weights.cc")
# images: how many the row rests on; 0 = by hand. span: of the row in the table's text
Row = namedtuple("Row", "name log_odds images span")
STRINGS = r'(?:"(?:[^"\\]|\\.)*"\s*)+'
ROW = re.compile(r"WeightRow\{W::(k\w+), G::k\w+, (-?[\d.]+),(\s*" + STRINGS + r")(?:,\s*(\d+))?\}")


def rows_of(text):
    """The rows of heuristics/weights.cc in order, which is the order of `enum class Weight`."""
    return [Row(found[1], float(found[2]), int(found[4] or 0), found.span()) for found in ROW.finditer(text)]


def rewritten(text, numbers):
    """The table's text with `numbers`, {row: (log-odds, images)}, put in."""
    pieces, end = [], 0
    for index, found in enumerate(ROW.finditer(text)):
        if index not in numbers:
            continue
        log_odds, images = numbers[index]
        pieces.append(text[end:found.start(2)] + f"{round(log_odds, 2) + 0.0:.2f}" + text[found.end(2):found.end(3)].rstrip())
        pieces.append(f", {images}}}")
        end = found.end()
    return "".join(pieces) + text[end:]
