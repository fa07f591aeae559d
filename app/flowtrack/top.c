/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the choice of the flows with the most bytes.
 * Must not: touch live flows; its memory is for reports and made before traffic, so not fastmem's.
 * Called by: flow.c as flows end, by worker.c and report.c for reports.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "top.h"

int
top_init(struct top *top, unsigned int max)
{
	top->n = 0;
	top->max = max;
	/* One more, so that 0 flows are no special case. */
	top->flows = calloc((size_t)max + 1, sizeof(*top->flows));
	return top->flows == NULL ? -ENOMEM : 0;
}

void
top_free(struct top *top)
{
	free(top->flows);
	top->flows = NULL;
}

/* Negative: a has more than b. Ties are broken so that reports do not depend on chance. */
static int
compare(const void *a_ptr, const void *b_ptr)
{
	const struct flow_summary *a = a_ptr;
	const struct flow_summary *b = b_ptr;
	uint64_t a_bytes = a->bytes[0] + a->bytes[1];
	uint64_t b_bytes = b->bytes[0] + b->bytes[1];

	if (a_bytes != b_bytes)
		return a_bytes > b_bytes ? -1 : 1;
	if (a->first_us != b->first_us)
		return a->first_us < b->first_us ? -1 : 1;
	return memcmp(&a->key, &b->key, sizeof(a->key));
}

static bool
is_less(const struct top *top, unsigned int a, unsigned int b)
{
	return compare(&top->flows[a], &top->flows[b]) > 0;
}

static void
swap(struct top *top, unsigned int a, unsigned int b)
{
	struct flow_summary tmp = top->flows[a];

	top->flows[a] = top->flows[b];
	top->flows[b] = tmp;
}

static void
sift_up(struct top *top, unsigned int i)
{
	while (i > 0 && is_less(top, i, (i - 1) / 2)) {
		swap(top, i, (i - 1) / 2);
		i = (i - 1) / 2;
	}
}

static void
sift_down(struct top *top, unsigned int i)
{
	unsigned int child;

	while ((child = 2 * i + 1) < top->n) {
		if (child + 1 < top->n && is_less(top, child + 1, child))
			child++;
		if (!is_less(top, child, i))
			return;
		swap(top, i, child);
		i = child;
	}
}

void
top_add(struct top *top, const struct flow_summary *flow)
{
	if (top->n < top->max) {
		top->flows[top->n++] = *flow;
		sift_up(top, top->n - 1);
	} else if (top->max > 0 && compare(flow, &top->flows[0]) < 0) {
		top->flows[0] = *flow;
		sift_down(top, 0);
	}
}

void
top_merge(struct top *top, const struct top *other)
{
	unsigned int i;

	for (i = 0; i < other->n; i++)
		top_add(top, &other->flows[i]);
}

void
top_sort(struct top *top)
{
	qsort(top->flows, top->n, sizeof(*top->flows), compare);
}
