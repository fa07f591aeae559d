#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
#
# Every public declaration is documented: doxygen's warnings are errors.

cd "$(dirname "$0")/../.." || exit 1
command -v doxygen >/dev/null || {
    echo "skipped: doxygen is not installed"
    exit 77
}
# doxygen passes silently over a file that does not say @file.
if grep -L '@file' lib/*/rte_*.h lib/*/rte_*.hpp | grep .; then
    echo "these headers lack a comment with @file"
    exit 1
fi
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
FASTMEM_VERSION=$(cat VERSION) FASTMEM_DOC=$out doxygen doc/api/Doxyfile
