/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef INFO_ATTACHED_H
#define INFO_ATTACHED_H

#include <sys/types.h>

/* The primary process that runs with this runtime folder; 0: none does. */
pid_t
attached_primary(const char *folder, const char *prefix);

/*
 * Have a child process attach to it as a secondary. Returns a socket that greets and answers as that
 * of telemetry does, with {"error": ...} for a greeting where it could not attach; or -1 and errno.
 * The child ends when all of the socket's other ends are closed.
 */
int
attached_open(const char *folder, const char *prefix, pid_t primary, pid_t *child);

/* After the socket was closed: wait for the child, and remove what it left if it was killed. */
void
attached_close(const char *folder, const char *prefix, pid_t child);

#endif /* INFO_ATTACHED_H */
