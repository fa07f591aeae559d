#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
#
# The shell scripts pass shellcheck.

set -e
cd "$(dirname "$0")/../.."
command -v shellcheck >/dev/null || {
    echo "skipped: shellcheck is not installed"
    exit 77
}
git -c safe.directory="$PWD" ls-files -z '*.sh' dev .ci/run | xargs -0 shellcheck -x
