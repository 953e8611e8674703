/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_BASE_LOCK_H
#define VAS_BASE_LOCK_H

/*
 * Locks, one word each, that may stand in any memory and are free when zero. A waiter spins for a
 * moment, then lets others run: vas_pause in libc.c, which an embedder without a C library brings.
 *
 * Every lock has a rank. A thread takes locks in rising ranks only; with VAS_CHECKS >= 1 this is
 * asserted, for all ranks but those of tables, of which a fork holds two. docs/locking.md draws the
 * order.
 *
 * A struct vas_shared_lock is for many readers and few writers: each reader raises a count in a
 * cache line that few others use, so that readers do not wait for each other's lines; a writer
 * waits for all of them.
 */

#include <vas/base.h>

enum vas_rank {
	VAS_RANK_SPACE = 1, /* of a space: held shared by faults, alone by calls */
	VAS_RANK_PAGE,	    /* of a page, in its flags */
	VAS_RANK_OBJECT,    /* of an object: its pages, its size, its file map */
	VAS_RANK_RMAP,	    /* of an anonymous reverse map: a family, or the whole instance */
	VAS_RANK_WALK,	    /* of a pmap: its tables are not freed meanwhile */
	VAS_RANK_TABLE,	    /* of a last-level table's entries */
	VAS_RANK_CHAIN,	    /* of a page's chain of entries */
	VAS_RANK_SWAP,	    /* of a swap slot */
	VAS_RANK_LEAF,	    /* whatever takes no other below it: lists, counters, caches */
	VAS_RANKS,
};

struct vas_mutex {
	uint32_t word; /* 0 free, 1 taken */
};

/* A figure that threads add to, and that is aligned as 64-bit atomics want it on 32 bits, too. */
typedef uint64_t vas_counter __attribute__((aligned(8)));

/* One round of waiting: first a few instructions, later the processor is given away. */
void vas_pause(unsigned *rounds);

/* What the thread holds, in debug builds; a thread is known by libc.c. */
void vas_rank_take(enum vas_rank rank, bool tried);
void vas_rank_drop(enum vas_rank rank);
bool vas_rank_held(enum vas_rank rank);

#ifndef VAS_CHECKS
#define VAS_CHECKS 0
#endif

#if VAS_CHECKS >= 1 && __STDC_HOSTED__
#define VAS_RANK_TAKE(rank, tried) vas_rank_take(rank, tried)
#define VAS_RANK_DROP(rank)	   vas_rank_drop(rank)
#else
#define VAS_RANK_TAKE(rank, tried) ((void)(rank))
#define VAS_RANK_DROP(rank)	   ((void)(rank))
#endif

static inline bool vas_mutex_trylock(struct vas_mutex *mutex, enum vas_rank rank)
{
	uint32_t free = 0;

	if (!__atomic_compare_exchange_n(&mutex->word, &free, 1, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return false;
	VAS_RANK_TAKE(rank, true);
	return true;
}

static inline void vas_mutex_lock(struct vas_mutex *mutex, enum vas_rank rank)
{
	unsigned rounds = 0;

	VAS_RANK_TAKE(rank, false);
	while (__atomic_exchange_n(&mutex->word, 1, __ATOMIC_ACQUIRE) != 0) {
		do
			vas_pause(&rounds);
		while (__atomic_load_n(&mutex->word, __ATOMIC_RELAXED) != 0);
	}
}

static inline void vas_mutex_unlock(struct vas_mutex *mutex, enum vas_rank rank)
{
	VAS_RANK_DROP(rank);
	__atomic_store_n(&mutex->word, 0, __ATOMIC_RELEASE);
}

#define VAS_SHARED_SLOTS 8

/* Each count stands two lines from the next, so that no two share one, wherever the lock lies. */
struct vas_shared_lock {
	struct {
		uint32_t readers;
		uint32_t padding[31];
	} slots[VAS_SHARED_SLOTS];
	struct vas_mutex writer;
	uint32_t writing;
};

/* A number of the calling thread, below VAS_SHARED_SLOTS: where its stack lies. */
static inline unsigned vas_thread_slot(void)
{
	uintptr_t stack = (uintptr_t)__builtin_frame_address(0) >> 16;

	return (unsigned)((stack * UINT32_C(0x9e3779b1)) >> 16) % VAS_SHARED_SLOTS;
}

/* Returns the slot, to be handed to the unlock. */
static inline unsigned vas_shared_lock_read(struct vas_shared_lock *lock)
{
	unsigned slot = vas_thread_slot(), rounds = 0;
	uint32_t *readers = &lock->slots[slot].readers;

	VAS_RANK_TAKE(VAS_RANK_SPACE, false);
	for (;;) {
		__atomic_add_fetch(readers, 1, __ATOMIC_SEQ_CST);
		if (__builtin_expect(__atomic_load_n(&lock->writing, __ATOMIC_SEQ_CST) == 0, 1))
			return slot;
		__atomic_sub_fetch(readers, 1, __ATOMIC_RELEASE);
		while (__atomic_load_n(&lock->writing, __ATOMIC_RELAXED) != 0)
			vas_pause(&rounds);
	}
}

static inline void vas_shared_unlock_read(struct vas_shared_lock *lock, unsigned slot)
{
	VAS_RANK_DROP(VAS_RANK_SPACE);
	__atomic_sub_fetch(&lock->slots[slot].readers, 1, __ATOMIC_RELEASE);
}

static inline void vas_shared_lock_write(struct vas_shared_lock *lock)
{
	unsigned rounds = 0;

	vas_mutex_lock(&lock->writer, VAS_RANK_SPACE);
	__atomic_store_n(&lock->writing, 1, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < VAS_SHARED_SLOTS; i++) {
		while (__atomic_load_n(&lock->slots[i].readers, __ATOMIC_SEQ_CST) != 0)
			vas_pause(&rounds);
	}
}

static inline void vas_shared_unlock_write(struct vas_shared_lock *lock)
{
	__atomic_store_n(&lock->writing, 0, __ATOMIC_RELEASE);
	vas_mutex_unlock(&lock->writer, VAS_RANK_SPACE);
}

#endif
