/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_BENCH_INDEX_PEER_H
#define VAS_BENCH_INDEX_PEER_H

/*
 * What ends a plug-in for `vas bench index --peer`: after its operations it includes this, and
 * says PEER_TABLE(name, source). cmd/vas/bench_index_work.h lists the operations.
 */

#include "../../cmd/vas/bench_index_work.h"

#define PEER_TEXT(text)	 #text
#define PEER_VALUE(text) PEER_TEXT(text)

/* The build says with what options; see scripts beside this. */
#ifndef PEER_FLAGS
#define PEER_FLAGS
#endif
#if defined(__clang__)
#define PEER_COMPILER __VERSION__ " " PEER_VALUE(PEER_FLAGS)
#else
#define PEER_COMPILER "gcc " __VERSION__ " " PEER_VALUE(PEER_FLAGS)
#endif

#ifdef __cplusplus
#define PEER_EXPORT extern "C" __attribute__((visibility("default")))
#else
#define PEER_EXPORT __attribute__((visibility("default")))
#endif

static bool peer_run(const struct bench_world *world, uint32_t wanted, struct bench_result *result)
{
	return bench_work(world, NULL, wanted, result);
}

#define PEER_TABLE(name, source)                                                                   \
	PEER_EXPORT const struct bench_peer vas_peer_index;                                        \
	const struct bench_peer vas_peer_index = {                                                 \
		BENCH_PEER_VERSION, name, source, PEER_COMPILER, PEER_LACKS, peer_run,             \
	};

#endif
