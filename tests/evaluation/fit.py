#!/usr/bin/env python3
"""Suggests new numbers for heuristics/weights.cc from what `poolblame_evaluation --features FILE` wrote.

The model is the tool's own: the probabilities of one incident's hypotheses are a softmax over prior + votes, where
inside a group of signals only the best and the worst vote count and ownership is capped (conditional logistic
regression). Each row of the weight table gets one multiplier, each prior one shift:

    score(hypothesis) = prior + shift[prior] + sum over groups of (max + min of multiplier[row] * vote[row])

Both are pulled towards the current table (multiplier 1, shift 0) by a quadratic penalty, so that a row seen in few
incidents stays where its author put it. Multipliers do not go below 0: data may silence a row, not turn it round.
The right answer of an incident is the guilty block with the right kind, where the kind was missed the guilty block.
One image in five is held out; a change is only worth making when the loss falls there too.

Usage: fit.py FEATURES.csv [MORE.csv ...] [--strength 20] [--iterations 60]
Needs Python 3 and nothing else. 3,000 images take well under a minute.
"""

import argparse
import csv
import math
import os
import re
from collections import namedtuple

HERE = os.path.dirname(os.path.abspath(__file__))
# image,incident,rank,is_guilty,role,kind,is_kind_right,true_kind,probability,prior,prior_log_odds, then the rows
GUILTY, KIND_RIGHT, PRIOR, PRIOR_LOG_ODDS, FIRST_ROW = 3, 6, 9, 10, 11
OWNERSHIP_CAP = 1.386  # kOwnershipCap of heuristics/weights.h
HELD_OUT_EVERY = 5
BINS = 10
SMALLEST_STEP = 1e-3
TINY = 1e-12

# prior: fixed log-odds; shift: parameter; groups: [(is ownership, [(parameter, vote), ...]), ...]
Hypothesis = namedtuple("Hypothesis", "right prior shift groups")


class Parameters:
    """What is fitted: a multiplier (start 1) for each voting row, a shift (start 0) for each prior."""

    def __init__(self):
        self.index, self.labels, self.start, self.old, self.seen = {}, [], [], [], []

    def get(self, label, start, old):
        if label not in self.index:
            self.index[label] = len(self.labels)
            self.labels.append(label)
            self.start.append(start)
            self.old.append(old)
            self.seen.append(0)
        return self.index[label]


def weight_names(path):
    """Enumerators of `enum class Weight` in order; [] where the header is not there."""
    try:
        with open(path, encoding="utf-8") as file:
            body = file.read().split("enum class Weight", 1)[1].split("};", 1)[0]
    except (OSError, IndexError):
        return []
    return re.findall(r"^\s*(k\w+),", body, re.MULTILINE)


def read(paths, parameters):
    """Returns (incidents to fit on, incidents held out, incidents in which no hypothesis is right)."""
    fit, held_out, hopeless = [], [], 0
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
            if image % HELD_OUT_EVERY == 0:
                held_out.append(hypotheses)
            else:
                fit.append(hypotheses)
                count(hypotheses, parameters)
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
    return Hypothesis(right, prior, shift, [(name == "ownership", votes) for name, votes in groups.items()])


def count(hypotheses, parameters):
    for hypothesis in hypotheses:
        parameters.seen[hypothesis.shift] += 1
        for _, votes in hypothesis.groups:
            for j, _ in votes:
                parameters.seen[j] += 1


def score(hypothesis, values, slope=None):
    """The hypothesis' log-odds; where `slope` is a list, its derivatives are appended as (parameter, value)."""
    total = hypothesis.prior + values[hypothesis.shift]
    if slope is not None:
        slope.append((hypothesis.shift, 1.0))
    for is_ownership, votes in hypothesis.groups:
        best, worst, best_vote, worst_vote = 0.0, 0.0, None, None
        for j, x in votes:
            value = values[j] * x
            if value > best or (best_vote is None and x > 0):
                best, best_vote = max(value, 0.0), (j, x)
            if value < worst or (worst_vote is None and x < 0):
                worst, worst_vote = min(value, 0.0), (j, x)
        capped = is_ownership and abs(best + worst) > OWNERSHIP_CAP
        total += math.copysign(OWNERSHIP_CAP, best + worst) if capped else best + worst
        if slope is not None and not capped:
            slope.extend(vote for vote in (best_vote, worst_vote) if vote is not None)
    return total


def softmax(scores):
    top = max(scores)
    weights = [math.exp(s - top) for s in scores]
    total = sum(weights)
    return [w / total for w in weights]


def probabilities(hypotheses, values):
    return softmax([score(h, values) for h in hypotheses])


def penalty(values, parameters, strength):
    return strength / 2 * sum((v - s) ** 2 for v, s in zip(values, parameters.start))


def loss(incidents, values):
    """Sum over incidents of -ln(probability of what is right)."""
    total = 0.0
    for hypotheses in incidents:
        p = probabilities(hypotheses, values)
        total -= math.log(max(sum(q for q, h in zip(p, hypotheses) if h.right), TINY))
    return total


def slopes(incidents, values, parameters, strength):
    """Gradient and diagonal curvature (variance of each vote under the softmax) of loss plus penalty."""
    gradient = [strength * (v - s) for v, s in zip(values, parameters.start)]
    curvature = [strength] * len(values)
    for hypotheses in incidents:
        slope = [[] for _ in hypotheses]
        p = softmax([score(h, values, s) for h, s in zip(hypotheses, slope)])
        right = max(sum(q for q, h in zip(p, hypotheses) if h.right), TINY)
        mean, square = {}, {}
        for q, hypothesis, derivatives in zip(p, hypotheses, slope):
            pull = q - (q / right if hypothesis.right else 0.0)
            for j, x in derivatives:
                gradient[j] += pull * x
                mean[j] = mean.get(j, 0.0) + q * x
                square[j] = square.get(j, 0.0) + q * x * x
        for j, m in mean.items():
            curvature[j] += max(square[j] - m * m, 0.0)
    return gradient, curvature


def descend(incidents, parameters, strength, iterations):
    """Gradient descent, each coordinate scaled by its curvature; the step is halved whenever it does not help."""
    values, step = list(parameters.start), 0.5
    best = loss(incidents, values) + penalty(values, parameters, strength)
    curvature = [strength] * len(values)
    for _ in range(iterations):
        gradient, curvature = slopes(incidents, values, parameters, strength)
        while step > SMALLEST_STEP:
            tried = [v - step * g / c for v, g, c in zip(values, gradient, curvature)]
            tried = [max(v, 0.0) if s == 1.0 else v for v, s in zip(tried, parameters.start)]
            now = loss(incidents, tried) + penalty(tried, parameters, strength)
            if now < best:
                break
            step /= 2
        else:
            break
        gain, values, best, step = best - now, tried, now, min(step * 1.3, 1.0)
        if gain < 1e-6 * max(best, 1.0):
            break
    return values, [1 / math.sqrt(c) for c in curvature]


def first_answers(incidents, values):
    """(share of incidents whose first hypothesis is right, expected calibration error of the first hypotheses)."""
    bins = [[0, 0.0] for _ in range(BINS)]
    for hypotheses in incidents:
        p = probabilities(hypotheses, values)
        first = max(range(len(p)), key=p.__getitem__)
        one = bins[min(int(p[first] * BINS), BINS - 1)]
        one[0] += hypotheses[first].right
        one[1] += p[first]
    size = max(len(incidents), 1)
    return sum(hits for hits, _ in bins) / size, sum(abs(hits - expected) for hits, expected in bins) / size


def print_quality(name, incidents, parameters, values):
    for when, weights in (("now", parameters.start), ("then", values)):
        right, error = first_answers(incidents, weights)
        print(f"{name:<10}{when:<5}{loss(incidents, weights) / max(len(incidents), 1):>12.4f}{right:>13.3f}{error:>19.3f}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("features", nargs="+")
    arguments.add_argument("--strength", type=float, default=20.0, help="pull towards the current table (incidents)")
    arguments.add_argument("--iterations", type=int, default=60)
    arguments.add_argument("--names", default=os.path.join(HERE, "..", "..", "heuristics", "weights.h"))
    options = arguments.parse_args()

    parameters = Parameters()
    fit, held_out, hopeless = read(options.features, parameters)
    print(f"{len(fit)} incidents to fit on, {len(held_out)} held out, {hopeless} in which nothing is right (left out)")
    if not fit:
        raise SystemExit("nothing to fit on")
    values, errors = descend(fit, parameters, options.strength, options.iterations)

    print(f"\n{'':<15}{'loss/incident':>12}{'first right':>13}{'calibration error':>19}")
    print_quality("fitted on", fit, parameters, values)
    print_quality("held out", held_out, parameters, values)

    names = weight_names(options.names)
    print(f"\n{'row':<30}{'seen':>7}{'now':>8}{'then':>8}{'+-':>7}{'multiplier':>12}")
    for j in sorted(range(len(values)), key=lambda i: parameters.labels[i]):
        label, old = parameters.labels[j], parameters.old[j]
        name = names[label] if label < len(names) else f"row {label}"
        if parameters.start[j] == 1.0:
            print(f"{name:<30}{parameters.seen[j]:>7}{old:>8.2f}{old * values[j]:>8.2f}{abs(old) * errors[j]:>7.2f}"
                  f"{values[j]:>12.2f}")
        else:
            print(f"{name:<30}{parameters.seen[j]:>7}{old:>8.2f}{old + values[j]:>8.2f}{errors[j]:>7.2f}")


if __name__ == "__main__":
    main()
