/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_BENCH_LINUX_STAND_IN_H
#define VAS_BENCH_LINUX_STAND_IN_H

/*
 * What the data structures of Linux want of the rest of it, for a program of one thread, at its
 * best: no debug checks, no locks, a slab that is a free list over huge pages, and an RCU whose
 * grace periods are over once a batch is full, as there are no readers. linux.sh gives this file the
 * names of the kernel's own headers.
 */

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "../../cmd/vas/bench_index_pool.h"

/* Words of the language. */
#undef __always_inline
#define __always_inline	   inline __attribute__((always_inline))
#define noinline	   __attribute__((noinline))
#define __must_check	   __attribute__((warn_unused_result))
#define __maybe_unused	   __attribute__((unused))
#define likely(x)	   __builtin_expect(!!(x), 1)
#define unlikely(x)	   __builtin_expect(!!(x), 0)
#define fallthrough	   __attribute__((fallthrough))
#define barrier()	   __asm__ volatile("" ::: "memory")
#define prefetch(at)	   __builtin_prefetch(at)
#define READ_ONCE(x)	   (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, new) (*(volatile __typeof__(x) *)&(x) = (new))
#define BUILD_BUG_ON(x)	   _Static_assert(!(x), #x)
#define ARRAY_SIZE(array)  (sizeof(array) / sizeof((array)[0]))
#define __init
#define __rcu
#define __user
#define __force
#define __acquires(lock)
#define __releases(lock)
#define __must_hold(lock)
#define __bitwise
#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]
#define MAX_ERRNO		   4095
#define EXPORT_SYMBOL(name)
#define EXPORT_SYMBOL_GPL(name)
#define container_of(at, type, member) ((type *)((char *)(at)-offsetof(type, member)))
#define __ALIGN_KERNEL(x, to)	       (((x) + (to)-1) & ~((__typeof__(x))(to)-1))
#define ALIGN(x, to)		       __ALIGN_KERNEL(x, to)
#define BIT(n)			       (1ul << (n))
#define BITS_PER_LONG		       64
#define DIV_ROUND_UP(x, by)	       (((x) + (by)-1) / (by))
#define BITS_TO_LONGS(bits)	       DIV_ROUND_UP(bits, 64)
#define min(a, b)		       ((a) < (b) ? (a) : (b))
#define max(a, b)		       ((a) > (b) ? (a) : (b))
#define min_t(type, a, b)	       min((type)(a), (type)(b))
#define max_t(type, a, b)	       max((type)(a), (type)(b))
#define swap(a, b)                                                                                 \
	do {                                                                                       \
		__typeof__(a) held = (a);                                                          \
		(a) = (b);                                                                         \
		(b) = held;                                                                        \
	} while (0)

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef unsigned int gfp_t;
struct list_head {
	struct list_head *next, *prev;
};

static inline unsigned long __ffs(unsigned long word)
{
	return (unsigned long)__builtin_ctzl(word);
}

/* In declarations only. */
unsigned long find_next_bit(const unsigned long *words, unsigned long bits, unsigned long from);

/* Nothing is checked, nothing is said. */
#define BUG()		    __builtin_trap()
#define BUG_ON(x)	    ((void)sizeof(x))
#define VM_BUG_ON(x)	    ((void)sizeof(x))
#define WARN_ON(x)	    (!!(x))
#define WARN_ON_ONCE(x)	    (!!(x))
#define pr_err(...)	    ((void)0)
#define pr_info(...)	    ((void)0)
#define pr_cont(...)	    ((void)0)
#define pr_warn(...)	    ((void)0)
#define dump_stack()	    ((void)0)
#define trace_ma_op(...)    ((void)0)
#define trace_ma_read(...)  ((void)0)
#define trace_ma_write(...) ((void)0)
#define might_alloc(flags)  ((void)0)
#define IS_ENABLED(option)  0

/* No one else is here. x86 needs no fences for loads and stores in order. */
typedef struct {
} spinlock_t;
struct lock_class_key {
};
#define __SPIN_LOCK_UNLOCKED(name)                                                                 \
	{                                                                                          \
	}
#define spin_lock_init(lock)			     ((void)(lock))
#define spin_lock(lock)				     ((void)(lock))
#define spin_unlock(lock)			     ((void)(lock))
#define spin_trylock(lock)			     ((void)(lock), 1)
#define spin_lock_bh(lock)			     ((void)(lock))
#define spin_unlock_bh(lock)			     ((void)(lock))
#define spin_lock_irq(lock)			     ((void)(lock))
#define spin_unlock_irq(lock)			     ((void)(lock))
#define spin_lock_nested(lock, class)		     ((void)(lock))
#define spin_lock_bh_nested(lock, class)	     ((void)(lock))
#define spin_lock_irq_nested(lock, class)	     ((void)(lock))
#define spin_lock_irqsave(lock, flags)		     ((void)(lock), (void)(flags))
#define spin_lock_irqsave_nested(lock, flags, class) ((void)(lock), (void)(flags))
#define spin_unlock_irqrestore(lock, flags)	     ((void)(lock), (void)(flags))
#define lock_is_held(lock)			     1
#define lockdep_is_held(lock)			     1
#define smp_rmb()				     barrier()
#define smp_wmb()				     barrier()
#define smp_mb()				     __atomic_thread_fence(__ATOMIC_SEQ_CST)

/* Slabs: of one size each, as a program has one kind of node. */
#define GFP_KERNEL		       1u
#define GFP_NOWAIT		       2u
#define __GFP_NOWARN		       4u
#define __GFP_ZERO		       8u
#define __GFP_BITS_SHIFT	       26
#define SLAB_PANIC		       0
#define gfpflags_allow_blocking(flags) (((flags)&GFP_KERNEL) != 0)

struct kmem_cache {
	struct bench_pool pool;
	size_t bytes;
	size_t live; /* blocks that are not in the pool */
};

static inline struct kmem_cache *kmem_cache_create(const char *name, size_t bytes, size_t align,
						   unsigned int flags, void (*make)(void *))
{
	static struct kmem_cache only;

	(void)name;
	(void)align;
	(void)flags;
	(void)make;
	only.bytes = bytes;
	return &only;
}

static inline void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t flags)
{
	void *block = bench_pool_get(&cache->pool, cache->bytes);

	if (block == NULL)
		return NULL;
	cache->live++;
	return (flags & __GFP_ZERO) != 0 ? memset(block, 0, cache->bytes) : block;
}

static inline void kmem_cache_free(struct kmem_cache *cache, void *block)
{
	cache->live--;
	bench_pool_put(&cache->pool, block, cache->bytes);
}

/* All or none. */
static inline int kmem_cache_alloc_bulk(struct kmem_cache *cache, gfp_t flags, size_t count,
					void **blocks)
{
	for (size_t i = 0; i < count; i++) {
		blocks[i] = kmem_cache_alloc(cache, flags);
		if (blocks[i] != NULL)
			continue;
		while (i-- != 0)
			kmem_cache_free(cache, blocks[i]);
		return 0;
	}
	return (int)count;
}

static inline void kmem_cache_free_bulk(struct kmem_cache *cache, size_t count, void **blocks)
{
	for (size_t i = 0; i < count; i++)
		kmem_cache_free(cache, blocks[i]);
}

/* Read-copy-update. What is freed waits until there is a batch of it. */
#define RCU_BATCH 256

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
};

static struct rcu_head *rcu_waiting;
static size_t rcu_count;

static inline void rcu_flush(void)
{
	struct rcu_head *head = rcu_waiting, *next;

	rcu_waiting = NULL;
	rcu_count = 0;
	for (; head != NULL; head = next) {
		next = head->next;
		head->func(head);
	}
}

static inline void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
	head->func = func;
	head->next = rcu_waiting;
	rcu_waiting = head;
	if (++rcu_count == RCU_BATCH)
		rcu_flush();
}

#define rcu_read_lock()			 barrier()
#define rcu_read_unlock()		 barrier()
#define rcu_assign_pointer(at, value)	 __atomic_store_n(&(at), (value), __ATOMIC_RELEASE)
#define RCU_INIT_POINTER(at, value)	 WRITE_ONCE(at, value)
#define rcu_dereference(at)		 READ_ONCE(at)
#define rcu_dereference_raw(at)		 READ_ONCE(at)
#define rcu_dereference_check(at, c)	 READ_ONCE(at)
#define rcu_dereference_protected(at, c) (at)
#define rcu_access_pointer(at)		 READ_ONCE(at)

#endif
