"""fit.py finds the multipliers that made the data: incidents drawn from known ones, fitted from 1."""

import csv
import math
import os
import random
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import fit  # noqa: E402  (found by the line above)
import fit_model  # noqa: E402
import weight_table  # noqa: E402

HEADER = "image,incident,rank,is_guilty,role,kind,is_kind_right,true_kind,probability,prior,prior_log_odds".split(",")
# Rows 1 and 2 share a group, row 3 has its own, row 4 never votes.
COLUMNS = {1: "content:1:2.0", 2: "content:2:2.0", 3: "extent:3:1.5", 4: "crash:4:1.0"}
TRUE_MULTIPLIERS = {1: 0.3, 2: 1.0, 3: 2.0}
INCIDENTS = 2000


def true_score(votes):
    content = [TRUE_MULTIPLIERS[row] * votes[row] for row in (1, 2)]
    return max(content + [0]) + min(content + [0]) + TRUE_MULTIPLIERS[3] * votes[3]


def write_features(path):
    """Incidents with three hypotheses; the right one is drawn from the softmax with the true multipliers."""
    draw = random.Random(1)
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(HEADER + [COLUMNS[row] for row in sorted(COLUMNS)])
        for image in range(INCIDENTS):
            hypotheses = [{1: draw.gauss(0, 2), 2: draw.gauss(0, 2), 3: draw.gauss(0, 1)} for _ in range(3)]
            guilty = draw.choices(range(3), [math.exp(true_score(votes)) for votes in hypotheses])[0]
            for i, votes in enumerate(hypotheses):
                rows.writerow([image, 1, i + 1, int(i == guilty), "block", "overrun", 1, "overrun", "0.33", 0, "-0.69"] +
                              [f"{votes[row]:.4f}" if row in votes else "" for row in sorted(COLUMNS)])


class Fit(unittest.TestCase):

    def setUp(self):
        handle, self.path = tempfile.mkstemp(suffix=".csv")
        os.close(handle)
        write_features(self.path)
        self.parameters = fit.Parameters()
        self.fitted_on, held_out, self.hopeless = fit.read([self.path], self.parameters)
        self.held_out = held_out[self.path]

    def tearDown(self):
        os.remove(self.path)

    def test_one_image_in_five_is_held_out(self):
        self.assertEqual(len(self.held_out), INCIDENTS // 5)
        self.assertEqual(len(self.fitted_on), INCIDENTS - INCIDENTS // 5)
        self.assertEqual(self.hopeless, 0)

    def test_finds_the_multipliers_and_leaves_a_silent_row_alone(self):
        values, _ = fit.descend(self.fitted_on, self.parameters, strength=1.0, iterations=80)
        found = dict(zip(self.parameters.labels, values))
        for row, multiplier in TRUE_MULTIPLIERS.items():
            self.assertAlmostEqual(found[row], multiplier, delta=0.25, msg=row)
        self.assertNotIn(4, found)
        self.assertLess(fit.loss(self.held_out, values), fit.loss(self.held_out, self.parameters.start))

    def test_inside_a_group_only_the_best_and_the_worst_count(self):
        votes = [(0, 2.0), (1, 1.5), (2, -0.5), (3, -0.25)]
        hypothesis = fit.of_votes(True, -0.69, 4, {"content": votes})
        self.assertAlmostEqual(fit_model.score(hypothesis, [1.0, 1.0, 1.0, 1.0, 0.0]), -0.69 + 2.0 - 0.5)

    def test_ownership_is_capped(self):
        hypothesis = fit.of_votes(True, 0.0, 1, {"ownership": [(0, 5.0)]})
        self.assertAlmostEqual(fit_model.score(hypothesis, [1.0, 0.0]), fit_model.OWNERSHIP_CAP)

    def test_reads_every_row_of_the_table(self):
        with open(weight_table.TABLE, encoding="utf-8") as file:
            text = file.read()
        rows = weight_table.rows_of(text)
        self.assertEqual(len(rows), text.count("WeightRow{"))
        self.assertEqual(rows[0].name, "kPriorOverrunHeader")
        numbers = {i: (row.log_odds, row.images) for i, row in enumerate(rows)}
        self.assertEqual([row[:3] for row in weight_table.rows_of(weight_table.rewritten(text, numbers))], [row[:3] for row in rows])

    def test_writes_log_odds_and_images_and_nothing_else(self):
        text = ('x\n    WeightRow{W::kA, G::kExtent, -0.5,\n              "why, \\"so\\" "\n              "2, 3", 17},\n'
                '    WeightRow{W::kB, G::kExtent, 1, "by hand"},\n    WeightRow{W::kC, G::kExtent, 2, "c", 1},\ny\n')
        self.assertEqual([row[:3] for row in weight_table.rows_of(text)], [("kA", -0.5, 17), ("kB", 1, 0), ("kC", 2, 1)])
        self.assertEqual(weight_table.rewritten(text, {0: (-0.456, 18), 2: (2.1, 300)}),
                         text.replace("-0.5", "-0.46").replace('3", 17', '3", 18').replace('2, "c", 1', '2.10, "c", 300'))

    def test_nothing_is_no_minus_nothing(self):
        text = 'WeightRow{W::kA, G::kExtent, -0.5, "a", 1},'
        self.assertEqual(weight_table.rewritten(text, {0: (-0.001, 2)}), 'WeightRow{W::kA, G::kExtent, 0.00, "a", 2},')

    def test_an_incident_of_weight_two_is_two_incidents(self):
        one = [self.fitted_on[0]._replace(weight=2.0)] + self.fitted_on[1:50]
        two = [self.fitted_on[0]] + self.fitted_on[:50]
        for first, second in zip(*(fit_model.slopes(some, self.parameters.start, self.parameters, 1.0)
                                   for some in (one, two))):
            for a, b in zip(first, second):
                self.assertAlmostEqual(a, b)
        self.assertAlmostEqual(fit.loss(one, self.parameters.start), fit.loss(two, self.parameters.start))

    def test_what_is_by_hand_stays(self):
        by_hand = {self.parameters.index[3]}
        values, _ = fit.descend(self.fitted_on, self.parameters, strength=1.0, iterations=80, by_hand=by_hand)
        found = dict(zip(self.parameters.labels, values))
        self.assertEqual(found[3], 1.0)
        self.assertAlmostEqual(found[1], TRUE_MULTIPLIERS[1], delta=0.25)

    def test_counts_images_in_which_a_row_tells_hypotheses_apart(self):
        parameters = fit.Parameters()
        prior, same, other = (parameters.get(label, start, 1.0) for label, start in ((0, 0.0), (1, 1.0), (2, 1.0)))
        hypotheses = [
            fit.of_votes(True, 0.0, prior, {"extent": [(same, 2.0)], "content": [(other, 1.0)]}),
            fit.of_votes(False, 0.0, prior, {"extent": [(same, 2.0)]})
        ]
        for image in (("a.csv", 1), ("a.csv", 1), ("b.csv", 1)):
            fit.count(hypotheses, image, parameters)
        self.assertEqual([len(images) for images in parameters.images], [2, 0, 2])

    def test_a_row_is_worth_what_the_loss_rises_by_without_it(self):
        values = [TRUE_MULTIPLIERS.get(label, 0.0) for label in self.parameters.labels]
        rises = dict(zip(self.parameters.labels, fit.worth(self.held_out[:200], values, self.parameters)))
        self.assertGreater(rises[3], rises[1])
        self.assertGreater(rises[2], 0)

    def test_the_right_kind_is_preferred_to_the_guilty_block_alone(self):
        row = ["0", "1", "1", "1", "block", "overrun", "0"]
        self.assertEqual(fit.right_marks([row, row[:6] + ["1"]]), [False, True])
        self.assertEqual(fit.right_marks([row, row[:3] + ["0"] + row[4:]]), [True, False])

    def test_a_strong_pull_keeps_the_table(self):
        values, _ = fit.descend(self.fitted_on, self.parameters, strength=1e9, iterations=60)
        for value, start in zip(values, self.parameters.start):
            self.assertAlmostEqual(value, start, places=3)


if __name__ == "__main__":
    unittest.main()
