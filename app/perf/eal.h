/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef EAL_H
#define EAL_H

#include "machine.h"
#include "options.h"

/** Choose EAL's arguments where the command line has none; says if that is without hugepages. */
void
eal_choose(struct options *opts, const struct machine *machine);

/** Bytes that EAL's heaps have given out; 0 before EAL has started. */
uint64_t
eal_heap_used(void);

/** Whether EAL will have hugepages. */
bool
eal_has_hugepages(const struct options *opts);

#endif /* EAL_H */
