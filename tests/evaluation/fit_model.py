"""The model that fit.py fits: the tool's own sums of votes, and how far they are from what is right."""

import math
from collections import namedtuple

OWNERSHIP_CAP = 1.386  # kOwnershipCap of heuristics/weights.h
BINS = 10
SMALLEST_STEP = 1e-3
TINY = 1e-12
LOOSEST = 1e-3  # of the pull on rows whose log-odds are nearly 0

# prior: fixed log-odds; shift: parameter; single: votes alone in their group, [(parameter, vote), ...];
# groups: the others, [(is ownership, [(parameter, vote), ...]), ...]
# kind: the true one; weight: of its loss in the fit
Incident = namedtuple("Incident", "kind weight hypotheses")
Hypothesis = namedtuple("Hypothesis", "right prior shift single groups")


def of_votes(right, prior, shift, groups):
    single = [votes[0] for name, votes in groups.items() if len(votes) == 1 and name != "ownership"]
    several = [(name == "ownership", votes) for name, votes in groups.items() if len(votes) > 1 or name == "ownership"]
    return Hypothesis(right, prior, shift, single, several)


def votes_of(hypothesis):
    return hypothesis.single + [vote for _, votes in hypothesis.groups for vote in votes]


def score(hypothesis, values, slope=None):
    """The hypothesis' log-odds; where `slope` is a list, its derivatives are appended as (parameter, value)."""
    total = hypothesis.prior + values[hypothesis.shift]
    for j, x in hypothesis.single:  # no multiplier is below 0, so the best and the worst add up to the one
        total += values[j] * x
    if slope is not None:
        slope.append((hypothesis.shift, 1.0))
        slope.extend(hypothesis.single)
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


def pulls(parameters, strength):
    """How hard each parameter is held: a log-odds of 1 or less as hard as a prior, a larger one in proportion."""
    voting = [start == 1.0 for start in parameters.start]
    return [strength * min(max(old * old, LOOSEST), 1.0) if v else strength for v, old in zip(voting, parameters.old)]


def penalty(values, parameters, strength):
    return sum(p / 2 * (v - s)**2 for p, v, s in zip(pulls(parameters, strength), values, parameters.start))


def loss(incidents, values):
    """Sum over incidents of their weight times -ln(probability of what is right)."""
    return sum(incident.weight * loss_of(incident.hypotheses, values) for incident in incidents)


def loss_of(hypotheses, values):
    p = probabilities(hypotheses, values)
    return -math.log(max(sum(q for q, h in zip(p, hypotheses) if h.right), TINY))


def slopes(incidents, values, parameters, strength):
    """Gradient and diagonal curvature (variance of each vote under the softmax) of loss plus penalty."""
    curvature = pulls(parameters, strength)
    gradient = [p * (v - s) for p, v, s in zip(curvature, values, parameters.start)]
    for _, weight, hypotheses in incidents:
        slope = [[] for _ in hypotheses]
        p = softmax([score(h, values, s) for h, s in zip(hypotheses, slope)])
        right = max(sum(q for q, h in zip(p, hypotheses) if h.right), TINY)
        mean, square = {}, {}
        for q, hypothesis, derivatives in zip(p, hypotheses, slope):
            pull = q - (q / right if hypothesis.right else 0.0)
            for j, x in derivatives:
                gradient[j] += weight * pull * x
                mean[j] = mean.get(j, 0.0) + q * x
                square[j] = square.get(j, 0.0) + q * x * x
        for j, m in mean.items():
            curvature[j] += weight * max(square[j] - m * m, 0.0)
    return gradient, curvature


def descend(incidents, parameters, strength, iterations, by_hand=()):
    """Gradient descent, each coordinate scaled by its curvature; the step is halved whenever it does not help. What is
    `by_hand` stays."""
    values, step = list(parameters.start), 0.5
    best = loss(incidents, values) + penalty(values, parameters, strength)
    curvature = pulls(parameters, strength)
    for _ in range(iterations):
        gradient, curvature = slopes(incidents, values, parameters, strength)
        while step > SMALLEST_STEP:
            tried = [v - step * g / c for v, g, c in zip(values, gradient, curvature)]
            for j in by_hand:
                tried[j] = parameters.start[j]
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


def worth(incidents, values, parameters):
    """For each voting row: by how much the loss of all incidents together rises when it is silent."""
    rise = [0.0] * len(values)
    for _, weight, hypotheses in incidents:
        now = loss_of(hypotheses, values)
        for j in {j for hypothesis in hypotheses for j, _ in votes_of(hypothesis)}:
            silent = list(values)
            silent[j] = 0.0
            rise[j] += weight * (loss_of(hypotheses, silent) - now)
    return rise


def first_answers(incidents, values):
    """(share of incidents whose first hypothesis is right, expected calibration error of the first hypotheses)."""
    bins = [[0, 0.0] for _ in range(BINS)]
    for _, _, hypotheses in incidents:
        p = probabilities(hypotheses, values)
        first = max(range(len(p)), key=p.__getitem__)
        one = bins[min(int(p[first] * BINS), BINS - 1)]
        one[0] += hypotheses[first].right
        one[1] += p[first]
    size = max(len(incidents), 1)
    return sum(hits for hits, _ in bins) / size, sum(abs(hits - expected) for hits, expected in bins) / size
