#!/usr/bin/env python3
"""Fits the numbers of heuristics/weights.cc to what `poolblame_evaluation --features FILE` wrote.

The model is the tool's own: the probabilities of one incident's hypotheses are a softmax over prior + votes, where
inside a group of signals only the best and the worst vote count and ownership is capped (conditional logistic
regression). Each row of the weight table gets one multiplier, each prior one shift:

    score(hypothesis) = prior + shift[prior] + sum over groups of (max + min of multiplier[row] * vote[row])

Both are pulled towards the current table (multiplier 1, shift 0) by a quadratic penalty on the log-odds (of rows above 1
on their ratio), so that a row seen in few incidents stays where its author put it. Multipliers do not go below 0: data
may silence a row, not turn it round.
Rows that the table says rest on 0 images were set by hand and are not touched, unless --free names them.
The right answer of an incident is the guilty block with the right kind, where the kind was missed the guilty block.
Every incident counts alike, so that a probability is one; --weigh makes a kind count more.
One image in five is held out; a change is only worth making when the loss falls there too.

`images` counts the images fitted on in which the row tells hypotheses apart; that number goes into the table beside
the fitted one. `worth` is what the loss on the held-out incidents would rise by, in sum, were the row silent.

With --apply the table is rewritten in place: log-odds and image counts of the fitted rows, and nothing else. It is
left alone (status 1) when the loss on the held-out images does not fall.

Usage: fit.py FEATURES.csv [MORE.csv ...] [--strength 20] [--iterations 60] [--apply]
       [--free kRow ...] [--weigh KIND=TIMES ...]
Needs Python 3 and nothing else; 20,000 images take some seconds.
"""

import argparse
import csv
import os

from fit_model import Incident, descend, first_answers, loss, of_votes, votes_of, worth
from weight_table import TABLE, rewritten, rows_of

# image,incident,rank,is_guilty,role,kind,is_kind_right,true_kind,probability,prior,prior_log_odds, then the rows
GUILTY, KIND_RIGHT, TRUE_KIND, PRIOR, PRIOR_LOG_ODDS, FIRST_ROW = 3, 6, 7, 9, 10, 11
HELD_OUT_EVERY = 5


class Parameters:
    """What is fitted: a multiplier (start 1) for each voting row, a shift (start 0) for each prior."""

    def __init__(self):
        self.index, self.labels, self.start, self.old, self.images = {}, [], [], [], []

    def get(self, label, start, old):
        if label not in self.index:
            self.index[label] = len(self.labels)
            self.labels.append(label)
            self.start.append(start)
            self.old.append(old)
            self.images.append(set())
        return self.index[label]


def read(paths, parameters, weights=()):
    """Returns (incidents to fit on, {path: incidents held out}, incidents in which no hypothesis is right)."""
    fit, held_out, hopeless = [], {path: [] for path in paths}, 0
    for path in paths:
        with open(path, newline="", encoding="utf-8") as file:
            rows = csv.reader(file)
            columns = [column.split(":") for column in next(rows)[FIRST_ROW:]]
            incidents = {}
            for row in rows:
                incidents.setdefault((int(row[0]), int(row[1])), []).append(row)
        for (image, _), rows in incidents.items():
            mark = right_marks(rows)
            if not any(mark):
                hopeless += 1
                continue
            hypotheses = [hypothesis_of(row, right, columns, parameters) for row, right in zip(rows, mark)]
            kind = rows[0][TRUE_KIND]
            incident = Incident(kind, dict(weights).get(kind, 1.0), hypotheses)
            if image % HELD_OUT_EVERY == 0:
                held_out[path].append(incident)
            else:
                fit.append(incident)
                count(hypotheses, (path, image), parameters)
    return fit, held_out, hopeless


def right_marks(rows):
    both = [row[GUILTY] == "1" and row[KIND_RIGHT] == "1" for row in rows]
    return both if any(both) else [row[GUILTY] == "1" for row in rows]


def hypothesis_of(row, right, columns, parameters):
    groups = {}
    for (group, label, old), cell in zip(columns, row[FIRST_ROW:]):
        if cell:
            groups.setdefault(group, []).append((parameters.get(int(label), 1.0, float(old)), float(cell)))
    prior = float(row[PRIOR_LOG_ODDS])
    shift = parameters.get(int(row[PRIOR]), 0.0, prior)
    return of_votes(right, prior, shift, groups)


def count(hypotheses, image, parameters):
    """Notes the image for every prior that stood there and every row that does not say the same of all."""
    said = {}
    for i, hypothesis in enumerate(hypotheses):
        parameters.images[hypothesis.shift].add(image)
        for j, x in votes_of(hypothesis):
            said.setdefault(j, [0.0] * len(hypotheses))[i] = x
    for j, values in said.items():
        if max(values) > min(values):
            parameters.images[j].add(image)


def print_quality(name, incidents, parameters, values):
    for when, weights in (("now", parameters.start), ("then", values)):
        right, error = first_answers(incidents, weights)
        print(f"{name:<23}{when:<5}{loss(incidents, weights) / max(len(incidents), 1):>12.4f}{right:>13.3f}{error:>19.3f}")


def print_kinds(held_out, parameters, values):
    print(f"\n{'held out, by true kind':<26}{'incidents':>10}{'first right now':>17}{'then':>8}")
    for kind in sorted({incident.kind for incident in held_out}):
        same = [incident for incident in held_out if incident.kind == kind]
        now, then = (first_answers(same, weights)[0] for weights in (parameters.start, values))
        print(f"{kind:<26}{len(same):>10}{now:>17.3f}{then:>8.3f}")


def kind_weight(text):
    kind, times = text.split("=")
    return kind, float(times)


def print_rows(parameters, values, errors, rises, table, by_hand):
    print(f"\n{'row':<30}{'images':>7}{'now':>8}{'then':>8}{'+-':>7}{'multiplier':>12}{'worth':>8}")
    for j in sorted(range(len(values)), key=lambda i: parameters.labels[i]):
        label, old = parameters.labels[j], parameters.old[j]
        voting = parameters.start[j] == 1.0
        line = f"{table[label].name:<30}{len(parameters.images[j]):>7}{old:>8.2f}{fitted(j, parameters, values):>8.2f}"
        line += f"{(abs(old) if voting else 1) * errors[j]:>7.2f}"
        line += f"{values[j]:>12.2f}{rises[j]:>8.1f}" if voting else ""
        print(line + ("  by hand" if j in by_hand else ""))


def fitted(j, parameters, values):
    return parameters.old[j] * values[j] if parameters.start[j] == 1.0 else parameters.old[j] + values[j]


def check_table(parameters, table):
    """The features must have been written with the numbers that the table has now."""
    for label, old in zip(parameters.labels, parameters.old):
        if label >= len(table) or abs(table[label].log_odds - old) > 1e-9:
            raise SystemExit(f"row {label} of the features is not row {label} of the table: write the features anew")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("features", nargs="+")
    arguments.add_argument("--strength", type=float, default=20.0, help="pull towards the current table (incidents)")
    arguments.add_argument("--iterations", type=int, default=60)
    arguments.add_argument("--weigh", nargs="+", type=kind_weight, default=[], metavar="KIND=TIMES",
                           help="how often an incident of a kind counts (1)")
    arguments.add_argument("--table", default=TABLE)
    arguments.add_argument("--apply", action="store_true", help="rewrite the table where the held-out loss falls")
    arguments.add_argument("--free", nargs="+", default=[], metavar="ROW", help="rows by hand that are fitted all the same")
    options = arguments.parse_args()

    parameters = Parameters()
    fit, held_out_by_file, hopeless = read(options.features, parameters, options.weigh)
    held_out = [incident for incidents in held_out_by_file.values() for incident in incidents]
    print(f"{len(fit)} incidents to fit on, {len(held_out)} held out, {hopeless} in which nothing is right (left out)")
    if not fit:
        raise SystemExit("nothing to fit on")
    with open(options.table, encoding="utf-8") as file:
        text = file.read()
    table = rows_of(text)
    check_table(parameters, table)
    by_hand = {
        j
        for j, label in enumerate(parameters.labels) if table[label].images == 0 and table[label].name not in options.free
    }
    values, errors = descend(fit, parameters, options.strength, options.iterations, by_hand)

    print(f"\n{'':<28}{'loss/incident':>12}{'first right':>13}{'calibration error':>19}")
    print_quality("fitted on", fit, parameters, values)
    print_quality("held out", held_out, parameters, values)
    for path, incidents in held_out_by_file.items():
        print_quality(os.path.basename(path), incidents, parameters, values)
    print_kinds(held_out, parameters, values)
    print_rows(parameters, values, errors, worth(held_out, values, parameters), table, by_hand)

    if not options.apply:
        return
    if loss(held_out, values) >= loss(held_out, parameters.start):
        raise SystemExit("\nthe loss on the held-out images does not fall: the table stays")
    numbers = {
        parameters.labels[j]: (fitted(j, parameters, values), len(parameters.images[j]))
        for j in range(len(values)) if j not in by_hand and parameters.images[j]
    }
    with open(options.table, "w", encoding="utf-8") as file:
        file.write(rewritten(text, numbers))
    print(f"\n{len(numbers)} rows of {os.path.relpath(options.table)} rewritten; format it, build and evaluate")


if __name__ == "__main__":
    main()
