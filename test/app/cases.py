# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""How a test program of cases runs and ends, for all programs that are tested as a whole."""

import shutil
import sys
import traceback

SKIPPED = 77


class Skip(Exception):
    """Raised by a case that cannot run here; says why."""


def need(tool):
    if shutil.which(tool) is None:
        raise Skip(f"{tool} is not installed")


def main(cases):
    """Run each case, and print results the way cmocka does, which test/summary.py counts."""
    failed = skipped = 0
    for case in cases:
        try:
            case()
            verdict = "[       OK ]"
        except Skip as why:
            verdict = f"{why}\n[  SKIPPED ]"
            skipped += 1
        except Exception:  # pylint: disable=broad-except
            traceback.print_exc(file=sys.stdout)
            verdict = "[  FAILED  ]"
            failed += 1
        print(f"{verdict} {case.__name__}", flush=True)
    if failed:
        sys.exit(1)
    sys.exit(SKIPPED if skipped == len(cases) else 0)
