# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""What the tests of fastmem-perf share: running it, and looking at what it says."""

import json
import os
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from cases import Skip, main, need  # noqa: E402,F401

# As short as it can be: figures only have to be there and to agree with each other.
SHORT = ["--rounds", "2", "--time", "0.02"]
# Beside others that take all hugepages there are, at times.
NO_HUGE = ["--no-huge", "-m", "2048", "--no-shconf", "--no-pci", "--no-telemetry", "--"]
FASTMEM = ["fastmem", "fastmem-sized", "fastmem-handle"]
LIBRARIES = ["glibc", "jemalloc", "mimalloc", "tcmalloc"]
RATIO = 1e-3


def program():
    return sys.argv[1]


class Result:
    """What a run left: exit code, output, and the reports that there are."""

    def __init__(self, code, out, err, folder):
        self.code = code
        self.out = out
        self.err = err
        self.report = None
        self.csv = None
        path = os.path.join(folder, "report.json")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.report = json.load(file)
        path = os.path.join(folder, "report.csv")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.csv = file.read().splitlines()

    def __str__(self):
        return f"exit code {self.code}\n{self.out}\n{self.err}"

    def figures(self, **wanted):
        return [f for f in self.report["figures"]
                if all(f[key] == value for key, value in wanted.items())]

    def notes(self, way):
        return [n["text"] for n in self.report["notes"] if n["way"] == way]


def run(args, code=0, env=None):
    """Run the program to its end; its exit code has to be as given."""
    with tempfile.TemporaryDirectory() as folder:
        args = [*args, "--json", os.path.join(folder, "report.json"),
                "--csv", os.path.join(folder, "report.csv")]
        done = subprocess.run([program(), *args], capture_output=True, text=True,
                              errors="replace", timeout=280, check=False,
                              env={**os.environ, **(env or {})})
        result = Result(done.returncode, done.stdout, done.stderr, folder)
    assert result.code == code, f"expected exit code {code}: {result}"
    if result.report is not None:
        check_report(result)
    return result


def near(a, b):
    return abs(a - b) <= RATIO * max(abs(a), abs(b))


def check_figure(figure, peers):
    """A figure's numbers have to follow from its samples and from its peers' medians."""
    samples = figure["samples"]
    assert samples and figure["left_out"] >= 0, figure
    assert near(figure["median"], statistics.median(samples)), figure
    assert near(figure["min"], min(samples)) and near(figure["max"], max(samples)), figure
    if figure["median"] != 0:
        spread = (max(samples) - min(samples)) / statistics.median(samples)
        assert abs(figure["spread"] - spread) <= 0.01 * max(abs(spread), 1), figure
    assert figure["better"] in ("more", "less"), figure
    best = max if figure["better"] == "more" else min
    for name, ways in (("to_mempool", ["mempool", "mempool-own"]),
                       ("to_best_other", ["rte_malloc", *LIBRARIES, "mmap", "memzone", "system"])):
        medians = [p["median"] for p in peers if p["way"] in ways]
        if figure[name] is None:
            continue
        assert near(figure[name], figure["median"] / best(medians)), (name, figure, medians)


def check_report(result):
    """What has to hold for every report."""
    report = result.report
    assert report["program"] == "fastmem-perf" and report["version"] == 1
    for key in ("cpu", "kernel", "transparent_hugepages", "compiler", "cpus"):
        assert key in report["machine"], report["machine"]
    seen = set()
    for figure in report["figures"]:
        key = tuple(figure[k] for k in ("scenario", "work", "metric", "way"))
        assert key not in seen, key
        seen.add(key)
        check_figure(figure, result.figures(scenario=figure["scenario"], work=figure["work"],
                                            metric=figure["metric"]))
    for note in report["notes"]:
        assert set(note) == {"scenario", "way", "text"} and note["text"], note
    assert len(result.csv) == len(report["figures"]) + 1, result.csv
