"""fit.py finds the multipliers that made the data: incidents drawn from known ones, fitted from 1."""

import csv
import importlib.util
import math
import os
import random
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SPEC = importlib.util.spec_from_file_location("fit", os.path.join(HERE, "fit.py"))
fit = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(fit)

HEADER = "image,incident,rank,is_guilty,role,kind,is_kind_right,true_kind,probability,prior".split(",")
TRUE_MULTIPLIERS = {"boasts": 0.3, "honest": 1.0, "shy": 2.0, "silent": 1.0}
INCIDENTS = 1500


def write_features(path):
    """Suspects of three kinds; the guilty one is drawn from the softmax with the true multipliers."""
    draw = random.Random(1)
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(HEADER + sorted(TRUE_MULTIPLIERS))
        for image in range(INCIDENTS):
            suspects = [{"boasts": draw.gauss(0, 2), "honest": draw.gauss(0, 2), "shy": draw.gauss(0, 1)}
                        for _ in range(3)]
            weights = [math.exp(sum(TRUE_MULTIPLIERS[n] * x for n, x in s.items())) for s in suspects]
            guilty = draw.choices(range(3), weights)[0]
            for i, signals in enumerate(suspects):
                rows.writerow([image, 1, i + 1, int(i == guilty), "block", "overrun", 1, "overrun", "0.33", "0"] +
                              [f"{signals[n]:.4f}" if n in signals else "" for n in sorted(TRUE_MULTIPLIERS)])


class Fit(unittest.TestCase):

    def setUp(self):
        handle, self.path = tempfile.mkstemp(suffix=".csv")
        os.close(handle)
        write_features(self.path)
        self.parameters = fit.Parameters()
        self.fitted_on, self.held_out, self.hopeless = fit.read([self.path], self.parameters)

    def tearDown(self):
        os.remove(self.path)

    def test_one_image_in_five_is_held_out(self):
        self.assertEqual(len(self.held_out), INCIDENTS // 5)
        self.assertEqual(len(self.fitted_on), INCIDENTS - INCIDENTS // 5)
        self.assertEqual(self.hopeless, 0)

    def test_finds_the_multipliers_and_leaves_a_silent_signal_alone(self):
        values, _ = fit.descend(self.fitted_on, self.parameters, strength=1.0, iterations=60)
        found = dict(zip(self.parameters.names, values))
        for name in ("boasts", "honest", "shy"):
            self.assertAlmostEqual(found[name], TRUE_MULTIPLIERS[name], delta=0.25, msg=name)
        self.assertNotIn("silent", found)
        self.assertLess(fit.loss(self.held_out, values), fit.loss(self.held_out, self.parameters.start))

    def test_a_strong_pull_keeps_the_table(self):
        values, _ = fit.descend(self.fitted_on, self.parameters, strength=1e9, iterations=60)
        for value, start in zip(values, self.parameters.start):
            self.assertAlmostEqual(value, start, places=3)


if __name__ == "__main__":
    unittest.main()
