/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef INFO_LISTEN_H
#define INFO_LISTEN_H

#include <stddef.h>

/* Make an answer's body, to be freed; NULL: there is none. */
typedef char *(*listen_fn)(size_t *size, void *arg);

/*
 * Answer GET /metrics at an address such as 127.0.0.1:9464 or [::1]:9464, until SIGINT or SIGTERM
 * comes. Port 0: one that is free. Says on stdout where. Returns 0, or -1 with the reason on stderr.
 */
int
listen_at(const char *address, listen_fn fn, void *arg);

#endif /* INFO_LISTEN_H */
