/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/* What crosses files inside the library, under the name of the file that defines it. */

#ifndef RESERVE_PRIV_H
#define RESERVE_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <rte_numa.h>
#include <rte_numa_cgroup.h>

#include "rte_reserve.h"

#define RSV_MAX_LINES 256 /* of a plan: nodes that it names */
#define RSV_MAX_WARM  80  /* sizes of a line; there are not so many classes */
#define RSV_NEAR_MAX  64  /* characters of a device's name */

/* ---------------------------------------------------------------- reserve_error.c */

#define RSV_ERROR_MAX 1024 /* characters of a failure's text */

/* A piece of a plan's text, and where it stands. Not terminated. */
struct rsv_text {
	const char *at;
	size_t len;
	const char *source; /* a file's path or what else the plan came from */
	unsigned int line, column;
};

/* Where something stands; line 0: nowhere, it was not said. */
struct rsv_place {
	const char *source;
	unsigned int line, column;
};

/* Set the thread's text and return `err`. */
int
rsv_fail(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As rsv_fail(-EINVAL, ...), of what stands there. */
int
rsv_fail_at(const struct rsv_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Of a text that should be something else; `what` as in "expected what, got ...". */
int
rsv_expected(const struct rsv_text *text, const char *what);

/* What may stand in an error of a plan's own words: short, and printable. */
struct rsv_quote {
	char text[48];
};

struct rsv_quote
rsv_quote(const struct rsv_text *text);

/* Of `n` words the one that is most like a text; NULL: none is like it. */
const char *
rsv_nearest(const struct rsv_text *text, const char *const *words, size_t n);

/* ---------------------------------------------------------------- reserve_value.c */

/* Part of a text from `from` on, `len` characters of it, stripped of blanks. */
struct rsv_text
rsv_part(const struct rsv_text *text, size_t from, size_t len);

bool
rsv_equals(const struct rsv_text *text, const char *word);

/* Cut what is before the first `separator` off a text; false: there was nothing left. */
bool
rsv_next(struct rsv_text *rest, char separator, struct rsv_text *piece);

/* Which nodes a line means. */
enum rsv_nodes {
	RSV_NODE, /* that of an id */
	RSV_ANY,
	RSV_EACH,
	RSV_LOCAL,
	RSV_CPU_NODES,
	RSV_MEMORY_NODES,
	RSV_NEAR, /* a device */
};

struct rsv_selector {
	enum rsv_nodes nodes;
	int node_id;
	char near[RSV_NEAR_MAX];
};

/* Bytes, or per cent of what a node has free. */
struct rsv_size {
	uint64_t bytes;
	unsigned int percent; /* 0: bytes */
};

enum rsv_shortage {
	RSV_FAIL,
	RSV_OTHER_NODE,
	RSV_SMALLER_PAGES,
	RSV_LESS,
};

struct rsv_policy {
	enum rsv_shortage shortage;
	unsigned int distance; /* of other nodes, at most */
	uint64_t floor;	       /* bytes of less, at least */
};

struct rsv_warm {
	uint64_t size, n;
};

struct rsv_warm_list {
	unsigned int n;
	struct rsv_warm item[RSV_MAX_WARM];
};

/* The word for nodes that have one. */
const char *
rsv_nodes_name(enum rsv_nodes nodes);

const char *
rsv_shortage_name(enum rsv_shortage shortage);

int
rsv_parse_selector(const struct rsv_text *text, struct rsv_selector *selector);

int
rsv_parse_bytes(const struct rsv_text *text, uint64_t *bytes);

int
rsv_parse_size(const struct rsv_text *text, struct rsv_size *size);

/* 0: of any size. */
int
rsv_parse_page(const struct rsv_text *text, uint64_t *page_size);

/* UINT64_MAX: none. */
int
rsv_parse_limit(const struct rsv_text *text, uint64_t *limit);

int
rsv_parse_bool(const struct rsv_text *text, bool *on);

int
rsv_parse_policy(const struct rsv_text *text, struct rsv_policy *policy);

int
rsv_parse_threads(const struct rsv_text *text, unsigned int *threads);

/* Add to the list. */
int
rsv_parse_warm(const struct rsv_text *text, struct rsv_warm_list *list);

/* ---------------------------------------------------------------- reserve_key.c */

enum rsv_key {
	RSV_SIZE,
	RSV_PAGE,
	RSV_LIMIT,
	RSV_GROWTH,
	RSV_THREADS,
	RSV_WARM,
	RSV_SHORTAGE,
	RSV_LINE_KEYS, /* those above are a line's, what follows the whole plan's */
	RSV_SEAL = RSV_LINE_KEYS,
	RSV_KEYS,
};

/* What a plan says of some nodes. */
struct rsv_line {
	struct rsv_selector selector;
	struct rsv_place first; /* where it is named first */
	struct rsv_place place[RSV_LINE_KEYS];
	struct rsv_size size;
	uint64_t page_size; /* 0: any */
	uint64_t limit;	    /* UINT64_MAX: none */
	bool growth;
	unsigned int threads; /* that prefault; 0: nobody said */
	struct rsv_warm_list warm;
	struct rsv_policy policy;
};

struct rte_reserve_plan {
	char *file; /* its path, which places name */
	unsigned int nb_lines;
	struct rsv_line *line;
	bool seal;
	struct rsv_place seal_place;
};

/* The key of a name; -EINVAL with the nearest one if there is none. */
int
rsv_key_of(const struct rsv_text *name);

const char *
rsv_key_name(enum rsv_key key);

/* Set a key; `line` is NULL where no node is meant. What is said twice in one source is an error. */
int
rsv_key_set(struct rte_reserve_plan *plan, struct rsv_line *line, enum rsv_key key,
	    const struct rsv_text *name, const struct rsv_text *value);

/* ---------------------------------------------------------------- reserve_file.c */

/* Add what a file of `size` bytes says. */
int
rsv_file_read(struct rte_reserve_plan *plan, const char *text, size_t size);

/* ---------------------------------------------------------------- reserve_line.c */

/* Add what one line says. */
int
rsv_line_read(struct rte_reserve_plan *plan, const char *text, const char *source);

/* What names the nodes of a line. */
void
rsv_selector_text(const struct rsv_selector *selector, char *buf, size_t size);

/* As rte_reserve_plan_text(). */
size_t
rsv_line_write(const struct rte_reserve_plan *plan, char *buf, size_t size);

/* ---------------------------------------------------------------- reserve_plan.c */

struct rte_reserve_plan *
rsv_plan_new(const char *file);

/* The line of some nodes, a new one if need be; NULL: too many, or out of memory; it failed. */
struct rsv_line *
rsv_plan_line(struct rte_reserve_plan *plan, const struct rsv_text *nodes);

/* What can only be said once all of it is read. */
int
rsv_plan_finish(const struct rte_reserve_plan *plan);

/* ---------------------------------------------------------------- reserve_nodes.c */

/* The nodes that a line means, one for "any"; `self` is the caller's. None is -ENODEV. */
int
rsv_nodes_of(const struct rsv_line *line, const struct rte_numa_topology *topo, int self,
	     struct rte_numa_mask *nodes);

/* ---------------------------------------------------------------- reserve_pages.c */

/* How many pages a reservation of so many bytes takes. */
uint64_t
rsv_pages_for(uint64_t bytes, uint64_t page_size);

/* How many bytes so many pages hold. */
uint64_t
rsv_pages_hold(uint64_t pages, uint64_t page_size);

/* How many pages so many bytes fill. */
uint64_t
rsv_pages_filled(uint64_t bytes, uint64_t page_size);

/* ---------------------------------------------------------------- reserve_place.c */

#define RSV_MAX_POOLS 16

struct rsv_limit;

struct rsv_pool {
	uint64_t page_size, total, free;
	uint64_t taken; /* of the free ones, by a decision */
	uint64_t held;	/* pieces of 2 MiB in larger pages that EAL has already, and nobody uses */
	uint64_t held_taken;
	struct rsv_limit *limit; /* set by rsv_decide(); NULL: none */
};

struct rsv_machine_node {
	int node_id;
	unsigned int nb_pools;
	struct rsv_pool pool[RSV_MAX_POOLS]; /* the smallest pages first */
};

/* Pages of one size, on all nodes, that the caller's cgroups leave it. */
struct rsv_limit {
	uint64_t page_size;
	uint64_t left, taken; /* by a decision */
	bool refuses;	      /* it made a decision take less */
	uint64_t max, used;   /* bytes */
	char file[RTE_NUMA_CGROUP_PATH_MAX];
};

/* Nodes with memory, in the order of their ids. */
struct rsv_machine {
	const struct rte_numa_topology *topo;
	int self;   /* the caller's node */
	bool asked; /* no line makes do with anything but what it asks for */
	unsigned int nb_nodes;
	struct rsv_machine_node *node;
	unsigned int nb_limits;
	struct rsv_limit limit[RSV_MAX_POOLS];
};

/* Pages of one size on one node. */
struct rsv_part {
	int node_id;
	uint64_t page_size, bytes, pages;
	uint64_t held;	/* pieces of pages that EAL has already */
	uint64_t taken; /* of the bytes, by rsv_take() */
	uint64_t free;	/* in that pool, at first */
};

/* A line on a node. */
struct rsv_target {
	unsigned int line;
	int node_id;
	uint64_t wanted, given; /* bytes */
	bool enough;
	unsigned int nb_parts;
	struct rsv_part *part;
};

struct rsv_decision {
	bool fits;
	unsigned int nb_targets;
	struct rsv_target *target;
};

/* Who gets what; what is taken is noted in `m`. */
int
rsv_decide(const struct rte_reserve_plan *plan, struct rsv_machine *m, struct rsv_decision *d);

void
rsv_decision_free(struct rsv_decision *d);

/* ---------------------------------------------------------------- reserve_limit.c */

/* Read the limits of this process, given where /proc is and what stands before other paths. */
void
rsv_limits_read(struct rsv_machine *m, const char *proc, const char *root);

/* The limit of a page size, or NULL. */
struct rsv_limit *
rsv_limit_of(struct rsv_machine *m, uint64_t page_size);

/* ---------------------------------------------------------------- reserve_check.c */

/* What the nodes have; free m->node. */
int
rsv_machine_read(struct rsv_machine *m, const struct rte_numa_topology *topo, int self);

/* As rte_reserve_check(), for a caller on node `self`. */
int
rsv_check(const struct rte_reserve_plan *plan, const struct rte_numa_topology *topo, int self,
	  struct rte_reserve_report **report);

/* As rte_reserve_ask(), likewise. */
int
rsv_ask(const struct rte_reserve_plan *plan, const struct rte_numa_topology *topo, int self,
	struct rte_reserve_report **report);

/* The same within the limits of the cgroups of a process, see rsv_limits_read(). */
int
rsv_check_within(const struct rte_reserve_plan *plan, const struct rte_numa_topology *topo,
		 int self, bool asked, const char *proc, const char *root,
		 struct rte_reserve_report **report);

/* ---------------------------------------------------------------- reserve_eal.c */

/* Leave out what EAL cannot use, and count what it holds for nobody as free. */
void
rsv_eal_adjust(struct rsv_machine *m);

/* ---------------------------------------------------------------- reserve_take.c */

/* Reserve what was decided; -ENOMEM: *refused was. Nothing is given back: parts say what was taken. */
int
rsv_take(const struct rte_reserve_plan *plan, const struct rsv_decision *d,
	 const struct rsv_part **refused);

/* ---------------------------------------------------------------- reserve_os.c */

/* A whole file, to be freed. */
int
rsv_os_read(const char *path, char **text, size_t *size);

/* A path under which a text can be opened as a file, while *fd is open; close it. */
#define RSV_OS_PATH_MAX 32
int
rsv_os_file_of(const char *text, size_t size, char *path, int *fd);

void
rsv_os_close(int fd);

#endif /* RESERVE_PRIV_H */
