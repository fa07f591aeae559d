/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: which sizes works of mixed sizes ask for, and in which order.
 * Must not: differ from run to run: figures are to be compared.
 * Called by: ways, which size themselves by it, and scenarios.
 */

#include "item.h"

/* What a packet-processing program keeps: records, timers, headers, segments, frames. */
const struct item item_kinds[ITEM_KINDS] = {
	{ 64, 0 },    { 96, 1 },    { 128, 2 },	  { 192, 3 },	{ 256, 4 },   { 320, 5 },
	{ 448, 6 },   { 512, 7 },   { 640, 8 },	  { 768, 9 },	{ 1024, 10 }, { 1152, 11 },
	{ 1280, 12 }, { 1500, 13 }, { 1792, 14 }, { 2048, 15 },
};

void
item_sequence(struct item sequence[ITEM_SEQUENCE])
{
	uint64_t random = 1;
	struct item item;
	unsigned int i, at;

	for (i = 0; i < ITEM_SEQUENCE; i++)
		sequence[i] = item_kinds[i % ITEM_KINDS];
	for (i = ITEM_SEQUENCE - 1; i > 0; i--) {
		at = (item_random(&random) >> 32) * (i + 1) >> 32;
		item = sequence[i];
		sequence[i] = sequence[at];
		sequence[at] = item;
	}
}
