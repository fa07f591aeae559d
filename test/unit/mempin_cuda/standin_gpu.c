/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the stand-in's memory of devices, copies, and the two kernels of test/gpu, as C.
 * Must not: let a device access what is not its own, or not registered and mapped.
 * Called by: test/gpu, through dlopen(3).
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "standin_priv.h"

/* Where devices see what is their own. */
#define OWN ((uint64_t)1 << 60)

static struct {
	char *mem;
	size_t size;
} own[64];

struct standin_module {
	char *text;
};

struct standin_function {
	char name[32];
};

/* Where the process has what a device sees, if all of it is the device's to access; or NULL. */
static char *
at(uint64_t address, size_t size)
{
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (own[i].mem != NULL && address - OWN >= (uintptr_t)own[i].mem &&
		    address - OWN + size <= (uintptr_t)own[i].mem + own[i].size)
			return (char *)(uintptr_t)(address - OWN);
	}
	return standin_at(address, size);
}

int
cuMemAlloc_v2(unsigned long long *mem, size_t size)
{
	int error = standin_begin("cuMemAlloc_v2", false);

	if (error == 0 && standin_current() == NULL)
		error = 201;
	if (error != 0)
		return error;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (own[i].mem == NULL) {
			own[i].mem = malloc(size);
			own[i].size = size;
			*mem = OWN + (uintptr_t)own[i].mem;
			return own[i].mem == NULL ? 2 : 0;
		}
	}
	return 2;
}

int
cuMemFree_v2(unsigned long long mem)
{
	int error = standin_begin("cuMemFree_v2", false);

	for (size_t i = 0; error == 0 && i < sizeof(own) / sizeof(own[0]); i++) {
		if (own[i].mem != NULL && (uintptr_t)own[i].mem == mem - OWN) {
			free(own[i].mem);
			own[i].mem = NULL;
			return 0;
		}
	}
	return error != 0 ? error : 1;
}

int
cuMemcpyHtoDAsync_v2(unsigned long long to, const void *from, size_t size, void *stream)
{
	int error = standin_begin("cuMemcpyHtoDAsync_v2", true);
	char *there = at(to, size);

	(void)stream;
	if (error == 0 && there == NULL)
		error = 1;
	if (error == 0)
		memcpy(there, from, size);
	return error;
}

int
cuMemcpyDtoHAsync_v2(void *to, unsigned long long from, size_t size, void *stream)
{
	int error = standin_begin("cuMemcpyDtoHAsync_v2", true);
	char *there = at(from, size);

	(void)stream;
	if (error == 0 && there == NULL)
		error = 1;
	if (error == 0)
		memcpy(to, there, size);
	return error;
}

int
cuStreamCreate(void **stream, unsigned int flags)
{
	(void)flags;
	*stream = &standin;
	return standin_begin("cuStreamCreate", false);
}

int
cuStreamSynchronize(void *stream)
{
	return stream != &standin ? 400 : standin_begin("cuStreamSynchronize", true);
}

int
cuStreamDestroy_v2(void *stream)
{
	return stream != &standin ? 400 : standin_begin("cuStreamDestroy_v2", false);
}

int
cuModuleLoadData(struct standin_module **module, const void *text)
{
	int error = standin_begin("cuModuleLoadData", false);

	if (error == 0 && strncmp(text, ".version ", 9) != 0)
		error = 200;
	if (error != 0)
		return error;
	*module = malloc(sizeof(**module));
	if (*module == NULL)
		return 2;
	(*module)->text = strdup(text);
	return 0;
}

int
cuModuleUnload(struct standin_module *module)
{
	free(module->text);
	free(module);
	return standin_begin("cuModuleUnload", false);
}

int
cuModuleGetFunction(struct standin_function **function, struct standin_module *module,
		    const char *name)
{
	static struct standin_function functions[] = { { "sum_words" }, { "sum_packets" } };
	int error = standin_begin("cuModuleGetFunction", false);
	char entry[64];

	snprintf(entry, sizeof(entry), ".visible .entry %s(", name);
	for (size_t i = 0; error == 0 && i < 2; i++) {
		if (strcmp(functions[i].name, name) == 0 && strstr(module->text, entry) != NULL) {
			*function = &functions[i];
			return 0;
		}
	}
	return error != 0 ? error : 500;
}

static int
sum(uint64_t address, uint64_t nb, uint64_t *total)
{
	const char *words = at(address, nb * 4);
	uint32_t word;

	if (words == NULL)
		return 700;
	for (uint64_t i = 0; i < nb; i++) {
		memcpy(&word, words + i * 4, sizeof(word));
		*total += word;
	}
	return 0;
}

static int
sum_words(void **params)
{
	uint64_t *total = (uint64_t *)at(*(uint64_t *)params[2], sizeof(*total));

	if (total == NULL)
		return 700;
	return sum(*(uint64_t *)params[0], *(uint64_t *)params[1], total);
}

static int
sum_packets(uint32_t nb, void **params)
{
	uint32_t words = *(uint32_t *)params[1];
	uint64_t *packets = (uint64_t *)at(*(uint64_t *)params[0], nb * sizeof(*packets));
	uint64_t *sums = (uint64_t *)at(*(uint64_t *)params[2], nb * sizeof(*sums));
	int error = packets == NULL || sums == NULL ? 700 : 0;

	for (uint32_t i = 0; error == 0 && i < nb; i++)
		error = sum(packets[i], words, &sums[i]);
	return error;
}

int
cuLaunchKernel(struct standin_function *function, unsigned int grid_x, unsigned int grid_y,
	       unsigned int grid_z, unsigned int block_x, unsigned int block_y,
	       unsigned int block_z, unsigned int shared, void *stream, void **params, void **extra)
{
	int error = standin_begin("cuLaunchKernel", true);

	(void)shared;
	if (error != 0)
		return error;
	if (stream != &standin || extra != NULL || grid_x == 0 || grid_y != 1 || grid_z != 1 ||
	    block_x == 0 || block_x > 1024 || block_y != 1 || block_z != 1)
		return 1;
	return function->name[4] == 'w' ? sum_words(params) : sum_packets(grid_x, params);
}
