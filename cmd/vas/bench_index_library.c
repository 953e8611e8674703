/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The designs of libvas in `vas bench index`. */

#define PEER_CREATED(index) ((void)(index))

#include "bench_index_vas.h"
#include "bench_index_work.h"

bool bench_run(const struct bench_world *world, const char *design, uint32_t wanted,
	       struct bench_result *result)
{
	return bench_work(world, design, wanted, result);
}
