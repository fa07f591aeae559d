/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * What the files about memory of nodes that EAL does not list offer each other and zone.c, state.c:
 * under the file's name. What of it is shared by processes stands in fastmem_priv.h.
 */

#ifndef FASTMEM_EXTERNAL_PRIV_H
#define FASTMEM_EXTERNAL_PRIV_H

#include "fastmem_priv.h"

/* ---------------------------------------------------------------- external.c */

/* In the primary, once the nodes are known: which of them are external, and their areas. */
void
fm_external_create(struct fm_state *st, const struct rte_numa_topology *topo);

/* Give everything back, once nothing of it is in use. */
void
fm_external_destroy(struct fm_state *st);

/* In a secondary: map what there is and follow what comes. */
int
fm_external_attach(struct fm_state *st);

/* Follow no more. What is mapped stays readable. */
void
fm_external_detach(const struct fm_state *st);

/* Have mapped what the primary has added, and nothing else; 0 or why that failed. */
int
fm_external_follow(const struct fm_state *st);

/* What EAL takes for a node of its own, of slabs or of their records; -1: there is none yet. */
int
fm_external_heap(const struct fm_node *node, bool meta);

/* Add `size` bytes, in pages of a size, to that; -ENOMEM: the node has too few. Control lock. */
int
fm_external_add(struct fm_node *node, uint64_t size, uint64_t page_size, bool meta);

/* Give back what holds no zone. Control lock held. */
void
fm_external_sweep(struct fm_node *node);

/* Sizes of pages that a node could have, ascending; how many. */
unsigned int
fm_external_page_sizes(const struct fm_node *node, uint64_t *sizes, unsigned int max);

/* The addresses that only this node's memory has. */
void
fm_external_range(const struct fm_node *node, uintptr_t *lo, uintptr_t *hi);

/* ---------------------------------------------------------------- external_map.c */

/* Addresses that nobody uses: from a multiple of `align` not far above `hint` on, or anywhere. */
uintptr_t
fm_map_reserve(uintptr_t hint, uint64_t size, uint64_t align);

/* Exactly these; -EADDRNOTAVAIL: something lies there. */
int
fm_map_reserve_at(uintptr_t at, uint64_t size);

void
fm_map_unreserve(uintptr_t at, uint64_t size);

/* A file of pages of that size, without any yet; or an error. */
int
fm_map_file(const char *name, uint64_t page_size, uint64_t size);

/* Let a file have at least that size, without pages. */
int
fm_map_extend(int fd, uint64_t size);

/* Map a part of a file over reserved addresses, then give access; and reserve them again. */
int
fm_map_share(uintptr_t base, uint64_t size, int fd, uint64_t offset);
int
fm_map_open(uintptr_t base, uint64_t size);
int
fm_map_unshare(uintptr_t base, uint64_t size);

/* Give a part's pages back. */
void
fm_map_punch(int fd, uint64_t offset, uint64_t size);

/* Pages of a mapping: on this node only; all of them now (-ENOMEM: too few); are they there? */
int
fm_map_bind(uintptr_t base, uint64_t size, int node_id);
int
fm_map_populate(uintptr_t base, uint64_t size);
int
fm_map_verify(uintptr_t base, uint64_t size, uint64_t page_size, int node_id);

/* ---------------------------------------------------------------- external_peer.c */

/* In the primary: let secondaries join, and give them these files. */
int
fm_peer_open(const int *files, uint32_t nb_files);

/* In a secondary: get the files of all areas, and follow notices from now on. */
int
fm_peer_join(const struct fm_state *st, int *files);

/* End either. */
void
fm_peer_close(void);

/* In the primary: have all that joined follow; 0, or the first failure. */
int
fm_peer_sync(void);

/* In a secondary: have the primary do what only it may. */
int
fm_peer_ask_add(const struct fm_node *node, uint64_t size, uint64_t page_size, bool meta);
void
fm_peer_ask_sweep(const struct fm_node *node);

#endif /* FASTMEM_EXTERNAL_PRIV_H */
