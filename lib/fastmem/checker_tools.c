/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns the words in which AddressSanitizer and memcheck are told whose memory is whose, and what a
 * report of AddressSanitizer says of a block beyond its own text.
 * Must not decide what is told, nor need either of them to build or to run.
 * Called by checker.c alone.
 *
 * AddressSanitizer is in the process where its functions are: they are weak here. memcheck is found
 * by a request that valgrind's other tools do not know. Both interfaces are stable: LLVM's
 * sanitizer/asan_interface.h, and valgrind/memcheck.h (its manual, 4.7 and 4.8).
 */

#include "fastmem_checker_priv.h"

#include <execinfo.h>
#include <unistd.h>

#include <rte_common.h>

#ifdef RTE_FASTMEM_VALGRIND
#include <valgrind/memcheck.h>
#else
/* What the requests are where nobody listens. */
#define VALGRIND_MAKE_MEM_DEFINED(at, size)		     0
#define VALGRIND_MAKE_MEM_NOACCESS(at, size)		     ((void)(at), (void)(size))
#define VALGRIND_MALLOCLIKE_BLOCK(at, size, redzone, zeroed) ((void)(at), (void)(size))
#define VALGRIND_FREELIKE_BLOCK(at, redzone)		     ((void)(at))
#endif

/* Of AddressSanitizer's runtime, if there is one. */
extern void
__asan_poison_memory_region(const void *at, size_t size) __attribute__((weak));
extern void
__asan_unpoison_memory_region(const void *at, size_t size) __attribute__((weak));
extern void
__asan_set_error_report_callback(void (*callback)(const char *report)) __attribute__((weak));
extern void *
__asan_get_report_address(void) __attribute__((weak));
extern void
__asan_report_error(void *pc, void *frame, void *stack, void *at, int is_write, size_t size)
	__attribute__((weak));
extern void
__sanitizer_symbolize_pc(void *pc, const char *format, char *text, size_t size)
	__attribute__((weak));

static bool has_asan, has_memcheck;

/* ---- reports */

static void
tell_origin(const char *what, const struct fm_origin *origin)
{
	char where[1024];
	int i;

	fm_log(FM_ERR, "%s by thread %d here:", what, origin->tid);
	for (i = 0; i < origin->depth; i++) {
		/* The call, not what comes after it. */
		__sanitizer_symbolize_pc((char *)origin->pc[i] - 1, "%p in %f %S", where,
					 sizeof(where));
		fm_log(FM_ERR, "    #%d %s", i, where);
	}
}

static void
tell_record(const struct fm_record *r, const void *addr)
{
	size_t at = r == NULL ? 0 : (uintptr_t)addr - (uintptr_t)r->ptr;

	if (r == NULL)
		return;
	fm_log(FM_ERR, "%p is %zu bytes %s a fastmem block of %zu bytes [%p,%p)", addr,
	       at < r->size ? at : at - r->size, at < r->size ? "inside" : "after", r->size, r->ptr,
	       (const void *)((const char *)r->ptr + r->size));
	if (r->is_freed)
		tell_origin("freed", &r->freed);
	tell_origin(r->is_freed ? "previously allocated" : "allocated", &r->given);
}

static void
on_report(const char *report)
{
	(void)report;
	fm_checker_explain(__asan_get_report_address(), tell_record);
}

/* ---- what checker.c says */

bool
fm_tool_start(void)
{
	int probe = 0;

	has_asan = __asan_poison_memory_region != NULL && __asan_unpoison_memory_region != NULL;
	/* Other tools of valgrind, and none, answer 0. */
	has_memcheck = VALGRIND_MAKE_MEM_DEFINED(&probe, sizeof(probe)) != 0;
	if (has_asan && __asan_set_error_report_callback != NULL &&
	    __asan_get_report_address != NULL && __sanitizer_symbolize_pc != NULL)
		__asan_set_error_report_callback(on_report);
	return has_asan || has_memcheck;
}

void
fm_tool_origin(struct fm_origin *origin)
{
	/* memcheck notes the stack of each request by itself. */
	if (!has_asan)
		return;
	origin->depth = backtrace(origin->pc, FM_ORIGIN_DEPTH);
	origin->tid = gettid();
}

void
fm_tool_give(const void *ptr, size_t size, size_t usable)
{
	if (has_asan) {
		__asan_unpoison_memory_region(ptr, size);
		__asan_poison_memory_region((const char *)ptr + size, usable - size);
	}
	if (has_memcheck) {
		VALGRIND_MALLOCLIKE_BLOCK(ptr, size, 0, 0);
		VALGRIND_MAKE_MEM_NOACCESS((const char *)ptr + size, usable - size);
	}
}

void
fm_tool_take(const void *ptr, size_t usable)
{
	if (has_asan)
		__asan_poison_memory_region(ptr, usable);
	if (has_memcheck) {
		VALGRIND_FREELIKE_BLOCK(ptr, 0);
		VALGRIND_MAKE_MEM_NOACCESS(ptr, usable);
	}
}

void
fm_tool_open(const void *ptr, size_t usable)
{
	if (has_asan)
		__asan_unpoison_memory_region(ptr, usable);
	if (has_memcheck)
		/* Defined: it may come from another process next, which has written there. */
		(void)VALGRIND_MAKE_MEM_DEFINED(ptr, usable);
}

void
fm_tool_twice(const void *ptr)
{
	if (has_asan && __asan_report_error != NULL)
		__asan_report_error(__builtin_return_address(0), __builtin_frame_address(0),
				    __builtin_frame_address(0), (void *)(uintptr_t)ptr, 1, 1);
	if (has_memcheck)
		VALGRIND_FREELIKE_BLOCK(ptr, 0);
}
