/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * libvas's own B-tree with the instruction set BTREE_SET (portable, avx2 or avx512) instead of the
 * best that the processor has: compiled with the library's sources, called as a program calls them.
 */

#include "tree/btree.h"

#define JOIN(a, b, c)	    a##b##c
#define OPS_OF(set)	    JOIN(vas_btree_, set, _ops)
#define PEER_CREATED(index) ((index)->ops = &OPS_OF(BTREE_SET))

#include "../../cmd/vas/bench_index_vas.h"

#include "index_peer.h"

PEER_TABLE("btree:" PEER_VALUE(BTREE_SET), "libvas")
