/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: which devices CUDA has, and what they are like.
 * Must not: need a context, or bring CUDA up.
 * Called by: mempin_cuda.c and mempin_cuda_context.c, when CUDA is up.
 */

#include <errno.h>

#include <rte_numa.h>
#include <rte_numa_where.h>

#include "mempin_cuda_priv.h"

int
cuda_nb_devices(void)
{
	int nb = 0;
	cu_result result = cuda_api.device_get_count(&nb);

	if (result != CU_SUCCESS)
		return cuda_fail(-ENODEV, result, "counting devices");
	return nb > 0 ? nb : rte_memalloc_fail(-ENODEV, "cuda: it has no device");
}

int
cuda_device_find(unsigned int device, cu_device *found)
{
	cu_result result;
	int nb = cuda_nb_devices();

	if (nb < 0)
		return nb;
	if (device >= (unsigned int)nb)
		return rte_memalloc_fail(-ENODEV, "cuda: no device %u: there %s %d, from 0", device,
					 nb == 1 ? "is" : "are", nb);
	result = cuda_api.device_get(found, (int)device);
	return result == CU_SUCCESS ? 0 : cuda_fail(-ENODEV, result, "device %u", device);
}

/* An attribute that a driver does not know is one that it has not. */
static bool
has(cu_device device, int attribute)
{
	int value = 0;

	return cuda_api.device_get_attribute(&value, attribute, device) == CU_SUCCESS && value != 0;
}

bool
cuda_device_can(cu_device device, uint32_t *flags)
{
	*flags = 0;
	if (!has(device, CU_DEVICE_HOST_REGISTER_SUPPORTED))
		return false;
	*flags = RTE_MEMPIN_F_PORTABLE;
	if (has(device, CU_DEVICE_CAN_MAP_HOST_MEMORY))
		*flags |= RTE_MEMPIN_F_MAPPED;
	if (has(device, CU_DEVICE_READ_ONLY_REGISTER_SUPPORTED))
		*flags |= RTE_MEMPIN_F_READ_ONLY;
	return true;
}

static int
node_of(cu_device device)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	char address[32];
	int node_id;

	if (topo == NULL ||
	    cuda_api.device_get_pci_bus_id(address, sizeof(address), device) != CU_SUCCESS)
		return RTE_NUMA_NODE_ANY;
	node_id = rte_numa_node_of_pci(topo, address);
	return node_id >= 0 ? node_id : RTE_NUMA_NODE_ANY;
}

int
cuda_device(unsigned int device, struct rte_mempin_device *info)
{
	struct rte_mempin_device read = { 0 };
	cu_result result;
	cu_device found;
	size_t size;
	int ret = cuda_device_find(device, &found);

	if (ret != 0)
		return ret;
	result = cuda_api.device_get_name(read.name, sizeof(read.name), found);
	if (result == CU_SUCCESS)
		result = cuda_api.device_total_mem(&size, found);
	if (result != CU_SUCCESS)
		return cuda_fail(-EIO, result, "asking what device %u is", device);
	read.size = size;
	read.node_id = node_of(found);
	cuda_device_can(found, &read.flags);
	*info = read;
	return 0;
}
