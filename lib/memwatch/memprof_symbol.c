/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: names and lines of addresses, by elfutils' libdwfl: also of static and of inlined functions.
 * Must not: run in a thread that allocates, or ask anybody over a network.
 * Called by: what reports.
 */

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memprof_priv.h"

/* Frames of addresses that were asked for before, as most stacks end alike. */
#define CACHE	     8192
#define CACHE_FRAMES 16

struct cached {
	const void *pc;
	unsigned int nb;
	struct rte_memprof_frame *frames;
};

struct mp_symbols {
	Dwfl *dwfl;
	struct cached cache[CACHE];
};

/* Of files that are here; dwfl_standard_find_debuginfo() would ask servers, too. */
static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_linux_proc_find_elf,
	.find_debuginfo = dwfl_build_id_find_debuginfo,
};

struct mp_symbols *
mp_symbols_open(void)
{
	struct mp_symbols *symbols = calloc(1, sizeof(*symbols));

	if (symbols == NULL)
		return NULL;
	symbols->dwfl = dwfl_begin(&callbacks);
	/* Where it knows no modules all that is left is addresses. */
	if (symbols->dwfl != NULL) {
		dwfl_linux_proc_report(symbols->dwfl, getpid());
		dwfl_report_end(symbols->dwfl, NULL, NULL);
	}
	return symbols;
}

void
mp_symbols_close(struct mp_symbols *symbols)
{
	unsigned int i;

	if (symbols == NULL)
		return;
	for (i = 0; i < CACHE; i++)
		free(symbols->cache[i].frames);
	if (symbols->dwfl != NULL)
		dwfl_end(symbols->dwfl);
	free(symbols);
}

/* ---- one address */

/* What surrounds an address, innermost first: to be freed; how many. */
static int
scopes_of(Dwfl_Module *module, Dwarf_Addr at, Dwarf_Die **scopes)
{
	Dwarf_Addr bias = 0;
	Dwarf_Die *unit = dwfl_module_addrdie(module, at, &bias), *found = NULL, innermost;
	int n;

	*scopes = NULL;
	if (unit == NULL || dwarf_getscopes(unit, at - bias, &found) <= 0)
		return 0;
	/* These go on with what surrounds an inlined function's source: wanted is where it is called. */
	innermost = found[0];
	free(found);
	n = dwarf_getscopes_die(&innermost, scopes);
	return n < 0 ? 0 : n;
}

static const char *
call_file(Dwarf_Die *inlined)
{
	Dwarf_Attribute attr;
	Dwarf_Files *files;
	Dwarf_Word number;
	Dwarf_Die unit;
	size_t n;

	if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attr), &number) != 0 ||
	    dwarf_diecu(inlined, &unit, NULL, NULL) == NULL ||
	    dwarf_getsrcfiles(&unit, &files, &n) != 0 || number >= n)
		return NULL;
	return dwarf_filesrc(files, number, NULL, NULL);
}

static unsigned int
call_line(Dwarf_Die *inlined)
{
	Dwarf_Attribute attr;
	Dwarf_Word line;

	if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attr), &line) != 0)
		return 0;
	return (unsigned int)line;
}

/* The function that an address lies in, and before it those that were inlined there. */
static unsigned int
find(Dwfl *dwfl, const void *pc, struct rte_memprof_frame frames[CACHE_FRAMES])
{
	/* It is where the call returns to, which may be another line, or function, already. */
	Dwarf_Addr at = (uintptr_t)pc - 1;
	struct rte_memprof_frame *frame = frames;
	Dwfl_Module *module;
	Dwarf_Die *scopes;
	Dwfl_Line *line;
	int i, n, number = 0;

	*frame = (struct rte_memprof_frame){ .pc = pc };
	module = dwfl == NULL ? NULL : dwfl_addrmodule(dwfl, at);
	if (module == NULL)
		return 1;
	line = dwfl_module_getsrc(module, at);
	if (line != NULL)
		frame->file = dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL);
	frame->line = (unsigned int)number;
	n = scopes_of(module, at, &scopes);
	for (i = 0; i < n && frame < &frames[CACHE_FRAMES - 1]; i++) {
		if (dwarf_tag(&scopes[i]) != DW_TAG_inlined_subroutine)
			continue;
		frame->function = dwarf_diename(&scopes[i]);
		frame->inlined = 1;
		*++frame = (struct rte_memprof_frame){
			.pc = pc,
			.file = call_file(&scopes[i]),
			.line = call_line(&scopes[i]),
		};
	}
	free(scopes);
	frame->function = dwfl_module_addrname(module, at);
	return (unsigned int)(frame - frames) + 1;
}

/* NULL: no memory to remember it, and frames is what there is. */
static const struct cached *
look_up(struct mp_symbols *symbols, const void *pc)
{
	struct rte_memprof_frame frames[CACHE_FRAMES];
	struct cached *c = &symbols->cache[(uintptr_t)pc / 4 % CACHE];
	size_t size;

	if (c->frames != NULL && c->pc == pc)
		return c;
	free(c->frames);
	c->pc = pc;
	c->nb = find(symbols->dwfl, pc, frames);
	size = c->nb * sizeof(*frames);
	c->frames = malloc(size);
	if (c->frames == NULL)
		return NULL;
	memcpy(c->frames, frames, size);
	return c;
}

/* ---- stacks */

unsigned int
mp_symbols_frames(struct mp_symbols *symbols, const void *const *pc, uint32_t depth,
		  struct rte_memprof_frame frames[MP_FRAMES], uint32_t *skipped)
{
	unsigned int nb = 0, own;
	const struct cached *c;
	uint32_t i;

	for (i = 0; i < depth; i++) {
		c = look_up(symbols, pc[i]);
		if (c == NULL || nb + c->nb > MP_FRAMES)
			break;
		memcpy(&frames[nb], c->frames, c->nb * sizeof(*frames));
		nb += c->nb;
	}
	own = mp_frames_own(frames, nb);
	/* One frame is left at least: whose it is beats nothing. */
	if (own == nb && nb != 0)
		own--;
	nb -= own;
	memmove(frames, &frames[own], nb * sizeof(*frames));
	for (i = 0; nb != 0 && i < depth && pc[i] != frames[0].pc;)
		i++;
	*skipped = nb == 0 ? 0 : i;
	return nb;
}
