/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * A secondary that does what its primary asks, see peer.h. Its arguments are EAL's. */

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_fastmem_mempool.h>
#include <rte_fastmem_pin.h>
#include <rte_fastmem_sample.h>
#include <rte_memory.h>

#include "peer.h"
#include "pool.h"
#include "test_blocks.h"
#include "test_eal.h"
#include "test_sampler.h"

static struct test_blocks kept;

static int64_t
churn(uint64_t seed, size_t rounds)
{
	struct test_rand r = test_rand_start(seed);
	struct test_blocks own = { 0 };
	struct test_block block;
	int64_t wrong = 0;

	while (rounds-- > 0) {
		if (own.n < 50) {
			test_blocks_alloc(&own, test_rand_size(&r, 20000), 0);
			continue;
		}
		block = test_blocks_take(&own, test_rand_below(&r, own.n));
		wrong += !test_pattern_intact(block.ptr, block.size, block.seed);
		rte_fastmem_free(block.ptr);
	}
	wrong += !test_blocks_intact(&own);
	test_blocks_free(&own);
	return wrong;
}

/* As an unmodified program does it; on any node, since EAL does not list those without CPUs. */
static int64_t
own_pool(void)
{
	struct rte_mempool *mp = rte_mempool_create_empty("own", 500, 100, 32, 0, SOCKET_ID_ANY, 0);
	int64_t result = -rte_errno;

	if (mp == NULL)
		return result;
	result = rte_mempool_set_ops_byname(mp, "fastmem", NULL);
	if (result == 0)
		result = rte_mempool_populate_default(mp);
	if (result > 0)
		result = pool_churn(mp, 1, 1000);
	rte_mempool_free(mp);
	return result;
}

static int64_t
memseg_iova(const void *ptr)
{
	const struct rte_memseg *seg = rte_mem_virt2memseg(ptr, NULL);

	return seg == NULL ? -1 : (int64_t)(seg->iova + ((uintptr_t)ptr - (uintptr_t)seg->addr));
}

static int
add_external(const struct rte_memseg_list *list, const struct rte_memseg *seg, void *arg)
{
	if (list->external)
		*(int64_t *)arg += (int64_t)seg->len;
	return 0;
}

/* What is about one block. */
static void
serve_block(const struct peer_request *q, struct peer_reply *reply)
{
	switch (q->op) {
	case PEER_ALLOC:
		reply->ptr = rte_fastmem_alloc(q->size, 0, q->flags);
		break;
	case PEER_FREE:
		rte_fastmem_free(q->ptr);
		break;
	case PEER_REALLOC:
		reply->ptr = rte_fastmem_realloc(q->ptr, q->size, 0);
		break;
	case PEER_FILL:
		test_pattern_write(q->ptr, q->size, q->seed);
		break;
	case PEER_INTACT:
		reply->value = test_pattern_intact(q->ptr, q->size, q->seed);
		break;
	case PEER_OWNS:
		reply->value = rte_fastmem_owns(q->ptr);
		break;
	case PEER_USABLE:
		reply->value = (int64_t)rte_fastmem_usable_size(q->ptr);
		break;
	case PEER_NODE_OF:
		reply->value = rte_fastmem_node_of(q->ptr);
		break;
	case PEER_IOVA:
		reply->value = (int64_t)rte_fastmem_virt2iova(q->ptr);
		break;
	case PEER_MEMSEG:
		reply->value = memseg_iova(q->ptr);
		break;
	case PEER_HALLOC:
		reply->ptr = rte_fastmem_halloc(q->handle, q->flags);
		break;
	case PEER_HFREE:
		rte_fastmem_hfree(q->handle, q->ptr);
		break;
	default:
		abort();
	}
}

static int
pin_all(void)
{
	const struct rte_mempin_driver *driver;
	int ret = rte_mempin_find("loopback", &driver);

	return ret != 0 ? ret : rte_fastmem_pin(test_node(), driver, 0, 0);
}

/* What is about the whole; the others are serve_block()'s. */
static void
serve(const struct peer_request *q, struct peer_reply *reply)
{
	int node = test_node();
	rte_fastmem_handle_t handle = 0;

	switch (q->op) {
	case PEER_INIT:
		reply->value = rte_fastmem_init();
		break;
	case PEER_DEINIT:
		rte_fastmem_deinit();
		break;
	case PEER_LOOKUP:
		reply->error = rte_fastmem_hlookup(q->size, 0, node, &handle);
		reply->value = handle;
		break;
	case PEER_RESERVE:
		reply->value = rte_fastmem_reserve(q->size, node);
		break;
	case PEER_RESERVED:
		reply->value = (int64_t)rte_fastmem_reserved(node);
		break;
	case PEER_LIMIT:
		reply->value = rte_fastmem_set_limit(node, q->size);
		break;
	case PEER_SAMPLE:
		reply->value = test_sample_start(RTE_FASTMEM_SAMPLE_ALL);
		break;
	case PEER_FLUSH:
		rte_fastmem_cache_flush();
		break;
	case PEER_TRIM:
		reply->value = rte_fastmem_trim(node);
		break;
	case PEER_STATS:
		reply->value = rte_fastmem_stats(&reply->stats);
		reply->error = rte_fastmem_stats_node(node, &reply->node);
		break;
	case PEER_AUDIT:
		reply->value = rte_fastmem_audit(node, NULL, NULL, &reply->audit);
		break;
	case PEER_EXHAUST:
		reply->value = (int64_t)test_blocks_exhaust(&kept, q->size, 0);
		break;
	case PEER_RELEASE:
		test_blocks_free(&kept);
		break;
	case PEER_PIN:
		reply->value = pin_all();
		break;
	case PEER_CHURN:
		reply->value = churn(q->seed, q->size);
		break;
	case PEER_POOL:
		reply->value = pool_churn(q->ptr, q->seed, q->size);
		break;
	case PEER_OWN:
		reply->value = own_pool();
		break;
	case PEER_EXTERNAL:
		rte_memseg_walk(add_external, &reply->value);
		break;
	case PEER_EXIT:
		exit(0);
	default:
		serve_block(q, reply);
		break;
	}
}

int
main(int argc, char **argv)
{
	struct peer_request request;
	struct peer_reply reply = { .value = 0 };

	if (rte_eal_init(argc, argv) < 0)
		reply.value = rte_errno;
	/* As its driver would. */
	else
		reply.value = rte_fastmem_mempool_register(NULL);
	while (send(PEER_FD, &reply, sizeof(reply), MSG_NOSIGNAL) == sizeof(reply) &&
	       recv(PEER_FD, &request, sizeof(request), 0) == sizeof(request)) {
		reply = (struct peer_reply){ .value = 0 };
		rte_errno = 0;
		serve(&request, &reply);
		if (reply.error == 0)
			reply.error = rte_errno;
	}
	return EXIT_FAILURE;
}
