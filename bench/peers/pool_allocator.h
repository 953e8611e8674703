/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_PEERS_POOL_ALLOCATOR_H
#define BENCH_PEERS_POOL_ALLOCATOR_H

/* The pool of `vas bench index` as an allocator of C++: one for all containers of a plug-in. */

#include <new>

#include "../../cmd/vas/bench_index_pool.h"

static struct bench_pool peer_pool;
/* Bytes that are out of it, in whole cache lines as it gives them. */
static size_t peer_pool_used;

template <class T> struct pool_allocator {
	typedef T value_type;

	pool_allocator() = default;

	template <class U> pool_allocator(const pool_allocator<U> &)
	{
	}

	static size_t lines(size_t count)
	{
		return (count * sizeof(T) + BENCH_LINE - 1) / BENCH_LINE * BENCH_LINE;
	}

	T *allocate(size_t count)
	{
		void *at = bench_pool_get(&peer_pool, count * sizeof(T));

		if (at == NULL)
			throw std::bad_alloc();
		peer_pool_used += lines(count);
		return (T *)at;
	}

	void deallocate(T *at, size_t count)
	{
		bench_pool_put(&peer_pool, at, count * sizeof(T));
		peer_pool_used -= lines(count);
	}
};

template <class T, class U>
static inline bool operator==(const pool_allocator<T> &, const pool_allocator<U> &)
{
	return true;
}

template <class T, class U>
static inline bool operator!=(const pool_allocator<T> &, const pool_allocator<U> &)
{
	return false;
}

#endif
