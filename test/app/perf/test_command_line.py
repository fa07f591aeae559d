#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""The command line of fastmem-perf: what is asked is what is done, and what is wrong is said.

usage: test_command_line.py PROGRAM
"""

import subprocess

from perf import SHORT, main, program, run

SCENARIOS = ["pair", "pair-mixed", "batch", "batch-mixed", "touched", "bulk", "replace",
             "handover", "unknown", "crowd", "neighbour", "watched", "profiled", "tail", "first", "cold",
             "growth", "failure", "reserve", "packing", "fragmentation", "own",
             "strategies"]


def ask(*args):
    return subprocess.run([program(), *args], capture_output=True, text=True, timeout=60,
                          check=False)


def test_scenarios_are_listed():
    done = ask("--list")
    assert done.returncode == 0 and done.stderr == ""
    assert [line.split()[0] for line in done.stdout.splitlines()] == SCENARIOS, done.stdout


def test_help_needs_no_machine():
    done = ask("--help")
    assert done.returncode == 0 and "--plot DIR" in done.stdout and done.stderr == ""


def test_wrong_options_are_said():
    for args, says in (
            (["--json"], "--json: needs a value"),
            (["--no-such"], "--no-such: no such option"),
            (["--rounds", "0"], "--rounds: expected a number, 1 to 60, got '0'"),
            (["--rounds", "1.5"], "--rounds: expected"),
            (["--time", "x"], "--time: expected milliseconds"),
            (["--reserve", "5X"], "--reserve: expected a size"),
            (["--caches", "9999"], "--caches: expected"),
            (["--churn", "-1"], "--churn: expected"),
            (["pair", "stray"], "stray: no such scenario; --list names those that there are"),
    ):
        done = ask(*args)
        assert done.returncode == 1 and says in done.stderr, (args, done.stderr)
        assert done.stdout == "", done.stdout


def test_only_what_is_asked_is_measured():
    result = run([*SHORT, "bulk", "pair"])
    assert {f["scenario"] for f in result.report["figures"]} == {"pair", "bulk"}
    assert result.report["rounds"] == 2 and not result.report["quick"]
    for figure in result.report["figures"]:
        assert len(figure["samples"]) + figure["left_out"] >= 2, figure
    # One line for each work says where it is.
    assert "[1/2] pair: pair, 64 B" in result.err and "[2/2] bulk" in result.err, result.err


def test_eal_options_stand_before_two_dashes():
    eal = ["--no-huge", "-m", "400", "--no-shconf", "--no-pci", "--no-telemetry", "--lcores", "0"]
    result = run([*eal, "--", *SHORT, "pair", "handover"])
    assert result.report["eal"] == eal, result.report["eal"]
    assert len(result.figures(scenario="pair", way="fastmem")) == 1
    # With a single lcore there is nobody to hand anything to.
    assert not result.figures(scenario="handover"), result
    assert "skipped: it takes two lcores on two CPUs" in result.notes(None), result


def test_conditions_are_brought_about():
    result = run([*SHORT, "--caches", "3", "--churn", "1e6", "--reserve", "64M", "pair"])
    assert result.figures(scenario="pair", way="fastmem-handle"), result
    assert "pair: churn" in result.err, result


main([
    test_scenarios_are_listed,
    test_help_needs_no_machine,
    test_wrong_options_are_said,
    test_only_what_is_asked_is_measured,
    test_eal_options_stand_before_two_dashes,
    test_conditions_are_brought_about,
])
