/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef GPU_H
#define GPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_mempin.h>

/*
 * A GPU as its owner uses it: memory of its own, copies, a kernel. All end the program with a line
 * that says why if CUDA fails.
 */

typedef unsigned long long gpu_address;

/* Use a device of the driver "cuda". False: CUDA's library cannot be had. */
bool
gpu_open(unsigned int device);

/* Give back all that was taken. */
void
gpu_close(void);

/* The device's PCI address, such as "0000:3b:00.0". */
const char *
gpu_pci_address(void);

/* Memory of the device's own. */
gpu_address
gpu_alloc(size_t size);
void
gpu_free(gpu_address mem);

/* Copies, which go on until gpu_wait(). */
void
gpu_put(gpu_address to, const void *from, size_t size);
void
gpu_get(void *to, gpu_address from, size_t size);

/* Let the device add up words of 32 bits where they lie, onto a word of 64. Goes on until gpu_wait(). */
void
gpu_sum_words(gpu_address words, uint64_t nb, gpu_address sum);

/* Likewise of each of nb packets, whose addresses are in an array, onto words in another one. */
void
gpu_sum_packets(gpu_address packets, uint32_t nb, uint32_t words, gpu_address sums);

void
gpu_wait(void);

/*
 * kernels.c: what the device runs, in the language of its assembler.
 */
extern const char gpu_kernels[];

/* Print what went wrong, and end the program. */
void
give_up(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif /* GPU_H */
