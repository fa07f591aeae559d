/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_MEMALLOC_MAPPED_H
#define RTE_MEMALLOC_MAPPED_H

/**
 * @file
 *
 * An allocator over a file: what is allocated outlives the process, and is there again, with its
 * contents, when the file is opened the next time.
 *
 * The file lies at another address each time. So what is kept in it refers to other parts of it by
 * offset: rte_memalloc_mapped_offset() and rte_memalloc_mapped_at() convert. One allocation is the
 * root, from which a program finds all others; rte_memalloc_mapped_next() lists them as well.
 *
 * Thread-safe, reusing and checking. rte_memalloc_destroy() writes everything to the storage and
 * closes the file; what is allocated stays so (RTE_MEMALLOC_F_KEEPS). An allocation has a header of 16
 * bytes in the file, and alignments are up to RTE_MEMALLOC_MAPPED_ALIGN_MAX.
 *
 * **A full disk** is an error of create, open and grow: all of the file's blocks are had before they
 * are used, so that using its memory never raises SIGBUS for want of them. Whether there is space, and
 * memory on a file system in memory, is looked at beforehand: the look does not promise it. It does when another
 * program shortens the file meanwhile, or the storage breaks.
 *
 * **One process**, and in it one allocator, may have a file open for writing, with nobody else; or any
 * number for reading. A child made by fork(2) may read and write what is allocated; everything else is
 * refused with -EPERM in it, but rte_memalloc_destroy(), which lets go of the child's mapping alone.
 *
 * **When the process is killed**, at whatever instruction, the file opens again: all allocations
 * whose rte_memalloc_alloc() returned are there, all whose rte_memalloc_free() returned are not, and
 * of the one call that was interrupted either. The root is the old or the new one. An
 * allocation which the program had not linked to from its others yet is found by
 * rte_memalloc_mapped_next().
 *
 * **When the machine goes down**, a file that was synced whole and in which nothing was allocated, freed
 * or grown since, nor another root set, opens again. Otherwise the storage may hold some
 * of these changes and not others: it is refused with -EUCLEAN, and RTE_MEMALLOC_MAPPED_F_TORN opens
 * it all the same if its blocks add up. What the program writes into its allocations is its own
 * business in either case: rte_memalloc_mapped_sync() says when it is on the storage.
 *
 * Unless a function says otherwise it may be called by any thread, sleeps, and needs no EAL.
 */

#include <stdint.h>

#include <rte_memalloc.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Largest alignment of an allocation in a file. */
#define RTE_MEMALLOC_MAPPED_ALIGN_MAX ((size_t)1 << 21)

/** Smallest file. */
#define RTE_MEMALLOC_MAPPED_SIZE_MIN 16384

/** Read only: what would change the file fails with -EROFS, and writing to its memory is SIGSEGV. */
#define RTE_MEMALLOC_MAPPED_F_READ_ONLY (1u << 0)

/**
 * Open also what the machine left behind when it went down in the middle of changes, if its blocks add
 * up. Allocations may have old contents, or be there although they were freed, or be gone.
 */
#define RTE_MEMALLOC_MAPPED_F_TORN (1u << 1)

/**
 * Make a file, and an allocator over it.
 *
 * @param path
 *   The file; it must not exist. Others than its owner may not access it.
 * @param size
 *   Bytes of the file, at least RTE_MEMALLOC_MAPPED_SIZE_MIN. Rounded up to pages.
 * @param room
 *   Bytes up to which it may grow before it is opened again: address space, no memory. 0: four times
 *   the size, or 64 GiB if that is more.
 * @param[out] alloc
 *   Set on success only. Close with rte_memalloc_destroy().
 *
 * @return
 *   0 on success, otherwise a negative errno, and there is no such file:
 *   - -EINVAL: @p path or @p alloc is NULL, @p size too small or too large, or larger than @p room
 *   - -EEXIST: there is such a file
 *   - -ENOSPC, -EDQUOT: the file system, or the user's share of it, is full
 *   - -EFBIG: larger than RLIMIT_FSIZE, or than the file system's files may be
 *   - -ENOMEM: out of memory, or of address space
 *   - another errno of open(2), mmap(2) or fsync(2)
 */
int
rte_memalloc_mapped_create(const char *path, uint64_t size, uint64_t room,
			   struct rte_memalloc **alloc);

/**
 * Open a file that rte_memalloc_mapped_create() made. Looks at each allocation's header.
 *
 * In the statistics, what is in it counts as allocated just now.
 *
 * @param path
 *   The file.
 * @param flags
 *   RTE_MEMALLOC_MAPPED_F_*, or'ed.
 * @param room
 *   As for rte_memalloc_mapped_create().
 * @param[out] alloc
 *   Set on success only. Close with rte_memalloc_destroy().
 *
 * @return
 *   0 on success, otherwise a negative errno, and the file is as it was:
 *   - -EINVAL: @p path or @p alloc is NULL, an unknown flag, or the file is larger than @p room
 *   - -ENOENT: there is no such file
 *   - -EBUSY: somebody has it open for writing, or, without RTE_MEMALLOC_MAPPED_F_READ_ONLY, at all
 *   - -EBADMSG: it is no such file, was never finished, is truncated, or damaged; the text says which
 *   - -ENOTSUP: it is of another version
 *   - -EUCLEAN: the machine went down in the middle of changes
 *   - -ENOSPC, -EDQUOT: it has holes, as some ways of copying make them, and there is no space to fill
 *     them
 *   - -ENOMEM: out of memory, or of address space
 *   - another errno of open(2) or mmap(2)
 */
int
rte_memalloc_mapped_open(const char *path, uint32_t flags, uint64_t room,
			 struct rte_memalloc **alloc);

/**
 * Make the file larger. Nothing moves.
 *
 * @param alloc
 *   An allocator of this kind.
 * @param size
 *   Bytes of the file. Rounded up to pages; not more than it has does nothing.
 *
 * @return
 *   0 on success, otherwise a negative errno, and the file is as it was:
 *   - -EINVAL: not of this kind
 *   - -ENOMEM: larger than the room kept for it: open it with more
 *   - -ENOSPC, -EDQUOT: the file system, or the user's share of it, is full
 *   - -EFBIG: larger than RLIMIT_FSIZE, or than the file system's files may be
 *   - -EROFS: it is open for reading
 *   - -EPERM: in a child of the process that opened it
 *   - -EIO: the storage fails
 */
int
rte_memalloc_mapped_grow(struct rte_memalloc *alloc, uint64_t size);

/**
 * Write to the storage what is not there yet, and return when it is.
 *
 * After a sync of the whole file the machine may go down: the file opens again, see above. What
 * other threads change meanwhile may be part of it or not. The first change after a sync of the whole
 * file waits for the storage as well.
 *
 * @param alloc
 *   An allocator of this kind.
 * @param mem
 *   The first byte, anywhere in the file; or NULL with a size of 0 for the whole file.
 * @param size
 *   Bytes. The pages that they lie in are written, but no more than that.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: not of this kind, or these bytes are not all in the file
 *   - -EPERM: in a child of the process that opened it
 *   - -EIO, or another one of msync(2): the storage fails
 */
int
rte_memalloc_mapped_sync(struct rte_memalloc *alloc, const void *mem, size_t size);

/**
 * Say which allocation all others are found from. In one step: it is the old or the new one, whenever
 * the process is killed.
 *
 * The root is not freed, nor does a change of its size move it: -EBUSY.
 *
 * @param alloc
 *   An allocator of this kind.
 * @param mem
 *   An allocation of it, or NULL for none.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: not of this kind, or @p mem is no allocation of it
 *   - -EROFS: it is open for reading
 *   - -EPERM: in a child of the process that opened it
 *   - -EIO: the storage fails
 */
int
rte_memalloc_mapped_set_root(struct rte_memalloc *alloc, void *mem);

/**
 * The allocation that all others are found from.
 *
 * @param alloc
 *   An allocator of this kind.
 *
 * @return
 *   It; NULL if there is none, or @p alloc is not of this kind.
 */
void *
rte_memalloc_mapped_root(struct rte_memalloc *alloc);

/**
 * Where in the file an address lies: what to store in the file instead of a pointer.
 *
 * Context: any; no system call, no lock.
 *
 * @param alloc
 *   An allocator of this kind.
 * @param mem
 *   An address in an allocation of it.
 *
 * @return
 *   The offset; 0, which is no offset of any allocation, for NULL and what is not in the file.
 */
uint64_t
rte_memalloc_mapped_offset(struct rte_memalloc *alloc, const void *mem);

/**
 * The address of what lies at an offset.
 *
 * Context: any; no system call, no lock.
 *
 * @param alloc
 *   An allocator of this kind.
 * @param offset
 *   As rte_memalloc_mapped_offset() gave it, to whatever process.
 *
 * @return
 *   The address; NULL for 0 and what is not in the file.
 */
void *
rte_memalloc_mapped_at(struct rte_memalloc *alloc, uint64_t offset);

/**
 * List what is allocated, in the order of offsets.
 *
 * While other threads allocate and free, it lists what there is in the moment of each call.
 *
 * @param alloc
 *   An allocator of this kind.
 * @param mem
 *   An allocation of it, or NULL for the first one.
 *
 * @return
 *   The next one; NULL if there is none, @p mem is no allocation, or @p alloc is not of this kind.
 */
void *
rte_memalloc_mapped_next(struct rte_memalloc *alloc, const void *mem);

/**
 * Bytes of the file.
 *
 * @param alloc
 *   An allocator of this kind.
 *
 * @return
 *   Bytes; 0 if it is not of this kind.
 */
uint64_t
rte_memalloc_mapped_size(struct rte_memalloc *alloc);

#ifdef __cplusplus
}
#endif

#endif /* RTE_MEMALLOC_MAPPED_H */
