#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""What fastmem-perf measures makes sense, and a broken allocator does not get a figure.

usage: test_scenarios.py PROGRAM
"""

import ctypes.util
import os
import shutil
import subprocess
import tempfile

from perf import FASTMEM, LIBRARIES, SHORT, Skip, main, need, run

FOLDER = tempfile.mkdtemp()
PERCENTILES = ["p50", "p90", "p99", "p99.9", "p99.99", "p99.999", "max"]

# Allocators with faults, of which the real C library serves the rest of the program.
FAULTS = {
    "the same object for all": "static char o[1 << 20]; return n <= sizeof(o) ? o : 0;",
    "objects that overlap": "static char o[1 << 26]; static size_t a;"
                            "a += 32; return a + n <= sizeof(o) ? o + a : 0;",
    "none after a while": "static char o[1 << 16]; static size_t a;"
                          "a += n; return a <= sizeof(o) ? o + a - n : 0;",
}


def present(name):
    return name == "glibc" or ctypes.util.find_library(
        "tcmalloc_minimal" if name == "tcmalloc" else name) is not None


def test_every_way_is_measured():
    result = run([*SHORT, "pair", "pair-mixed", "batch", "batch-mixed", "touched", "bulk",
                  "profiled"])
    libraries = [name for name in LIBRARIES if present(name)]
    slower = result.figures(scenario="profiled", unit="%")
    assert {f["way"] for f in slower} == {*FASTMEM}, slower
    for work in {f["work"] for f in result.report["figures"]} - {f["work"] for f in slower}:
        ways = {f["way"] for f in result.figures(work=work)}
        assert ways >= {*FASTMEM, "mempool", "rte_malloc", "floor", *libraries}, (work, ways)
        assert all(f["median"] > 0 for f in result.figures(work=work))


def test_threads_and_cores():
    if len(os.sched_getaffinity(0)) < 2:
        raise Skip("this machine has one CPU")
    result = run([*SHORT, "handover", "unknown", "neighbour", "watched"])
    for scenario in ("handover", "unknown"):
        works = {f["work"] for f in result.figures(scenario=scenario)}
        for work in works - {"a cache line to the other core and back"}:
            ways = {f["way"] for f in result.figures(work=work)}
            assert ways >= {*FASTMEM, "mempool", "glibc"}, (work, ways)
    assert result.figures(scenario="unknown", way="mempool-own")
    assert not result.figures(scenario="handover", way="mempool-own")
    trips = result.figures(scenario="handover", way="probe")
    assert len(trips) == 1 and trips[0]["median"] > 1, trips
    assert result.figures(scenario="neighbour", way="fastmem", unit="%"), result
    slower = result.figures(scenario="watched", unit="%")
    assert {f["way"] for f in slower} == {*FASTMEM}, slower


def test_kinds_of_memory():
    result = run(["--rounds", "1", "--time", "0.02", "strategies"])
    works = {f["work"] for f in result.report["figures"]}
    assert len([w for w in works if "by size" in w]) == 4, works
    assert all(f["median"] > 0 for f in result.report["figures"])
    kinds = {"system", "arena", "pool", "region-4k", "fastmem", "mapped", "cache-aware"}
    for work in works - {"a kind chosen", "256 MiB read at random, by size of page"}:
        ways = {f["way"] for f in result.figures(work=work)}
        assert ways >= kinds, (work, kinds - ways)
    # What this machine lacks is said, and is no failure.
    for way in ("region-thp", "region-2m", "pinned"):
        assert result.figures(way=way) or any("skipped" in n for n in result.notes(way)), way
    for way in kinds:
        sizes = {f["metric"] for f in result.figures(way=way)
                 if f["work"].startswith("read at random")}
        assert len(sizes) == 7, (way, sizes)


def test_percentiles_rise():
    result = run(["--rounds", "1", "--time", "0.02", "crowd", "tail"])
    for scenario in ("crowd", "tail"):
        for way in ("fastmem", "glibc"):
            values = [result.figures(scenario=scenario, way=way, metric=metric)[0]["median"]
                      for metric in PERCENTILES]
            assert values == sorted(values) and values[0] > 0, (scenario, way, values)


def test_memory_is_weighed():
    charts = os.path.join(FOLDER, "weighed")
    plot = ["--plot", charts] if shutil.which("gnuplot") else []
    result = run(["--rounds", "1", "packing", "own", *plot])
    for figure in result.figures(scenario="packing"):
        assert 10 < figure["median"] <= 100, figure
    # Two objects of 1 MiB fill a slab, and 64 bytes are a class of their own.
    for metric in ("64 B", "1 MiB"):
        figure, = result.figures(scenario="packing", metric=metric, way="fastmem")
        assert figure["median"] > 99, figure
    for figure in result.figures(scenario="own"):
        assert 0 < figure["median"] < 1000, figure
    # All sizes are in one chart.
    for kind in ("svg", "png") if plot else ():
        path = os.path.join(charts, f"packing-payload-one-size-in-128-mib.{kind}")
        assert os.path.getsize(path) > 0, os.listdir(charts)


def test_allocations_fail_as_they_should():
    result = run([*SHORT, "failure"])
    works = {f["work"] for f in result.figures(way="fastmem")}
    assert len(works) == 3, works


def test_what_is_absent_is_skipped():
    # A file of that name that is no library comes before the real one.
    folder = os.path.join(FOLDER, "empty")
    os.makedirs(folder)
    for name in ("libjemalloc.so.2", "libmimalloc.so.2", "libtcmalloc_minimal.so.4"):
        with open(os.path.join(folder, name), "w", encoding="utf-8"):
            pass
    result = run([*SHORT, "pair"], env={"LD_LIBRARY_PATH": folder})
    for way in ("jemalloc", "mimalloc", "tcmalloc"):
        assert not result.figures(way=way)
        note, = result.notes(way)
        assert note.startswith("skipped: ") and ".so" in note, note
        assert f"  {way}: skipped: " in result.out, result
    assert result.figures(way="fastmem") and result.figures(way="glibc")


def test_faults_are_noticed():
    need("cc")
    for number, (fault, code) in enumerate(FAULTS.items()):
        folder = os.path.join(FOLDER, f"fault{number}")
        os.makedirs(folder)
        source = os.path.join(folder, "fault.c")
        with open(source, "w", encoding="utf-8") as file:
            file.write("#include <stddef.h>\n"
                       f"void *malloc(size_t n) {{ {code} }}\n"
                       "void free(void *p) { (void)p; }\n")
        subprocess.run(["cc", "-shared", "-fPIC", "-fno-builtin", "-o",
                        os.path.join(folder, "libmimalloc.so.2"), source], check=True)
        result = run([*SHORT, "pair", "bulk"], code=1, env={"LD_LIBRARY_PATH": folder})
        assert not result.figures(way="mimalloc"), fault
        assert result.notes("mimalloc")[0].startswith("failed: "), (fault, result)
        # The others are measured all the same.
        assert result.figures(way="fastmem", scenario="bulk"), fault


def test_a_crash_costs_one_scenario():
    need("cc")
    folder = os.path.join(FOLDER, "crash")
    os.makedirs(folder)
    source = os.path.join(folder, "crash.c")
    # It lives long enough to be found, and dies in the second scenario.
    with open(source, "w", encoding="utf-8") as file:
        file.write("#include <stdlib.h>\n"
                   "void *malloc(size_t n) { static char o[1 << 22]; static size_t a;"
                   "if (n == 96) abort();"
                   "a += n; return a <= sizeof(o) ? o + a - n : 0; }\n"
                   "void free(void *p) { (void)p; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-fno-builtin", "-o",
                    os.path.join(folder, "libmimalloc.so.2"), source], check=True)
    result = run([*SHORT, "pair", "pair-mixed", "bulk"], code=1, env={"LD_LIBRARY_PATH": folder})
    assert any("its process died: Aborted" in text for text in result.notes(None)), result
    assert not result.figures(scenario="pair-mixed"), result
    for scenario in ("pair", "bulk"):
        assert result.figures(scenario=scenario, way="fastmem"), result


def test_the_slow_ones_have_their_figures():
    result = run(["--rounds", "1", "--time", "0.02", "first", "cold", "growth", "fragmentation"])
    for scenario, way in (("first", "mempool"), ("first", "glibc"), ("cold", "fastmem"),
                          ("fragmentation", "glibc"), ("fragmentation", "mempool")):
        assert result.figures(scenario=scenario, way=way), (scenario, way)
    for figure in result.figures(scenario="fragmentation"):
        # 128 MiB are live, and there is a worst case.
        assert 128 <= figure["median"] <= 10 * 128, figure
    worst, = result.figures(scenario="cold", metric="worst class")
    middle, = result.figures(scenario="cold", metric="median class")
    assert worst["median"] >= middle["median"] > 0, (worst, middle)


def test_too_little_memory_is_said():
    result = run(["--no-huge", "-m", "32", "--no-shconf", "--no-pci", "--no-telemetry", "--",
                  *SHORT, "--reserve", "256M", "pair"], code=1)
    assert not result.report["figures"], result
    assert any("cannot reserve 256 MiB" in text for text in result.notes(None)), result


try:
    main([
        test_every_way_is_measured,
        test_threads_and_cores,
        test_kinds_of_memory,
        test_percentiles_rise,
        test_memory_is_weighed,
        test_allocations_fail_as_they_should,
        test_what_is_absent_is_skipped,
        test_faults_are_noticed,
        test_a_crash_costs_one_scenario,
        test_the_slow_ones_have_their_figures,
        test_too_little_memory_is_said,
    ])
finally:
    shutil.rmtree(FOLDER)
