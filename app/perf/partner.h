/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef PARTNER_H
#define PARTNER_H

#include <stdbool.h>

/** What the other lcore does, over and over until it is stopped; false ends it early. */
typedef bool (*partner_fn)(void *arg);

/** Let the other lcore do something while this one measures; NULL: it spins. It has begun then. */
void
partner_start(partner_fn fn, void *arg);

/** Whether it goes on, or ended early. */
bool
partner_goes_on(void);

/** Stop it, and wait until it has. Returns how often it did it. */
unsigned long
partner_stop(void);

#endif /* PARTNER_H */
