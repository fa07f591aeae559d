/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_MEMPROF_H
#define RTE_MEMPROF_H

/**
 * @file
 *
 * A profile of a piece of work: what it allocates from fastmem, where, for how long, and what of it
 * could be done better.
 *
 * Start a profile, do the work, stop it, and ask: until the next one starts the profile that ended
 * can be read, and one that runs can be read meanwhile. There is one in a process at a time.
 *
 * Two kinds of figures come together. Counted ones are fastmem's own statistics, and exact: they are
 * of all processes that share the memory. Sampled ones are of this process: of about one allocation
 * each @a interval bytes it is noted who asked, for what, and when it was freed; each stands for the
 * blocks that were not looked at, so that sums are estimates. With RTE_FASTMEM_SAMPLE_ALL every
 * allocation is looked at, and all is exact.
 *
 * FASTMEM_MEMPROF in the environment starts a profile when the program initialises fastmem, without
 * a call in the program: see doc/guides/memprof.rst.
 *
 * What is called for each of something may not call a function of this header in turn.
 *
 * Context: control path, may sleep; MT-safe; needs EAL. Failures are negative errnos, and leave a
 * text: rte_memwatch_error(). What the functions that take one say of errors holds beside -EINVAL for
 * a NULL that may not be one.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes a sample, if nothing else is asked for. */
#define RTE_MEMPROF_INTERVAL 524288

/** Most frames of a call site. */
#define RTE_MEMPROF_MAX_DEPTH 64

/** Elements of a histogram: one for each power of two. */
#define RTE_MEMPROF_NB_BINS 64

/** How to profile. All zero is the usual. */
struct rte_memprof_config {
	/** Bytes a sample, about; 0: RTE_MEMPROF_INTERVAL; RTE_FASTMEM_SAMPLE_ALL: each allocation. */
	uint64_t interval;
	/** Samples that are followed until they are freed; a power of two, 0: 65536. */
	uint32_t max_samples;
	/** Call sites, each with each size class that it asks for; up to 1048576, 0: 8192. */
	uint32_t max_sites;
	/** Frames of a call site, up to RTE_MEMPROF_MAX_DEPTH; 0: 32. */
	uint32_t depth;
	/**
	 * Files that rte_fastmem_deinit() writes when it ends the profile; each is made at the start. NULL:
	 * none. As rte_memprof_leaks(),
	 */
	const char *leaks;
	const char *text;  /**< rte_memprof_write_text(), */
	const char *pprof; /**< rte_memprof_write_pprof(), */
	/** rte_memprof_write_folded() of RTE_MEMPROF_ALLOCATED_BYTES. */
	const char *folded;
};

/**
 * A profile in numbers. Counted, where it does not say sampled.
 *
 * In histograms element i counts blocks with a figure from 2^i to 2^(i+1)-1; 0 is in the first.
 */
struct rte_memprof_summary {
	uint64_t interval;	   /**< As it was asked for. */
	uint32_t running;	   /**< 1: it goes on; 0: it has ended. */
	uint64_t duration_us;	   /**< Of the piece of work, so far. */
	uint64_t samples;	   /**< Allocations that were looked at. */
	uint64_t lost;		   /**< Of them those that could not be followed. */
	uint64_t allocations;	   /**< Blocks allocated. */
	uint64_t allocated_bytes;  /**< Bytes of them; of blocks that no class has, sampled. */
	uint64_t frees;		   /**< Blocks freed, also such as were allocated before. */
	uint64_t live_bytes_start; /**< Bytes in use at the start, */
	uint64_t live_bytes_end;   /**< and at the end, or now. */
	uint64_t peak_bytes;	   /**< Most that were seen in use, looking each 10 ms. */
	uint64_t average_bytes;	   /**< In use, on average over time. */
	/** How long a byte is in use on average: average bytes by bytes a second (Little's law). */
	uint64_t mean_lifetime_ns;
	uint64_t held_bytes; /**< Bytes of page runs that classes had, on average over time. */
	uint64_t lost_bytes; /**< Of them in blocks that nobody had, in use or cached. */
	/** lost_bytes as thousandths of held_bytes. */
	uint32_t fragmentation_permille;
	/** Sampled: bytes asked for, as thousandths of bytes given; 0: none is known. */
	uint32_t efficiency_permille;
	uint32_t sites;		 /**< Call sites. */
	uint64_t sites_lost;	 /**< Samples of call sites that found no place. */
	uint64_t sampled_blocks; /**< Blocks that samples stand for, */
	uint64_t sampled_bytes;	 /**< and bytes. */
	/**
	 * Of these blocks those that were not seen to end, but of a size class no more than are
	 * counted as live at the end, or now.
	 */
	uint64_t live_blocks;
	uint64_t live_bytes;		     /**< Bytes of them. */
	uint64_t sizes[RTE_MEMPROF_NB_BINS]; /**< Sampled: blocks by bytes asked for. */
	/** Sampled: blocks by nanoseconds that they lived, of those whose end was seen. */
	uint64_t lifetimes[RTE_MEMPROF_NB_BINS];
	/** Of these blocks those that were found to have ended, some time after they did. */
	uint64_t lifetimes_late;
	uint64_t lifetimes_open; /**< Sampled: blocks of which the end was not seen. */
};

/** A node's share. Sampled. */
struct rte_memprof_node {
	int node_id;		  /**< Where memory lies. */
	uint64_t allocations;	  /**< Blocks allocated there. */
	uint64_t allocated_bytes; /**< Bytes of them. */
	uint64_t remote_blocks;	  /**< Blocks of them for threads of other nodes. */
	uint64_t remote_bytes;	  /**< Bytes of these. */
};

/** A size class's share; above RTE_FASTMEM_MAX_SIZE, where there is none, class_size is 0. */
struct rte_memprof_class {
	size_t class_size;    /**< Bytes a block. */
	uint64_t allocations; /**< Counted: blocks allocated. */
	uint64_t sampled;     /**< Blocks that samples stand for; of those with a known size */
	uint64_t asked;	      /**< bytes that were asked for, */
	uint64_t given;	      /**< and given. */
};

/** A function in which, or in whose callees, is allocated. */
struct rte_memprof_frame {
	const void *pc;	      /**< Where it goes on after its call. */
	const char *function; /**< Its name, as the linker knows it; NULL: not known. */
	const char *file;     /**< Its source; NULL: not known. */
	unsigned int line;    /**< Line of the call; 0: not known. */
	unsigned int inlined; /**< 1: it was inlined into the next frame. */
};

/** A call site: all allocations with the same stack. Sampled. */
struct rte_memprof_site {
	uint64_t samples;	  /**< Allocations looked at. */
	uint64_t allocations;	  /**< Blocks that they stand for. */
	uint64_t allocated_bytes; /**< Bytes of them, as given. */
	uint64_t live_blocks;	  /**< Of them live, as in struct rte_memprof_summary. */
	uint64_t live_bytes;	  /**< Bytes of these. */
	uint64_t asked_bytes;	  /**< Of blocks whose asked size is known: bytes asked for, */
	uint64_t given_bytes;	  /**< and given. */
	uint64_t remote_bytes;	  /**< Bytes that lie on another node than the thread that asked. */
	uint64_t ends_seen;	  /**< Samples of which the end was seen, */
	uint64_t short_lives;	  /**< and of these freed within RTE_MEMPROF_SHORT_NS. */
	/** Frames, innermost first; none: stacks that found no place, all together. */
	unsigned int nb_frames;
	const struct rte_memprof_frame *frames; /**< Valid during the call. */
};

/* What is advised, and when. */

/** At this share of memory in page runs that nobody has, in thousandths, */
#define RTE_MEMPROF_FRAGMENTED_PERMILLE 300
/** and so many bytes: a pool. */
#define RTE_MEMPROF_FRAGMENTED_BYTES (4u << 20)
/** Blocks up to so many bytes, */
#define RTE_MEMPROF_SMALL_BYTES 256
/** of which so many are allocated, */
#define RTE_MEMPROF_MANY_BLOCKS 10000
/** which are this share of all that are, in thousandths, */
#define RTE_MEMPROF_MANY_PERMILLE 100
/** freed so soon, in nanoseconds, */
#define RTE_MEMPROF_SHORT_NS 1000000
/** for this share, in thousandths, of at least */
#define RTE_MEMPROF_SHORT_PERMILLE 900
/** so many whose end was seen: an arena. */
#define RTE_MEMPROF_SHORT_SAMPLES 16
/** This share of a call site's bytes on another node than the thread that asks, in thousandths, */
#define RTE_MEMPROF_REMOTE_PERMILLE 200
/** and so many bytes: bind anew. */
#define RTE_MEMPROF_REMOTE_BYTES (1u << 20)
/** All sizes asked for within this share of a class's range, in thousandths, above the class below, */
#define RTE_MEMPROF_ABOVE_PERMILLE 250
/** of which this share of bytes is wasted, in thousandths: shrink to the class below. */
#define RTE_MEMPROF_WASTE_PERMILLE 40
/** For these two: the share that a call site has of all bytes allocated, in thousandths, */
#define RTE_MEMPROF_SITE_PERMILLE 10
/** and samples of it at least. */
#define RTE_MEMPROF_SITE_SAMPLES 8

/** What a piece of advice is about. */
enum rte_memprof_advice_kind {
	RTE_MEMPROF_USE_POOL,	 /**< Page runs hold much that nobody has. */
	RTE_MEMPROF_USE_ARENA,	 /**< Many small blocks with short lives. */
	RTE_MEMPROF_BIND_NODE,	 /**< Memory lies on another node than who asks for it. */
	RTE_MEMPROF_SHRINK_SIZE, /**< Sizes just above a class's. */
};

/** Bytes of an advice's text. */
#define RTE_MEMPROF_TEXT_MAX 640

/** Called for each node; another value than 0 ends it. */
typedef int (*rte_memprof_node_fn)(const struct rte_memprof_node *node, void *arg);
/** Called for each size class; another value than 0 ends it. */
typedef int (*rte_memprof_class_fn)(const struct rte_memprof_class *cls, void *arg);
/** Called for each call site; another value than 0 ends it. */
typedef int (*rte_memprof_site_fn)(const struct rte_memprof_site *site, void *arg);
/** Called for each piece of advice; another value than 0 ends it. */
typedef int (*rte_memprof_advice_fn)(enum rte_memprof_advice_kind kind, const char *text,
				     void *arg);

/**
 * Start a profile; what the last one saw is forgotten.
 *
 * A control thread looks each 10 ms from then on, off the lcores' CPUs.
 *
 * @param config
 *   How; copied. NULL: the usual.
 *
 * @return
 *   0 on success, otherwise a negative errno, with the last profile as it was:
 *   - -EINVAL: a number is out of its range
 *   - -EBUSY: one runs already, or somebody else samples
 *   - -ENODEV: fastmem is not initialised
 *   - -ENOMEM: no memory for it
 *   - an errno of fopen() for a file that is to be written, or of what it takes to make a thread
 */
int
rte_memprof_start(const struct rte_memprof_config *config);

/**
 * End the profile. rte_fastmem_deinit() does so, too.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EAGAIN: none runs
 */
int
rte_memprof_stop(void);

/**
 * The profile that runs, or else the last one, in numbers.
 *
 * @return
 *   0 on success, otherwise a negative errno, of this and all that follow:
 *   - -ENODATA: there was no profile yet
 *   - -ENOMEM: no memory to put it together
 */
int
rte_memprof_summary(struct rte_memprof_summary *summary);

/** Its nodes that anything was allocated on, ascending. Returns 0, or what @p fn did. */
int
rte_memprof_nodes(rte_memprof_node_fn fn, void *arg);

/** Its size classes that anything was allocated of, ascending. Returns 0, or what @p fn did. */
int
rte_memprof_classes(rte_memprof_class_fn fn, void *arg);

/**
 * Its call sites, by bytes allocated, most first. Returns 0, or what @p fn did.
 *
 * Finds the names of functions, which takes a while. fastmem's own functions are left out.
 */
int
rte_memprof_sites(rte_memprof_site_fn fn, void *arg);

/** Advice, by the rules above; none where there is nothing to do better. Returns 0, or what @p fn did. */
int
rte_memprof_advise(rte_memprof_advice_fn fn, void *arg);

/** What call sites are compared by. */
enum rte_memprof_value {
	RTE_MEMPROF_ALLOCATED_BYTES, /**< Bytes allocated. */
	RTE_MEMPROF_ALLOCATIONS,     /**< Blocks allocated. */
	RTE_MEMPROF_LIVE_BYTES,	     /**< Bytes live. */
	RTE_MEMPROF_LIVE_BLOCKS,     /**< Blocks live. */
};

/**
 * Write all of it to be read by people.
 *
 * @return
 *   As rte_memprof_summary(); also -EIO: the file does not take it. The same for all that follow.
 */
int
rte_memprof_write_text(FILE *file);

/**
 * Write a heap profile that pprof reads: gperftools' text format, live and allocated, scaled already.
 */
int
rte_memprof_write_pprof(FILE *file);

/** Write folded stacks, which flame graphs are drawn from: a call site a line, outermost first. */
int
rte_memprof_write_folded(FILE *file, enum rte_memprof_value value);

/** Write what is live by call site, most bytes first: of what was allocated since the start. */
int
rte_memprof_leaks(FILE *file);

#ifdef __cplusplus
}
#endif

#endif /* RTE_MEMPROF_H */
