"""The report: a figure in a document, a model or a CSV file that disagrees with the others is noticed; scripts that measure do.

  report_test.py PROGRAM
"""
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.dom.minidom

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else None
sys.path.insert(0, os.path.join(ROOT, "bench", "report"))
import blocks  # noqa: E402
import claims  # noqa: E402
import data  # noqa: E402
import machine  # noqa: E402
import page  # noqa: E402
import svg  # noqa: E402
import tables  # noqa: E402


def run(*words):
    done = subprocess.run([sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


class Copy(unittest.TestCase):
    """On a copy of what the report reads and writes."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("docs", "models", "bench/report", "embedded/budgets.csv", "README.md"):
            source, target = os.path.join(ROOT, name), os.path.join(self.folder, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            (shutil.copytree if os.path.isdir(source) else shutil.copy)(source, target)

    def path(self, name):
        return os.path.join(self.folder, name)

    def change(self, name, pattern, replacement):
        with open(self.path(name), encoding="utf-8") as file:
            text = file.read()
        changed, count = re.subn(pattern, replacement, text, count=1)
        self.assertEqual(count, 1, f"{pattern} is not in {name}")
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(changed)

    def check(self):
        return run(os.path.join(ROOT, "bench/report/draw.py"), "--check", "--root", self.folder)

    def expect(self, *words):
        code, said = self.check()
        self.assertEqual(code, 1, said)
        for word in words:
            self.assertIn(word, said)

    def test_what_is_committed_agrees(self):
        code, said = self.check()
        self.assertEqual(code, 0, said)

    def test_a_figure_of_the_readme_that_was_changed_by_hand(self):
        self.change("README.md", r"(Pellucid in bold.*?\n(?:.*\n)*?\| \*\*.*?\| )\d\.\d\d \|", r"\g<1>9.99 |")
        self.expect("README.md is not what the report makes")

    def test_a_figure_of_the_readme_outside_the_block(self):
        self.change("README.md", "## Exit codes\n", "It reaches PESQ 3.14.\n\n## Exit codes\n")
        self.expect("It reaches PESQ 3.14.")

    def test_a_figure_of_a_card(self):
        self.change("models/small.md", r"(\| PESQ \(wide band\) \| )\d", r"\g<1>9")
        self.expect("models/small.md is not what the report makes")

    def test_a_figure_of_the_report(self):
        self.change("docs/report/quality.csv", r"(evaluation|shipped)(,small,.*?,all,all,\d+,pesq_wb,[^,]*,[^,]*,[^,]*,)\d", r"\1\g<2>9")
        self.expect("README.md is not what the report makes", "docs/report/README.md is not", "quality.svg is not")

    def test_another_model_file(self):
        shutil.copy(self.path("models/nano.safetensors"), self.path("models/small.safetensors"))
        self.expect("models/small.safetensors is crc32:", "run `make report`")

    def test_a_damaged_model_file(self):
        with open(self.path("models/small.safetensors"), "r+b") as file:
            file.seek(-3, os.SEEK_END)
            file.write(b"\x55")
        self.expect("models/small.safetensors is crc32:damaged")

    def test_a_model_that_the_report_does_not_know(self):
        shutil.copy(self.path("models/nano.safetensors"), self.path("models/new.safetensors"))
        self.expect("models/new.safetensors is not in the report", "models/new.md", "<!-- report:card new -->")

    def test_a_card_that_gives_its_file_another_size(self):
        self.change("models/base.md", r"(`base\.safetensors`, )598 kB", r"\g<1>599 kB")
        self.expect("models/base.md does not say how large the file is", "`base.safetensors`, 598 kB")

    def test_a_card_without_its_figures(self):
        self.change("models/nano.md", "<!-- report:card nano -->\n(?:.*\n)*?<!-- /report -->\n", "")
        self.expect("models/nano.md has no figures from the report")

    def test_a_block_that_is_not_closed(self):
        self.change("docs/models.md", "<!-- /report -->", "")
        self.expect("docs/models.md: a block is not closed")

    def test_other_clips_are_not_put_beside_the_fields_figures(self):
        known = data.Data(self.folder)
        if "evaluation" not in known.sets:
            self.skipTest("the report has no evaluation set")
        self.assertTrue(known.field("evaluation"))
        self.assertFalse(known.field("shipped"))

    def test_drawing_twice_gives_the_same_bytes(self):
        code, said = run(os.path.join(ROOT, "bench/report/draw.py"), "--root", self.folder)
        self.assertEqual(code, 0, said)
        self.assertEqual(self.check()[0], 0)
        for name in os.listdir(self.path("docs/report")):
            with open(self.path(f"docs/report/{name}"), "rb") as mine, open(os.path.join(ROOT, "docs/report", name), "rb") as theirs:
                self.assertEqual(mine.read(), theirs.read(), name)

    def test_every_picture_is_sound_xml(self):
        pictures = [name for name in os.listdir(self.path("docs/report")) if name.endswith(".svg")]
        self.assertGreater(len(pictures), 3)
        for name in pictures:
            xml.dom.minidom.parse(self.path(f"docs/report/{name}"))


class Parts(unittest.TestCase):
    def claim(self, times, peaks):
        rows = [{"case": "c", "unit": "files", "size": str(10 ** (n + 2)), "cpu_s": str(t), "peak_mb": str(p)}
                for n, (t, p) in enumerate(zip(times, peaks))]
        return claims.claims(rows)[0]

    def test_linear_and_bounded_is_told_from_what_is_not(self):
        good = self.claim((0.1, 1.05, 9.8), (10, 10.4, 11))
        self.assertEqual((good.time, good.memory), ("linear", "bounded"))
        bad = self.claim((0.1, 10, 1000), (10, 100, 1000))
        self.assertAlmostEqual(bad.exponent, 2)
        self.assertEqual((bad.time, bad.memory), ("**more than linear**", "grows with it"))
        self.assertEqual(self.claim((0.01, 0.02, 0.03), (1, 1, 1)).time, "too short to say")

    def test_every_application_has_a_section_and_a_promise(self):
        with open(os.path.join(ROOT, "docs/whitepaper.md"), encoding="utf-8") as file:
            paper = file.read()
        names = {row["application"] for row in data.Data().applications}
        self.assertLess({"headset", "consumer electronics"}, names)
        promise = next(line for line in paper.splitlines() if line.startswith("| ") and "`bench/applications.py`" in line)
        for name in names:
            self.assertIn(f"\n### {name.capitalize()}\n", paper)
            self.assertIn(name, promise)

    def test_a_processor_is_named_with_its_generation(self):
        with tempfile.NamedTemporaryFile("w") as info:
            info.write("processor\t: 0\ncpu family\t: 26\nmodel\t\t: 2\nmodel name\t: AMD EPYC\n\nprocessor\t: 1\nmodel\t\t: 9\n")
            info.flush()
            self.assertEqual(machine.processor(info.name), "AMD EPYC (family 26, model 2)")
        self.assertEqual(machine.processor("nowhere"), platform.machine())

    def test_figures_of_speed_say_what_the_core_can_do(self):
        known = data.Data()
        for words in (blocks.speed_sentence(known), page.speed(known, {"speed.svg": ""})):
            self.assertRegex(words, r"\(family \d+.*\) that does \d+ G multiply-adds a second at most")

    def test_ticks_are_round_and_inside(self):
        self.assertEqual(svg.round_steps(0.0, 1.0), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
        self.assertEqual(svg.log_steps(9e6, 4e8), [1e7, 2e7, 5e7, 1e8, 2e8])

    def test_numbers_read_as_the_documents_write_them(self):
        self.assertEqual([tables.millions(v) for v in (9344000, 35904000, 350e6, 9e9)], ["9.3 M", "36 M", "350 M", "9 G"])


@unittest.skipUnless(PROGRAM, "no program was given")
class Measuring(unittest.TestCase):
    def test_every_shipped_model_is_measured(self):
        with tempfile.TemporaryDirectory() as out:
            code, said = run(os.path.join(ROOT, "bench/report/measure.py"), PROGRAM, "--out", out, "--rounds", "1", "--seconds", "0.2")
            self.assertEqual(code, 0, said)
            shipped = data.shipped_models()
            found = {row["model"]: row for row in tables.read_csv(os.path.join(out, "models.csv"))}
            self.assertEqual({name: row["checksum"] for name, row in found.items()},
                             {name: model.checksum for name, model in shipped.items()})
            for table in ("quality.csv", "files.csv", "speed.csv"):
                self.assertEqual({row["model"] for row in tables.read_csv(os.path.join(out, table))}, set(shipped), table)
            pairs = {(row["float"], row["model"]) for row in found.values() if row["float"]}
            self.assertEqual({(row["float"], row["int8"]) for row in tables.read_csv(os.path.join(out, "compare.csv"))}, pairs)

    def test_an_evaluation_set_that_is_not_there(self):
        with tempfile.TemporaryDirectory() as out:
            code, said = run(os.path.join(ROOT, "bench/report/measure.py"), PROGRAM, "--out", out, "--eval", "nowhere")
            self.assertEqual(code, 1)
            self.assertIn("'nowhere' has no folder noisy/", said)
            self.assertEqual(os.listdir(out), [])

    @unittest.skipUnless(shutil.which("ffmpeg"), "ffmpeg is not installed")
    def test_one_application_is_measured_and_the_others_stay(self):
        with tempfile.TemporaryDirectory() as folder:
            out, before = os.path.join(folder, "applications.csv"), data.Data().applications
            tables.write_csv(out, data.COLUMNS["applications.csv"], before)
            only = "headset"  # the quickest
            code, said = run(os.path.join(ROOT, "bench/applications.py"), PROGRAM, "--only", only, "--out", out)
            self.assertEqual(code, 0, said)
            after = tables.read_csv(out)
            self.assertEqual([row for row in after if row["application"] != only], [row for row in before if row["application"] != only])
            mine = [row for row in after if row["application"] == only]
            self.assertEqual({row["noise"] for row in mine}, {"wind", "coffee-shop"})
            self.assertTrue(all(float(row["si_sdr_db_after"]) > float(row["si_sdr_db_before"]) for row in mine), mine)

    def test_scale_measures_every_case(self):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "scale.csv")
            code, said = run(os.path.join(ROOT, "bench/scale.py"), PROGRAM, "--files", "100,200", "--hours", "0.002,0.004",
                             "--held-hours", "0.002,0.004", "--short", "2,4", "--work", folder, "--out", out)
            self.assertEqual(code, 0, said)
            rows = tables.read_csv(out)
            self.assertEqual(len(claims.claims(rows)) * 2, len(rows))
            self.assertTrue(all(float(row["resident_mb"]) > 1 for row in rows), said)
            self.assertEqual(os.listdir(folder), ["scale.csv"])


if __name__ == "__main__":
    unittest.main()
