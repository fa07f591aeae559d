/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Model of lib/fastmem/magazine.c: workers push chains of one or two magazines, of one block each,
 * on a shelf and pop them. Three magazines, three blocks, and a shelf of two words.
 *
 * An aim is any chain of the right kind anywhere: more than a thread can ever have seen. How many
 * full and empty chains there may be is left open: either may happen at any time.
 *
 * Run: spin -a magazine.pml && cc -O2 -DSAFETY -o pan pan.c && ./pan -m3000000  (no error expected)
 *      spin -DWORKERS=3 -DMAGS=2 -DBLOCKS=2 ...          more workers
 *      spin -DBLOCKS=2 ... && cc -O2 -DNP ... && ./pan -l   no cycle in which nobody gets on
 * No generation is in a word, as there is none in the code: it need not be. That a word goes and
 * comes back between somebody's look and compare-and-swap does happen here:
 *      -DNO_ABA            claims that it does not, and must be refuted
 * Planted defects, each of which must be found:
 *      -DTAKE_BY_STORE     a word is taken by a store
 *      -DTRUST_AIM         what is aimed at is taken without a compare-and-swap
 *      -DANY_KIND          an aim's word is believed to be of the right kind
 *      -DREAD_FIRST        blocks are read before the word is taken (A2 made relaxed): that would
 *                          need a generation
 *      -DWRITE_FIRST       blocks are written before the word is taken
 *      -DWRITE_UNCLAIMED   ... before the magazines are claimed
 *      -DFULL_EARLY        a chain is full before its blocks are written (R2 made relaxed)
 *      -DEMPTY_EARLY       ... is empty before they are read (R2 made relaxed)
 *      -DFREE_EARLY        ... is free before they are read (R1 made relaxed)
 *      -DCLAIM_BY_STORE    magazines are claimed by a store
 *      -DFREE_BY_STORE     ... freed by a store
 *      -DCLAIM_PART        the first magazine of a chain is claimed alone
 *      -DFREE_PART         ... is freed alone
 *      -DCLAIM_HALF_FREE   a chain is claimed whose first magazine alone is free
 *      -DSHORT_EMPTY       a chain that is emptied counts as one magazine
 *      -DLONG_EMPTY        ... as two
 *      -DANY_LENGTH        blocks are put in an empty chain whatever its length
 *      -DFREE_AND_EMPTY    a chain that was freed stays on the shelf
 *      -DKEEP_TAKEN        the word stays taken when there is no magazine
 *      -DWAIT              a word that is taken is waited for; with -DNP
 * Sequentially consistent, so what an order permits is planted as the steps' exchange.
 */
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef WORDS
#define WORDS	2
#endif
#ifndef MAGS
#define MAGS	3
#endif
#ifndef BLOCKS
#define BLOCKS	3
#endif
#define NONE	255

/* A word: vacant, taken, or a chain of n magazines (1 or 2) from magazine m on. */
#define TAKEN		1
#define full(m, n)	(2 + 2 * (m) + (n) - 1)
#define empty(m, n)	(2 + 2 * MAGS + 2 * (m) + (n) - 1)
#define is_full(w)	((w) >= 2 && (w) < 2 + 2 * MAGS)
#define is_empty(w)	((w) >= 2 + 2 * MAGS)
#define first_of(w)	((((w) - 2) / 2) % MAGS)
#define length_of(w)	(((w) - 2) % 2 + 1)

#define mask_of(m, n)	(((n) == 2 -> 3 : 1) << (m))

byte shelf[WORDS], block[MAGS];
byte free;

/* Who has what, which nothing of the code knows. */
byte in_hand = 0;	/* bit b: a worker has block b */
byte owner[MAGS];	/* a worker, 0: nobody */
#ifdef NO_ABA
byte seen_at[WORKERS + 1] = NONE;	/* the word that a worker is about to take, */
bool moved[WORKERS + 1];	/* which another took or put meanwhile */
#endif

inline moves(a)
{
#ifdef NO_ABA
	for (k : 1 .. WORKERS) {
		moved[k] = (moved[k] || (seen_at[k] == a && k != _pid))
	}
	k = 0
#else
	skip
#endif
}

inline see(a)
{
#ifdef NO_ABA
	atomic { seen_at[_pid] = a; moved[_pid] = false }
#else
	skip
#endif
}

inline own(m, n)
{
	assert(owner[m] == 0);
	owner[m] = _pid;
	if
	:: n == 2 -> assert(owner[m + 1] == 0); owner[m + 1] = _pid
	:: else
	fi
}

inline disown(m, n)
{
	assert(owner[m] == _pid);
	owner[m] = 0;
	if
	:: n == 2 -> assert(owner[m + 1] == _pid); owner[m + 1] = 0
	:: else
	fi
}

/* `yes`: the word at `at` was `word`, unless taken `blindly`, and is ours now with its chain. */
inline shelf_take(blindly)
{
	atomic {
		yes = false;
		if
		:: shelf[at] == word || (blindly) ->
#ifdef NO_ABA
			assert(!moved[_pid]);
#endif
			shelf[at] = TAKEN;
			moves(at);
			if
			:: word >= 2 -> own(first_of(word), length_of(word))
			:: else
			fi;
			yes = true
		:: else
		fi;
#ifdef NO_ABA
		seen_at[_pid] = NONE; moved[_pid] = false
#endif
	}
}

inline shelf_put(with)
{
	atomic {
		assert(shelf[at] == TAKEN);
		if
		:: with >= 2 -> disown(first_of(with), length_of(with))
		:: else
		fi;
		shelf[at] = with;
		moves(at)
	}
}

#ifdef CLAIM_HALF_FREE
#define two_free(m)	(bits & (1 << (m)))
#else
#define two_free(m)	((bits & (3 << (m))) == 3 << (m))
#endif
#if MAGS > 3
#define two_at_2	two_free(2)
#else
#define two_at_2	false
#endif

/* mag: the first of n magazines, NONE: there are none. */
inline mags_claim()
{
	bits = free;
	do
	:: (n == 1 && bits == 0) || (n == 2 && !two_free(0) && !two_at_2) -> mag = NONE; break
	:: else ->
		mag = (n == 2 -> (two_free(0) -> 0 : 2) :
			(bits & 1 -> 0 : (bits & 2 -> 1 : (bits & 4 -> 2 : 3))));
#ifdef WRITE_UNCLAIMED
		write();
#endif
		atomic {
			if
#ifndef CLAIM_BY_STORE
			:: free != bits -> bits = free
			:: else ->
#else
			:: true ->
#endif
#ifdef CLAIM_PART
				free = bits & ~(1 << mag);
#else
				free = bits & ~mask_of(mag, n);
#endif
				own(mag, n);
				break
			fi
		}
	od;
	bits = 0
}

inline mags_free()
{
#ifdef FREE_BY_STORE
	bits = free;
#endif
	atomic {
		disown(mag, n);
#ifdef FREE_BY_STORE
		free = bits | mask_of(mag, n);
		bits = 0
#else
#ifdef FREE_PART
		free = free | 1 << mag
#else
		free = free | mask_of(mag, n)
#endif
#endif
	}
}

inline write()
{
	block[mag] = one;
	if
	:: n == 2 -> block[mag + 1] = two
	:: else
	fi
}

#ifndef READ_FIRST
#define clear(m)	block[m] = 0	/* for fewer states */
#else
#define clear(m)	skip
#endif

inline read()
{
	atomic { one = block[mag]; clear(mag) }
	if
	:: n == 2 -> atomic { two = block[mag + 1]; clear(mag + 1) }
	:: else -> two = 0
	fi
}

/*
 * Take what an aim says: any place, and any chain there that is wanted. In one step, since an aim
 * that fails leaves nothing, and one that does not might have been chosen just before.
 */
inline take_aimed(wanted)
{
	atomic {
		select(at : 0 .. WORDS - 1);
		select(mag : 0 .. MAGS - n);
		word = (n == 2 && mag % 2 != 0 -> 0 : wanted);
#ifdef ANY_KIND
		select(word : 1 .. 1 + 4 * MAGS);
#endif
		if
		:: word == 0
#ifdef TRUST_AIM
		:: word != 0 -> shelf_take(true)
#else
		:: word != 0 -> shelf_take(false)
#endif
		fi;
		if
		:: yes -> mag = first_of(word)
		:: else -> mag = 0; at = 0
		fi;
		word = 0
	}
}

/* The first word that is right, of those from the first on, each by the time it was there. */
inline look(right)
{
	at = 0;
	do
	:: at == WORDS -> word = 0; at = NONE; break
	:: else ->
		atomic {
			word = shelf[at];
			see(at);
			if
			:: right -> break
#ifdef WAIT
			:: !(right) && word == TAKEN
			:: !(right) && word != TAKEN -> at++
#else
			:: else -> at++
#endif
			fi
		}
	od
}

#ifdef ANY_LENGTH
#define to_fill		empty(mag, 3 - n)
#else
#define to_fill		empty(mag, n)
#endif

/* A word that was vacant by the time of some look, and a chain for it. */
inline take_vacant()
{
	atomic { select(at : 0 .. WORDS - 1); word = 0; shelf_take(false) }
	if
	:: yes ->
		mags_claim();
		if
		:: mag == NONE ->
			yes = false;
#ifndef KEEP_TAKEN
			shelf_put(0)
#endif
		:: else
		fi
	:: else
	fi
}

/* n blocks, one and two; they stay in the hand if the depot is full. */
inline push()
{
	if
	:: take_aimed(to_fill)
	:: take_vacant()
#ifdef WRITE_FIRST
	:: look(is_empty(word) && length_of(word) == n);
		if
		:: at != NONE -> mag = first_of(word); write(); shelf_take(false)
		:: else
		fi
#endif
	fi;
	if
	:: yes ->
		atomic {
			hand = hand & ~(1 << one | 1 << two);
			in_hand = in_hand & ~(1 << one | 1 << two)
		}
#ifdef FULL_EARLY
		shelf_put(full(mag, n));
#endif
		write();
#ifndef FULL_EARLY
		shelf_put(full(mag, n))
#else
		skip
#endif
	:: else
	fi
}

inline pop()
{
	if
#ifndef READ_FIRST
	:: n = 1; take_aimed(full(mag, n))
	:: n = 2; take_aimed(full(mag, n))
#endif
	:: true
	fi;
	do
	:: yes -> break
	:: !yes ->
		look(is_full(word));
		if
		:: at == NONE -> break
		:: else
		fi;
		atomic { mag = first_of(word); n = length_of(word) }
#ifdef READ_FIRST
		read();
#endif
#ifdef TAKE_BY_STORE
		shelf_take(true)
#else
		shelf_take(false)
#endif
	od;
	if
	:: yes -> empty_chain()
	:: else
	fi
}

inline got()
{
	atomic {
		assert(one != 0 && (in_hand & 1 << one) == 0);
		in_hand = in_hand | 1 << one;
		assert(n == 1 || (two != 0 && (in_hand & 1 << two) == 0));
		in_hand = in_hand | (n == 2 -> 1 << two : 0);
		hand = hand | 1 << one | (n == 2 -> 1 << two : 0)
	}
}

inline empty_chain()
{
#if !defined(READ_FIRST) && !defined(EMPTY_EARLY) && !defined(FREE_EARLY)
	read();
#endif
	if
	:: true ->
#ifdef EMPTY_EARLY
		shelf_put(empty(mag, n));
		read();
#else
#ifdef FREE_EARLY
		read();
#endif
#ifdef SHORT_EMPTY
		shelf_put(empty(mag, 1))
#else
#ifdef LONG_EMPTY
		shelf_put(empty(mag, 2))
#else
		shelf_put(empty(mag, n))
#endif
#endif
#endif
	:: true ->
#ifdef EMPTY_EARLY
		read();
#endif
		mags_free();
#ifdef FREE_EARLY
		read();
#endif
#ifdef FREE_AND_EMPTY
		shelf[at] = empty(mag, n)
#else
		shelf_put(0)
#endif
	fi;
	got()
}

#define has(b)	((hand & 1 << (b)) != 0)

proctype worker(byte hand)
{
	byte one, two, at, word, n, mag, bits, k;
	bool yes;

progress:
	do
	:: atomic {
		at = 0; word = 0; n = 0; mag = 0; yes = false; one = 0; two = 0;
		if
		:: hand != 0 ->
			select(one : 1 .. BLOCKS);
			select(two : 0 .. BLOCKS);
			if
			:: has(one) && (two == 0 || (two > one && has(two))) ->
				n = (two == 0 -> 1 : 2)
			:: else -> one = 0; two = 0	/* another pop instead */
			fi
		:: true
		:: break
		fi
	   }
	   if
	   :: n != 0 -> push()
	   :: else -> pop()
	   fi
	od
}

init {
	byte i, j, n;

	atomic {
		/* As fm_depot_add() leaves it; one worker has all blocks. */
		free = (1 << MAGS) - 1;
		in_hand = (1 << (BLOCKS + 1)) - 2;
		run worker(in_hand);
		for (i : 2 .. WORKERS) {
			run worker(0)
		}
		i = 0
	}
	_nr_pr == 1;
	atomic {
		for (i : 1 .. BLOCKS) {
			n = in_hand >> i & 1;
			for (j : 0 .. WORDS - 1) {
				if
				:: is_full(shelf[j]) ->
					n = n + (block[first_of(shelf[j])] == i -> 1 : 0);
					n = n + (length_of(shelf[j]) == 2 &&
						block[first_of(shelf[j]) + 1] == i -> 1 : 0)
				:: else
				fi
			}
			assert(n == 1)
		}
		for (i : 0 .. MAGS - 1) {
			n = free >> i & 1;
			for (j : 0 .. WORDS - 1) {
				assert(shelf[j] != TAKEN);
				n = n + (shelf[j] >= 2 && i >= first_of(shelf[j]) &&
					i < first_of(shelf[j]) + length_of(shelf[j]) -> 1 : 0)
			}
			assert(n == 1)
		}
	}
}
