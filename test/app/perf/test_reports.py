#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""The reports of fastmem-perf: text, JSON, CSV and charts tell the same.

usage: test_reports.py PROGRAM
"""

import csv
import os
import shutil
import stat
import subprocess
import tempfile

from perf import NO_HUGE, SHORT, main, near, need, program, run

FOLDER = tempfile.mkdtemp()


def test_forms_agree():
    result = run([*NO_HUGE, *SHORT, "pair", "failure"])
    rows = list(csv.DictReader(result.csv))
    for row, figure in zip(rows, result.report["figures"]):
        for key in ("scenario", "work", "metric", "unit", "better", "way"):
            assert row[key] == figure[key], (row, figure)
        for key in ("median", "min", "max", "to_mempool", "to_best_other"):
            assert (row[key] == "") == (figure[key] is None), (row, figure)
            assert figure[key] is None or near(float(row[key]), figure[key]), (row, figure)
        assert int(row["rounds"]) == len(figure["samples"]), (row, figure)
        assert int(row["left_out"]) == figure["left_out"], (row, figure)
    # A way with one sample left has no spread, so its row is not known by that.
    table = result.out.split("\npair: ")[1].split("\nfailure: ")[0]
    for figure in result.figures(scenario="pair"):
        title = f"    {figure['title']}  "
        value, = [line[len(title):].split()[0] for line in table.splitlines()
                  if line.startswith(title)]
        assert abs(float(value) - figure["median"]) <= 0.01 * figure["median"] + 0.01, value


def plot(folder, *scenarios, path=None):
    env = dict(os.environ)
    if path is not None:
        env["PATH"] = path
    return subprocess.run([program(), *NO_HUGE, *SHORT, *scenarios, "--plot", folder], env=env,
                          capture_output=True, text=True, timeout=280, check=False)


def test_charts_are_drawn():
    need("gnuplot")
    folder = os.path.join(FOLDER, "charts")
    done = plot(folder, "pair", "crowd")
    assert done.returncode == 0, done
    names = {os.path.splitext(name)[0] for name in os.listdir(folder)
             if name.endswith((".svg", ".png"))}
    for wanted in ("overview", "pair-pair-64-b", "crowd-8-threads-on-2-cpus-pair-64-b-pairs",
                   "crowd-8-threads-on-2-cpus-pair-64-b-each-timed-latency"):
        assert wanted in names, names
    for name in names:
        with open(os.path.join(folder, name + ".svg"), encoding="utf-8") as file:
            svg = file.read()
        assert svg.startswith("<?xml") and svg.rstrip().endswith("</svg>"), name
        with open(os.path.join(folder, name + ".png"), "rb") as file:
            assert file.read(8) == b"\x89PNG\r\n\x1a\n", name
    with open(os.path.join(folder, "pair-pair-64-b.svg"), encoding="utf-8") as file:
        svg = file.read()
    for title in ("fastmem halloc, hfree", "rte_mempool, 512 cached", "glibc"):
        assert title in svg, title


def test_without_gnuplot_it_is_said():
    folder = os.path.join(FOLDER, "script")
    done = plot(folder, "pair", path=os.path.join(FOLDER, "no-programs"))
    assert done.returncode == 1 and "gnuplot is not installed" in done.stderr, done
    assert os.listdir(folder) == ["fastmem-perf.gp"], os.listdir(folder)
    # The figures are not lost.
    assert "fastmem halloc, hfree" in done.stdout, done


def test_files_that_cannot_be_written_are_said():
    for option in ("--json", "--csv"):
        path = os.path.join(FOLDER, "no-such-folder", "report")
        done = subprocess.run([program(), *NO_HUGE, *SHORT, "pair", option, path], capture_output=True,
                              text=True, timeout=60, check=False)
        assert done.returncode == 1, done
        assert f"cannot write {path}: No such file" in done.stderr, done
        done = subprocess.run([program(), *NO_HUGE, *SHORT, "pair", option, "/dev/full"],
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 1 and "/dev/full" in done.stderr, done
        assert stat.S_ISCHR(os.stat("/dev/full").st_mode)
    done = plot(os.path.join(FOLDER, "no-such-folder", "charts"), "pair")
    assert done.returncode == 1 and "no charts in" in done.stderr, done


try:
    main([
        test_forms_agree,
        test_charts_are_drawn,
        test_without_gnuplot_it_is_said,
        test_files_that_cannot_be_written_are_said,
    ])
finally:
    shutil.rmtree(FOLDER)
