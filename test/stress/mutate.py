#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Plants each defect in a copy of the lock-free files, and says which stress test finds it.

Not a test: minutes of work. Its table is in doc/guides/lockfree.rst; "model" names the flag of
test/model/*.pml that plants the same, or what the weakened order permits. Ends with 1 when a
defect is found by nothing, or its text is no longer in the sources.

usage: mutate.py [NAME-PART]
"""
import os
import shlex
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDERS = ('lib/fastmem', 'lib/memalloc', 'lib/membind', 'lib/memregion', 'lib/memwatch', 'lib/numa', 'test/stress')
VARIANTS = {
    'plain': '-O2',
    'race': '-O2 -DFASTMEM_RACE_WINDOW=1',
    'tsan': '-O1 -g -DFASTMEM_RACE_WINDOW=1 -fsanitize=thread',
}
MS = os.environ.get('FASTMEM_STRESS_MS', '3000')
ACQUIRE, RELEASE, RELAXED, SEQ_CST = (
    f'memory_order_{o}' for o in ('acquire', 'release', 'relaxed', 'seq_cst'))
PAGE, SLAB, MAGAZINE = (f'lib/fastmem/{n}.c' for n in ('page', 'slab', 'magazine'))
EXCHANGE, SLOTS = 'lib/fastmem/exchange.c', 'lib/fastmem/fastmem_exchange_priv.h'
DEPOT = 'lib/memalloc/memalloc_depot.c'
PLACES = 'lib/fastmem/sample_places.c'
SITES = 'lib/memwatch/memprof_sites.c'
CALLER = 'test/stress/stress_page.c'

TAKE_CAS = '''atomic_compare_exchange_weak_explicit(
		word, &old, old & ~taken, memory_order_acquire, memory_order_relaxed)'''
EMPTY_CAS = '''atomic_compare_exchange_strong_explicit(
				   word, &now, 0, memory_order_acquire, memory_order_relaxed)'''
CLAIM_CAS = '''atomic_compare_exchange_weak_explicit(
		word, &old, old & ~mask, memory_order_acquire, memory_order_relaxed)'''
TAKE_WORD_CAS = '''atomic_compare_exchange_strong_explicit(at, &word, TAKEN, memory_order_acquire,
						       memory_order_relaxed)'''
MAGS_CAS = '''atomic_compare_exchange_weak_explicit(
				    &d->free[g], &bits, bits & ~(at * mask), memory_order_acquire,
				    memory_order_relaxed)'''
FOREIGN = '*foreign = atomic_load_explicit(entry_of, memory_order_relaxed) != entry;'
DEPOT_POP = '''atomic_compare_exchange_weak_explicit(
		&d->head, &head, ((head >> d->bits) + 1) << d->bits | below, memory_order_acquire,
		memory_order_acquire)'''
DEPOT_PUSH = '''atomic_compare_exchange_weak_explicit(
		&d->head, &head, (head & ~mask) | (1 + (uint64_t)blocks[0]), memory_order_release,
		memory_order_relaxed)'''
DEPOT_BELOW = '''		atomic_store_explicit(&d->down[blocks[0]], (uint32_t)(head & mask),
				      memory_order_relaxed);
'''
DEPOT_READ = '		below = atomic_load_explicit(&d->down[first - 1], memory_order_relaxed);\n'
COPY_IN = '\tmemcpy(blocks_at(d, index), blocks, n * sizeof(*blocks));\n'
COPY_OUT = '\tmemcpy(blocks, blocks_at(d, index), n * sizeof(*blocks));\n'
COPY_WORD = ('memcpy(blocks, blocks_at(d, word_index(word)), '
             'word_count(word) * sizeof(*blocks)), ')
FULL = '\tshelf_put(&shelf[at], word_of(IS_FULL, index, n));\n'
EMPTY = '\t\tshelf_put(&shelf[at], word_of(IS_EMPTY, index, nb * FM_MAG_BLOCKS));\n'
FREE = '\t\tmags_free(d, index, nb);\n'
AIM_AT_EMPTY = 'aim->empty != word_of(IS_EMPTY, index, nb * FM_MAG_BLOCKS)'

CHAIN_CLAIM = f'atomic_fetch_and_explicit(&map[w], ~bit, {ACQUIRE})'
CHAIN_RELEASE = ('atomic_fetch_or_explicit(&map[i / 64], UINT64_C(1) << i % 64, '
                 f'{RELEASE})')
SLOT_TAKE = '''atomic_compare_exchange_strong_explicit(&s->word, word, *word | FM_EXCHANGE_TAKEN,
							memory_order_acquire, memory_order_relaxed)'''
PLACE_CLAIM = '''atomic_compare_exchange_strong_explicit(&p->key[at], &key, BUSY,
									memory_order_acquire,
									memory_order_relaxed)'''
PLACE_TAKE = '''atomic_compare_exchange_strong_explicit(&p->key[place], &key, BUSY,
						       memory_order_acquire, memory_order_relaxed)'''
PLACE_STORE = 'atomic_store_explicit(&p->key[{0}], BUSY, memory_order_relaxed), true'
SITE_PUT = '''atomic_compare_exchange_strong_explicit(&sites->slot[at], &number, mine,
								    memory_order_acq_rel,
								    memory_order_acquire)'''
SITE_TAKE = '''atomic_compare_exchange_weak_explicit(
		&sites->used, &number, number + 1, memory_order_acquire, memory_order_relaxed)'''
SITE_BACK = '''atomic_compare_exchange_strong_explicit(&sites->used, &next, number, memory_order_release,
						memory_order_relaxed)'''
PUT_COPY = '	fm_exchange_copy_few(s->object + count, objects, n);\n'
PUT_GIVE = '	fm_exchange_give(s, word, count + n);\n'

# Test, name, flag of the model ('': it cannot see this), file, [(old text, new text), ...].
MUTATIONS = [
    ('memprof', 'nothing', '', SITES, []),
    *((name, 'nothing', '', f'lib/fastmem/{name}.c', []) for name in ('page', 'slab', 'magazine', 'exchange', 'sample_places')),
    ('memalloc_depot', 'nothing', '', DEPOT, []),
    ('page', 'A1 relaxed', 'CHECK_BEFORE_TAKE', PAGE,
     [(TAKE_CAS, TAKE_CAS.replace(ACQUIRE, RELAXED))]),
    ('page', 'A2 relaxed', '', PAGE, [(EMPTY_CAS, EMPTY_CAS.replace(ACQUIRE, RELAXED))]),
    ('page', 'R1 relaxed', '', PAGE,
     [(f'fetch_or_explicit(word, blocks, {SEQ_CST})',
       f'fetch_or_explicit(word, blocks, {RELAXED})')]),
    ('page', 'publishing store relaxed', 'WORD_FIRST', CALLER,
     [(f'full & ~h->blocks, {RELEASE}', f'full & ~h->blocks, {RELAXED}')]),
    ('page', 'no check after take', 'NO_CHECK_AFTER_TAKE', PAGE,
     [(FOREIGN, '(void)entry_of, (void)entry;')]),
    ('page', 'check before take', 'CHECK_BEFORE_TAKE', PAGE,
     [(FOREIGN, ''), ('		RACE_WINDOW();\n', f'		{FOREIGN}\n		RACE_WINDOW();\n')]),
    ('page', 'no check after empty', 'NO_CHECK_AFTER_EMPTY', CALLER,
     [('if (fm_entry_class((uint16_t)now) == cls) {', 'if (true) {')]),
    ('page', 'foreign run back under its former class', 'BACK_TO_OLD', CALLER,
     [('		cls = fm_entry_class((uint16_t)now);\n', '')]),
    ('page', 'emptied by a store', 'EMPTY_BY_STORE', PAGE,
     [(EMPTY_CAS, '(atomic_store(word, 0), true)')]),
    ('page', 'taken by a store', 'TAKE_BY_STORE', PAGE,
     [(TAKE_CAS, '(atomic_store(word, old & ~taken), true)')]),
    ('page', 'returned by a store', 'PUT_BY_STORE', PAGE,
     [(f'atomic_fetch_or_explicit(word, blocks, {SEQ_CST});',
       'atomic_load(word);\n\n	RACE_WINDOW();\n	atomic_store(word, old | blocks);')]),
    ('page', 'pages released before their entries', 'PAGES_FIRST', CALLER,
     [('	fm_slab_release(&slab, page, classes[cls].pages);\n', ''),
      ('	for (i = page; i < page + classes[cls].pages; i++) {\n		CHECK(page_mark[i] != 0);\n',
       '	for (i = page; i < page + classes[cls].pages; i++)\n		page_mark[i] = 0;\n'
       '	fm_slab_release(&slab, page, classes[cls].pages);\n	RACE_WINDOW();\n'
       '	for (i = page; i < page + classes[cls].pages; i++) {\n'),
      ('		page_mark[i] = 0;\n		/* Relaxed: the release', '		/* Relaxed: the release')]),
    ('slab', 'A1 relaxed', '', SLAB, [(CLAIM_CAS, CLAIM_CAS.replace(ACQUIRE, RELAXED))]),
    ('slab', 'R1 relaxed', '', SLAB,
     [(f'word_mask(w, first, n), {SEQ_CST}', f'word_mask(w, first, n), {RELAXED}')]),
    ('slab', 'no rollback', 'NO_ROLLBACK', SLAB,
     [('fm_slab_release(s, first, w * 64 - first);', ';')]),
    ('slab', 'the whole run rolled back', 'ROLLBACK_ALL', SLAB,
     [('fm_slab_release(s, first, w * 64 - first);', 'fm_slab_release(s, first, n);')]),
    ('slab', 'no check that all pages are free', 'NO_CHECK', SLAB,
     [('if ((old & mask) != mask)\n', 'if (mask == 0)\n')]),
    ('slab', 'claimed by a store', 'CLAIM_BY_STORE', SLAB,
     [(CLAIM_CAS, '(atomic_store(word, old & ~mask), true)')]),
    ('slab', 'released by a store', 'RELEASE_BY_STORE', SLAB,
     [(f'atomic_fetch_or_explicit(&s->free[w], word_mask(w, first, n), {SEQ_CST});',
       'atomic_store(&s->free[w], atomic_load(&s->free[w]) | word_mask(w, first, n));')]),
    ('magazine', 'A1 relaxed', '', MAGAZINE, [(MAGS_CAS, MAGS_CAS.replace(ACQUIRE, RELAXED))]),
    ('magazine', 'A2 relaxed', 'READ_FIRST', MAGAZINE,
     [(TAKE_WORD_CAS, TAKE_WORD_CAS.replace(ACQUIRE, RELAXED))]),
    ('magazine', 'A3 relaxed', '', MAGAZINE,
     [(f'&shelf[i], {ACQUIRE}', f'&shelf[i], {RELAXED}')]),
    ('magazine', 'R1 relaxed', 'FREE_EARLY', MAGAZINE,
     [(f'index % FM_GROUP_MAGS,\n				 {RELEASE}',
       f'index % FM_GROUP_MAGS,\n				 {RELAXED}')]),
    ('magazine', 'R2 relaxed', 'FULL_EARLY', MAGAZINE,
     [(f'(at, word, {RELEASE})', f'(at, word, {RELAXED})')]),
    ('magazine', 'new group: count relaxed', '', MAGAZINE,
     [(f'&d->nb_groups, g + 1, {RELEASE}', f'&d->nb_groups, g + 1, {RELAXED}')]),
    ('magazine', 'new group: its reader relaxed', '', MAGAZINE,
     [(f'&d->nb_groups, {ACQUIRE}', f'&d->nb_groups, {RELAXED}')]),
    ('magazine', 'word taken by a store', 'TAKE_BY_STORE', MAGAZINE,
     [('	RACE_WINDOW();\n	/* A2:',
       '	if (atomic_load(at) != word)\n		return false;\n	RACE_WINDOW();\n	/* A2:'),
      (TAKE_WORD_CAS, '(atomic_store(at, TAKEN), true)')]),
    ('magazine', 'aim trusted', 'TRUST_AIM', MAGAZINE,
     [('!shelf_take(&shelf[at], aim->empty)', '(atomic_store(&shelf[at], TAKEN), false)')]),
    ('magazine', 'empty aim of any kind', 'ANY_KIND', MAGAZINE,
     [(AIM_AT_EMPTY, 'mags_for(word_count(aim->empty)) != nb')]),
    ('magazine', 'full aim of any kind', 'ANY_KIND', MAGAZINE,
     [('(word & IS_FULL) == 0 || !shelf', 'word == 0 || !shelf')]),
    ('magazine', 'blocks read before the word is taken', 'READ_FIRST', MAGAZINE,
     [(COPY_OUT, ''), ('|| !shelf_take(&shelf[at], word))', f'|| ({COPY_WORD}'
                       '!shelf_take(&shelf[at], word)))'),
      ('return empty_chain(d, cls, &none, at, word, blocks);',
       f'return {COPY_WORD}empty_chain(d, cls, &none, at, word, blocks);')]),
    ('magazine', 'blocks written before it is taken', 'WRITE_FIRST', MAGAZINE,
     [('!shelf_take(&shelf[at], aim->empty)', '(memcpy(blocks_at(d, index), blocks, '
       'n * sizeof(*blocks)), !shelf_take(&shelf[at], aim->empty))')]),
    ('magazine', 'full before its blocks are there', 'FULL_EARLY', MAGAZINE,
     [(COPY_IN + FULL, FULL + '	RACE_WINDOW();\n' + COPY_IN)]),
    ('magazine', 'empty before its blocks are read', 'EMPTY_EARLY', MAGAZINE,
     [(COPY_OUT, ''), (EMPTY, EMPTY + '		RACE_WINDOW();\n	' + COPY_OUT),
      (FREE, '	' + COPY_OUT + FREE)]),
    ('magazine', 'free before its blocks are read', 'FREE_EARLY', MAGAZINE,
     [(COPY_OUT, ''), (EMPTY, '	' + COPY_OUT + EMPTY),
      (FREE, FREE + '		RACE_WINDOW();\n	' + COPY_OUT)]),
    ('magazine', 'claimed by a store', 'CLAIM_BY_STORE', MAGAZINE,
     [(MAGS_CAS, '(atomic_store(&d->free[g], bits & ~(at * mask)), true)')]),
    ('magazine', 'freed by a store', 'FREE_BY_STORE', MAGAZINE,
     [('	RACE_WINDOW();\n	/* R1:', '	uint64_t was = atomic_load(&d->free[index / '
       'FM_GROUP_MAGS]);\n\n	RACE_WINDOW();\n	/* R1:'),
      ('atomic_fetch_or_explicit(&d->free[index / FM_GROUP_MAGS], mask <<',
       'atomic_store_explicit(&d->free[index / FM_GROUP_MAGS], was | mask <<')]),
    ('magazine', 'first magazine claimed alone', 'CLAIM_PART', MAGAZINE,
     [('bits & ~(at * mask)', 'bits & ~at')]),
    ('magazine', 'first magazine freed alone', 'FREE_PART', MAGAZINE,
     [(FREE, FREE.replace('nb', '1'))]),
    ('magazine', 'claimed, the first alone being free', 'CLAIM_HALF_FREE', MAGAZINE,
     [('at &= at >> 1 & UINT64_C(0x5555555555555555)', 'at &= UINT64_C(0x5555555555555555)')]),
    ('magazine', 'empty chain counted too short', 'SHORT_EMPTY', MAGAZINE,
     [(EMPTY, EMPTY.replace('nb * ', ''))]),
    ('magazine', 'empty chain counted too long', 'LONG_EMPTY', MAGAZINE,
     [(EMPTY, EMPTY.replace('nb * FM_MAG', 'FM_CHAIN'))]),
    ('magazine', 'empty chain of any length filled', 'ANY_LENGTH', MAGAZINE,
     [('word_count(l.word_empty) == nb * FM_MAG_BLOCKS', 'l.word_empty != 0')]),
    ('magazine', 'freed chain left on the shelf', 'FREE_AND_EMPTY', MAGAZINE,
     [(FREE + '		shelf_put(&shelf[at], 0);\n', FREE + EMPTY)]),
    ('magazine', 'word kept that no chain was found for', 'KEEP_TAKEN', MAGAZINE,
     [('		shelf_put(&shelf[l.vacant], 0);\n', '')]),
    ('magazine', 'chain too short for its blocks', '', MAGAZINE,
     [('n <= 2 * FM_MAG_BLOCKS ? 2', 'n <= 3 * FM_MAG_BLOCKS ? 2')]),
    ('exchange', 'A1 relaxed', '', EXCHANGE,
     [(CHAIN_CLAIM, CHAIN_CLAIM.replace(ACQUIRE, RELAXED))]),
    ('exchange', 'R1 relaxed', 'RELEASE_EARLY', EXCHANGE,
     [(CHAIN_RELEASE, CHAIN_RELEASE.replace(RELEASE, RELAXED))]),
    ('exchange', 'A2 relaxed', '', SLOTS, [(SLOT_TAKE, SLOT_TAKE.replace(ACQUIRE, RELAXED))]),
    ('exchange', 'R2 relaxed', 'GIVE_EARLY', SLOTS,
     [(f'&s->word, word, {RELEASE}', f'&s->word, word, {RELAXED}')]),
    ('exchange', 'slot taken by a store', 'TAKE_BY_STORE', SLOTS,
     [(SLOT_TAKE, '(atomic_store(&s->word, *word | FM_EXCHANGE_TAKEN), true)')]),
    ('exchange', 'slot given back before it is filled', 'GIVE_EARLY', SLOTS,
     [(PUT_COPY + PUT_GIVE, PUT_GIVE + '	RACE_WINDOW();\n' + PUT_COPY)]),
    ('exchange', 'chain claimed by a store', 'CLAIM_BY_STORE', EXCHANGE,
     [(CHAIN_CLAIM, '(atomic_store(&map[w], bits & ~bit), bits)')]),
    ('exchange', 'chain released by a store', 'RELEASE_BY_STORE', EXCHANGE,
     [(CHAIN_RELEASE, 'atomic_store(&map[i / 64], atomic_load(&map[i / 64]) | '
       'UINT64_C(1) << i % 64)')]),
    ('sample_places', 'A1 relaxed', '', PLACES,
     [(PLACE_CLAIM, PLACE_CLAIM.replace(ACQUIRE, RELAXED))]),
    ('sample_places', 'R1 relaxed', 'RELEASE_EARLY', PLACES,
     [('atomic_store_explicit(&p->key[place], 0, memory_order_release)',
       'atomic_store_explicit(&p->key[place], 0, memory_order_relaxed)')]),
    ('sample_places', 'claimed by a store', 'CLAIM_BY_STORE', PLACES,
     [(PLACE_CLAIM, f'({PLACE_STORE.format("at")})')]),
    ('sample_places', 'taken by a store', 'TAKE_BY_STORE', PLACES,
     [(PLACE_TAKE, PLACE_STORE.format('place'))]),
    ('sample_places', 'one turn', 'NO_TURN', PLACES, [('++p->turn[place]', '1')]),
    ('memprof', 'S1 acquires relaxed', '', SITES,
     [('(&sites->slot[at], memory_order_acquire)', '(&sites->slot[at], memory_order_relaxed)'),
      (SITE_PUT, SITE_PUT.replace('acq_rel', 'release').replace(ACQUIRE, RELAXED))]),
    ('memprof', 'S1 release relaxed', 'PUT_EARLY', SITES,
     [(SITE_PUT, SITE_PUT.replace('acq_rel', 'acquire'))]),
    ('memprof', 'T1 relaxed', 'BACK_EARLY', SITES,
     [(SITE_TAKE, SITE_TAKE.replace(ACQUIRE, RELAXED)),
      (SITE_BACK, SITE_BACK.replace(RELEASE, RELAXED))]),
    ('memprof', 'slot set by a store', 'PUT_BY_STORE', SITES,
     [(SITE_PUT, '(atomic_store(&sites->slot[at], mine), true)')]),
    ('memprof', 'site taken by a store', 'TAKE_BY_STORE', SITES,
     [(SITE_TAKE, '(atomic_store(&sites->used, number + 1), true)')]),
    ('memprof', 'site given back by a store', 'BACK_BY_STORE', SITES,
     [(SITE_BACK, '(void)next, atomic_store(&sites->used, number)')]),
    ('memprof', 'who was second goes on', 'NO_COMPARE', SITES,
     [('				return mine;\n		}', '				return mine;\n			continue;\n		}')]),
    ('memalloc_depot', 'A1 and A2 relaxed', '', DEPOT,
     [(f'(&d->head, {ACQUIRE})', f'(&d->head, {RELAXED})'),
      (f'| below, {ACQUIRE},\n\t\t{ACQUIRE}', f'| below, {RELAXED},\n\t\t{RELAXED}')]),
    ('memalloc_depot', 'A1 relaxed', '', DEPOT,
     [(f'(&d->head, {ACQUIRE})', f'(&d->head, {RELAXED})'),
      (f'| below, {ACQUIRE},', f'| below, {RELAXED},')]),
    ('memalloc_depot', 'R1 relaxed', 'CHAIN_LATE', DEPOT,
     [(f'(1 + (uint64_t)blocks[0]), {RELEASE}', f'(1 + (uint64_t)blocks[0]), {RELAXED}')]),
    ('memalloc_depot', 'no tag', 'NO_TAG', DEPOT,
     [('((head >> d->bits) + 1) << d->bits', '((head >> d->bits) + 0) << d->bits')]),
    ('memalloc_depot', 'popped by a store', 'POP_BY_STORE', DEPOT,
     [(DEPOT_POP, '(atomic_store(&d->head, ((head >> d->bits) + 1) << d->bits | below), true)')]),
    ('memalloc_depot', 'pushed by a store', 'PUSH_BY_STORE', DEPOT,
     [(DEPOT_PUSH, '(atomic_store(&d->head, (head & ~mask) | (1 + (uint64_t)blocks[0])), true)')]),
    ('memalloc_depot', 'below written when it is on top', 'BELOW_LATE', DEPOT,
     [(DEPOT_BELOW, ''), ('	/* Relaxed: for statistics. */\n	atomic_fetch_add',
                          '	RACE_WINDOW();\n	atomic_store(&d->down[blocks[0]], '
                          '(uint32_t)(head & mask));\n	atomic_fetch_add')]),
    ('memalloc_depot', 'below not read again', 'BELOW_ONCE', DEPOT,
     [(DEPOT_READ, ''), ('	do {\n		first = (uint32_t)(head & mask);\n',
                         '	first = (uint32_t)(head & mask);\n	below = first == 0 ? 0 : '
                         'atomic_load(&d->down[first - 1]);\n	do {\n'
                         '		first = (uint32_t)(head & mask);\n')]),
]


def compile_and_run(folder, name, variant):
    """Whether the stress test of this name fails."""
    dpdk = subprocess.run(['pkg-config', '--cflags', 'libdpdk'], check=True, capture_output=True,
                          text=True).stdout.split()
    folder_of = 'memwatch' if name == 'memprof' else 'memalloc' if name.startswith('memalloc') else 'fastmem'
    sources = [f'test/stress/stress_{name}.c', f'lib/{folder_of}/{name}.c']
    if name == 'memprof':
        sources[1:] = [f'lib/memwatch/memprof_{part}.c' for part in ('sites', 'record', 'list')]
    if name == 'page':
        sources.append(SLAB)
    exe = os.path.join(folder, variant)
    subprocess.run(['cc', '-std=gnu11', '-D_GNU_SOURCE', '-w', *shlex.split(VARIANTS[variant]),
                    *('-I' + os.path.join(folder, f) for f in FOLDERS), *dpdk, '-o', exe,
                    *(os.path.join(folder, s) for s in sources), '-lpthread'], check=True)
    try:
        done = subprocess.run(['setarch', '-R', exe] if variant == 'tsan' else [exe], timeout=60,
                              capture_output=True, check=False,
                              env={**os.environ, 'FASTMEM_STRESS_MS': MS,
                                   'TSAN_OPTIONS': 'halt_on_error=1'})
    except subprocess.TimeoutExpired:
        return 'caught'
    return 'caught' if done.returncode else 'missed'


def plant(folder, path, changes):
    """A copy of the folders with the changes made."""
    for f in FOLDERS:
        os.makedirs(os.path.join(folder, f), exist_ok=True)
        for entry in os.scandir(os.path.join(ROOT, f)):
            if entry.name.endswith(('.c', '.h')):
                with open(entry.path, encoding='utf-8') as file:
                    text = file.read()
                if os.path.join(f, entry.name) == path:
                    for old, new in changes:
                        if text.count(old) != 1:
                            raise ValueError(f'{path}: {text.count(old)} times: {old}')
                        text = text.replace(old, new)
                with open(os.path.join(folder, f, entry.name), 'w', encoding='utf-8') as file:
                    file.write(text)


wrong = 0
for name, what, flag, path, changes in MUTATIONS:
    if len(sys.argv) > 1 and sys.argv[1] not in f'{name}: {what}':
        continue
    with tempfile.TemporaryDirectory() as folder:
        try:
            plant(folder, path, changes)
        except ValueError as error:
            print(f'{name}: {what}: {error}')
            wrong = 1
            continue
        found = [compile_and_run(folder, name, variant) for variant in VARIANTS]
    if ('caught' in found or bool(flag)) != bool(changes):
        wrong = 1
    print(f'{name:8} | {what:40} | ' + ' | '.join(found) + f' | {flag or "-"}', flush=True)
sys.exit(wrong)
