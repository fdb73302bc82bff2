#!/usr/bin/env python3
"""Suggests how the weights of heuristics/ should change, from what `poolblame_evaluation --features FILE` wrote.

The model is the tool's own: the probabilities of one incident's suspects are a softmax over prior + sum of log-odds
(conditional logistic regression). Each signal gets one multiplier on its log-odds, each kind one shift of its prior:

    score(suspect) = prior + shift[kind] + sum over signals of multiplier[signal] * log_odds[signal]

Both are pulled towards the current table (multiplier 1, shift 0) by a quadratic penalty, so that a signal seen in few
incidents stays where its author put it. Multipliers do not go below 0: data may silence a signal, not turn it round.
One image in five is held out; a change is only worth making when the loss falls there too.

Usage: fit.py FEATURES.csv [MORE.csv ...] [--strength 20] [--iterations 60]
Needs Python 3 and nothing else. 3,000 images take well under a minute.
"""

import argparse
import csv
import math
from collections import namedtuple

FIRST_SIGNAL_COLUMN = 10  # image,incident,rank,is_guilty,role,kind,is_kind_right,true_kind,probability,prior, then signals
HELD_OUT_EVERY = 5
BINS = 10
SMALLEST_STEP = 1e-3

# fixed: the prior as printed; features: [(parameter index, value)]
Suspect = namedtuple("Suspect", "guilty fixed features")


class Parameters:
    """Names, start values and penalty centres of everything that is fitted."""

    def __init__(self):
        self.index, self.names, self.start, self.seen = {}, [], [], []

    def get(self, name, start):
        if name not in self.index:
            self.index[name] = len(self.names)
            self.names.append(name)
            self.start.append(start)
            self.seen.append(0)
        return self.index[name]


def read(paths, parameters):
    """Returns (incidents to fit on, incidents held out, incidents without a guilty suspect)."""
    fit, held_out, hopeless = [], [], 0
    for path in paths:
        groups = {}
        with open(path, newline="", encoding="utf-8") as file:
            rows = csv.reader(file)
            names = next(rows)[FIRST_SIGNAL_COLUMN:]
            for row in rows:
                groups.setdefault((int(row[0]), int(row[1])), []).append(suspect_of(row, names, parameters))
        for (image, _), suspects in groups.items():
            if not any(suspect.guilty for suspect in suspects):
                hopeless += 1
            elif image % HELD_OUT_EVERY == 0:
                held_out.append(suspects)
            else:
                fit.append(suspects)
                for suspect in suspects:
                    for j, _ in suspect.features:
                        parameters.seen[j] += 1
    return fit, held_out, hopeless


def suspect_of(row, names, parameters):
    features = [(parameters.get("prior of " + (row[4] if row[4] != "block" else row[5]), 0.0), 1.0)]
    for name, cell in zip(names, row[FIRST_SIGNAL_COLUMN:]):
        if cell:
            features.append((parameters.get(name, 1.0), float(cell)))
    return Suspect(row[3] == "1", float(row[9]), features)


def probabilities(suspects, values):
    scores = [s.fixed + sum(values[j] * x for j, x in s.features) for s in suspects]
    top = max(scores)
    weights = [math.exp(score - top) for score in scores]
    total = sum(weights)
    return [weight / total for weight in weights]


def penalty(values, parameters, strength):
    return strength / 2 * sum((v - s) ** 2 for v, s in zip(values, parameters.start))


def loss(incidents, values):
    """Sum over incidents of -ln(probability of the guilty)."""
    total = 0.0
    for suspects in incidents:
        p = probabilities(suspects, values)
        total -= math.log(max(sum(q for q, s in zip(p, suspects) if s.guilty), 1e-12))
    return total


def slopes(incidents, values, parameters, strength):
    """Gradient and diagonal curvature (variance of each feature under the softmax) of loss plus penalty."""
    gradient = [strength * (v - s) for v, s in zip(values, parameters.start)]
    curvature = [strength] * len(values)
    for suspects in incidents:
        p = probabilities(suspects, values)
        guilty = max(sum(q for q, s in zip(p, suspects) if s.guilty), 1e-12)
        mean, square = {}, {}
        for q, suspect in zip(p, suspects):
            pull = q - (q / guilty if suspect.guilty else 0.0)
            for j, x in suspect.features:
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


def calibration_error(incidents, values):
    """Expected calibration error of the first suspects."""
    bins = [[0, 0.0] for _ in range(BINS)]
    for suspects in incidents:
        p = probabilities(suspects, values)
        first = max(range(len(p)), key=p.__getitem__)
        one = bins[min(int(p[first] * BINS), BINS - 1)]
        one[0] += suspects[first].guilty
        one[1] += p[first]
    return sum(abs(hits - expected) for hits, expected in bins) / max(len(incidents), 1)


def top_share(incidents, values):
    right = 0
    for suspects in incidents:
        p = probabilities(suspects, values)
        right += suspects[max(range(len(p)), key=p.__getitem__)].guilty
    return right / max(len(incidents), 1)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("features", nargs="+")
    arguments.add_argument("--strength", type=float, default=20.0, help="pull towards the current table (incidents)")
    arguments.add_argument("--iterations", type=int, default=60)
    options = arguments.parse_args()

    parameters = Parameters()
    fit, held_out, hopeless = read(options.features, parameters)
    print(f"{len(fit)} incidents to fit on, {len(held_out)} held out, {hopeless} without a guilty suspect (left out)")
    if not fit:
        raise SystemExit("nothing to fit on")
    values, errors = descend(fit, parameters, options.strength, options.iterations)

    print(f"\n{'':<12}{'loss/incident':>15}{'first right':>13}{'calibration error':>19}")
    for name, incidents in (("fitted on", fit), ("held out", held_out)):
        for when, weights in (("now", parameters.start), ("then", values)):
            print(f"{name:<10}{when:<5}{loss(incidents, weights) / max(len(incidents), 1):>12.4f}"
                  f"{top_share(incidents, weights):>13.3f}{calibration_error(incidents, weights):>19.3f}")

    print(f"\n{'signal':<36}{'suspects':>9}{'multiply by':>13}{'+-':>7}")
    order = sorted(range(len(values)), key=lambda j: parameters.names[j])
    for j in (j for j in order if parameters.start[j] == 1.0):
        print(f"{parameters.names[j]:<36}{parameters.seen[j]:>9}{values[j]:>13.2f}{errors[j]:>7.2f}")
    print(f"\n{'prior (log-odds to add)':<36}{'suspects':>9}{'add':>13}{'+-':>7}")
    for j in (j for j in order if parameters.start[j] == 0.0):
        print(f"{parameters.names[j]:<36}{parameters.seen[j]:>9}{values[j]:>+13.2f}{errors[j]:>7.2f}")


if __name__ == "__main__":
    main()
