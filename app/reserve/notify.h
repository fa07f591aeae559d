/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RESERVE_NOTIFY_H
#define RESERVE_NOTIFY_H

/*
 * Tell the service manager how it is going, in the words of sd_notify(3): "READY=1". Does nothing where
 * none listens. 0, or a negative errno.
 */
int
notify(const char *state);

#endif /* RESERVE_NOTIFY_H */
