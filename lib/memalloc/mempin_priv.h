/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef MEMPIN_PRIV_H
#define MEMPIN_PRIV_H

#include <stdbool.h>

#include "rte_mempin.h"

/*
 * mempin.c
 */

/* Whether memory is pinned by a driver. */
bool
mp_is_used(const struct rte_mempin_driver *driver);

/*
 * mempin_loopback.c
 */

extern const struct rte_mempin_driver mp_loopback;

#endif /* MEMPIN_PRIV_H */
