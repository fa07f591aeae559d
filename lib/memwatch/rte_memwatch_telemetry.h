/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_MEMWATCH_TELEMETRY_H
#define RTE_MEMWATCH_TELEMETRY_H

/**
 * @file
 *
 * Memory in DPDK's telemetry: commands below /fastmem, which dpdk-telemetry.py reads.
 *
 * A program has them when this library is loaded, by a constructor: there is nothing to call. A
 * program that uses nothing of this library gets it by EAL's option `-d librte_memwatch.so`, or links
 * it by calling rte_memwatch_telemetry(). doc/guides/watching.rst has the commands and what they say.
 */

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Have the commands registered: does nothing where a constructor did so.
 *
 * For programs that use nothing else of this library, so that the linker leaves it in.
 *
 * Context: control path, may sleep; MT-safe; before or after rte_eal_init().
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -ENOMEM: out of memory
 */
int
rte_memwatch_telemetry(void);

/**
 * Have a command answered without telemetry: of a process that has none, as EAL has it in primaries
 * alone.
 *
 * The answer is made here and now, of what this process sees; what telemetry would say is said in the
 * same words. A secondary tells of fastmem what the primary would, since they share it; pressure is
 * as this process sees it, and profiles are of this process.
 *
 * Context: control path, may sleep; MT-safe; needs EAL.
 *
 * @param command
 *   As telemetry takes it, such as "/fastmem/classes,0".
 * @param[out] text
 *   JSON, an object with one member that is called as the command without its parameters; to be freed
 *   with free().
 *
 * @return
 *   0 on success, for a command with wrong parameters as well, as the answer says so; otherwise a
 *   negative errno:
 *   - -ENOENT: no command of this library
 *   - -ENOMEM: out of memory
 */
int
rte_memwatch_telemetry_ask(const char *command, char **text);

#ifdef __cplusplus
}
#endif

#endif /* RTE_MEMWATCH_TELEMETRY_H */
