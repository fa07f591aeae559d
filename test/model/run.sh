#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
#
# Checks one model with Spin: as it is it must hold, and each defect that its header names must be
# found. With FASTMEM_TEST_FULL=1 also with three workers (minutes, and some 7 GB of memory).
#
# usage: run.sh MODEL.pml

set -euo pipefail

model=$(readlink -f "$1")
name=$(basename "$model" .pml)
failed=0

for tool in spin cc; do
    command -v "$tool" >/dev/null || {
        echo "skipped: $tool is not installed"
        exit 77
    }
done

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# check WANTED PAN-FLAGS [SPIN-FLAG...]: WANTED is what pan must say, holds or found. PAN-FLAGS are
# those of its compilation; with -DNP it looks for cycles without progress.
check() {
    local wanted=$1 flags=$2 got=holds options=(-m3000000)
    shift 2
    [[ $flags != *-DNP* ]] || options+=(-l)
    [[ $flags != *-DHC4* ]] || options=(-m60000000)
    rm -f ./*
    # The model's name for Spin is without a folder: its messages repeat it.
    cp "$model" .
    spin "$@" -a "$name.pml" >spin.log || {
        cat spin.log
        exit 1
    }
    # What is found is found soon: there the compiler takes longer than the search.
    # shellcheck disable=SC2086  # several flags
    cc "-O$([[ $wanted == found ]] && echo 0 || echo 1)" -w $flags -o pan pan.c
    ./pan "${options[@]}" >pan.log 2>&1 || true
    grep -q 'errors: 0$' pan.log || got=found
    if ! grep -q 'errors: [0-9]*$' pan.log ||
        grep -q -e 'max search depth too small' -e 'out of memory' pan.log; then
        got=unfinished
    fi
    printf '%-10s %s %s: %s\n' "$got" "$name" "$flags $*" \
        "$(grep -o '[0-9.e+]* states, stored' pan.log || true)"
    [[ $got == "$wanted" ]] || {
        echo "FAILED: should be $wanted"
        tail -n 20 pan.log
        failed=1
    }
}

defects() { # PAN-FLAGS SPIN-FLAG DEFECT...
    local flags=$1 also=$2 defect
    shift 2
    for defect; do
        # shellcheck disable=SC2086  # none or several
        check found "$flags" $also "-D$defect"
    done
}

case $name in
page)
    check holds -DSAFETY
    check holds -DSAFETY -DPAGES=2
    check holds -DSAFETY -DWARM
    check holds -DSAFETY -DPAGES=2 -DWARM
    check holds -DNP -DHONEST
    defects -DSAFETY '' NO_CHECK_AFTER_TAKE CHECK_BEFORE_TAKE NO_CHECK_AFTER_EMPTY BACK_TO_OLD \
        EMPTY_BY_STORE TAKE_BY_STORE PUT_BY_STORE WORD_FIRST PAGES_FIRST KEEP_NONE
    ;;
slab)
    check holds -DSAFETY
    check holds -DNP
    defects -DSAFETY '' NO_ROLLBACK ROLLBACK_ALL NO_CHECK CLAIM_BY_STORE RELEASE_BY_STORE
    defects -DNP '' WAIT
    ;;
magazine)
    check holds -DSAFETY
    check holds -DNP -DBLOCKS=2
    # Words come back unnoticed; that does no harm, but for READ_FIRST.
    check found -DSAFETY -DNO_ABA
    defects -DSAFETY '' TAKE_BY_STORE TRUST_AIM ANY_KIND READ_FIRST WRITE_FIRST WRITE_UNCLAIMED \
        FULL_EARLY EMPTY_EARLY FREE_EARLY CLAIM_BY_STORE FREE_BY_STORE CLAIM_PART FREE_PART \
        CLAIM_HALF_FREE SHORT_EMPTY LONG_EMPTY ANY_LENGTH FREE_AND_EMPTY KEEP_TAKEN
    defects -DNP -DBLOCKS=2 WAIT
    ;;
exchange)
    check holds -DSAFETY -DSTEPS=2
    defects -DSAFETY -DSTEPS=2 TAKE_BY_STORE GIVE_EARLY CLAIM_BY_STORE RELEASE_BY_STORE \
        RELEASE_EARLY WRONG_MAP NO_BUSY ONE_LOOK
    defects -DSAFETY '' NO_VERSION
    ;;
sample_places)
    check holds -DSAFETY
    check holds -DSAFETY -DKEEP_EARLY
    defects -DSAFETY '' CLAIM_BY_STORE TAKE_BY_STORE RELEASE_EARLY NO_TURN LOOK_FIRST
    ;;
sample_trap)
    check holds -DSAFETY
    defects -DSAFETY '' SETTLE_BY_BASE POP_BY_BASE TRAP_BY_STORE RESTORE_READ
    ;;
memalloc_depot)
    check holds -DSAFETY
    check holds -DSAFETY -DCHAIN_EARLY
    defects -DSAFETY '' NO_TAG POP_BY_STORE PUSH_BY_STORE BELOW_LATE BELOW_ONCE CHAIN_LATE
    ;;
memprof_sites)
    check holds -DSAFETY
    defects -DSAFETY '' PUT_BY_STORE PUT_EARLY TAKE_BY_STORE BACK_BY_STORE BACK_EARLY NO_COMPARE
    ;;
*)
    echo "no list of defects for $name: add it to $0"
    exit 1
    ;;
esac

# HC4 keeps a hash of each state, so one in very many may be missed.
if [[ ${FASTMEM_TEST_FULL:-} ]]; then
    case $name in
    page | slab) check holds '-DSAFETY -DHC4' -DWORKERS=3 ;;
    magazine) check holds '-DSAFETY -DHC4' -DWORKERS=3 -DMAGS=2 -DBLOCKS=2 ;;
    exchange) check holds '-DSAFETY -DHC4' -DSTEPS=4 ;;
    sample_places) check holds '-DSAFETY -DHC4' -DSTEPS=3 ;;
    sample_trap) check holds '-DSAFETY -DHC4' -DSTEPS=7 ;;
    memalloc_depot) check holds '-DSAFETY -DHC4' -DWORKERS=3 -DSTEPS=3 ;;
    memprof_sites) check holds '-DSAFETY -DHC4' -DWORKERS=3 -DSTEPS=2 ;;
    esac
fi
exit "$failed"
