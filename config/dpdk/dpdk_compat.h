/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Where DPDK 22.11 and later releases differ in what is used here: nothing else, and nowhere else. Who
 * depends on DPDK sees this header; public headers do not need it, and it is not installed.
 * test/lint/dpdk.py names what must not be used past it. */

#ifndef DPDK_COMPAT_H
#define DPDK_COMPAT_H

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include <rte_lcore.h>
#include <rte_thread.h>
#include <rte_version.h>

#if RTE_VERSION >= RTE_VERSION_NUM(23, 11, 0, 0)

/* What a control thread is to do; its own to free. */
struct dpdk_compat_body {
	void *(*run)(void *);
	void *arg;
};

static inline uint32_t
dpdk_compat_run(void *arg)
{
	struct dpdk_compat_body body = *(struct dpdk_compat_body *)arg;

	free(arg);
	body.run(body.arg);
	return 0;
}

#endif

/*
 * A thread of EAL's that keeps off the lcores' CPUs: 0 or a negative errno. It is joined or detached as
 * any other; what its function returns is lost.
 *
 * 23.11 removed rte_ctrl_thread_create() for rte_thread_create_control(), whose functions return a number
 * and whose threads have a name of their own: that holds a pthread_t.
 */
static inline int
dpdk_ctrl_thread_create(pthread_t *thread, const char *name, void *(*run)(void *), void *arg)
{
#if RTE_VERSION >= RTE_VERSION_NUM(23, 11, 0, 0)
	struct dpdk_compat_body *body = malloc(sizeof(*body));
	rte_thread_t id;
	int ret;

	if (body == NULL)
		return -ENOMEM;
	*body = (struct dpdk_compat_body){ .run = run, .arg = arg };
	ret = rte_thread_create_control(&id, name, dpdk_compat_run, body);
	if (ret != 0) {
		free(body);
		return ret < 0 ? ret : -ret;
	}
	*thread = (pthread_t)id.opaque_id;
	return 0;
#else
	return rte_ctrl_thread_create(thread, name, NULL, run, arg);
#endif
}

/* The 16 bytes of an address in struct rte_ipv6_hdr; 24.11 made a structure of them, rte_ipv6_addr. */
#if RTE_VERSION >= RTE_VERSION_NUM(24, 11, 0, 0)
#define DPDK_IPV6_BYTES(addr) ((addr).a)
#else
#define DPDK_IPV6_BYTES(addr) (addr)
#endif

/* Telemetry's unsigned numbers: 23.03 named them anew, and 23.07 warns of the names that were. */
#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
#define DPDK_TEL_UINT_VAL   RTE_TEL_UINT_VAL
#define DPDK_TEL_ARRAY_UINT rte_tel_data_add_array_uint
#define DPDK_TEL_DICT_UINT  rte_tel_data_add_dict_uint
#else
#define DPDK_TEL_UINT_VAL   RTE_TEL_U64_VAL
#define DPDK_TEL_ARRAY_UINT rte_tel_data_add_array_u64
#define DPDK_TEL_DICT_UINT  rte_tel_data_add_dict_u64
#endif

#endif
