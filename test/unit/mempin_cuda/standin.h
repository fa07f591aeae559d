/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef STANDIN_H
#define STANDIN_H

/*
 * A stand-in for CUDA's driver library, libcuda.so.1, for machines without a GPU: the functions that this
 * project calls, with the rules of the real ones as CUDA's documentation has them. Devices are
 * imaginary, their memory is the process's; it records calls, and fails when told to.
 *
 * In the environment:
 *   STANDIN_DEVICES=N		so many devices; else 2
 *   STANDIN_FAIL=CALL:NTH:ERROR	as standin_fail()
 */

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>

/* Devices see memory elsewhere than the process does, each at another place. */
#define STANDIN_OFFSET(device) ((uint64_t)0x100000000000 * ((uint64_t)(device) + 1))

/* As before all calls but for what is registered and retained; no call fails. */
void
standin_reset(void);

/* Let the nth call, from 1, of a function from now on fail with an error of CUDA's; 0: all from now on. */
void
standin_fail(const char *call, unsigned int nth, int error);

/* What was called since standin_reset(), a word each, with spaces between; questions left out. */
const char *
standin_calls(void);

/* What a device is like, 0 and "" as usual. */
void
standin_devices(int nb);
void
standin_attribute(int attribute, int value);
void
standin_pci_address(const char *address);

/* What is registered now: how many ranges and bytes; the flags of one that an address is in, or -1. */
unsigned int
standin_nb_registered(void);
size_t
standin_bytes_registered(void);
int
standin_flags_of(const void *addr);

/* How often a device's primary context is retained. */
int
standin_nb_retained(int device);

/* Contexts on the calling thread's stack. */
unsigned int
standin_depth(void);

/* Rules that were broken, such as a range left registered in a context that went away. */
unsigned int
standin_nb_broken(void);

#endif /* STANDIN_H */
