/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_PEERS_BY_INSERTS_H
#define BENCH_PEERS_BY_INSERTS_H

/* Changes of several areas, for structures that only insert and erase: after peer_insert,
 * peer_erase and peer_gap. */

static bool peer_map(struct peer *peer, const struct vas_gap *gap, struct vas_range *range)
{
	if (!peer_gap(peer, gap, &range->start))
		return false;
	range->end = range->start + gap->length;
	peer_insert(peer, range);
	return true;
}

static inline void peer_split(struct peer *peer, struct vas_range *low, struct vas_range *high,
			      uint64_t at)
{
	*high = (struct vas_range){ at, low->end };
	low->end = at;
	peer_insert(peer, high);
}

static inline void peer_merge(struct peer *peer, struct vas_range *low, struct vas_range *middle,
			      struct vas_range *high)
{
	peer_erase(peer, middle);
	peer_erase(peer, high);
	low->end = high->end;
}

static void peer_copy(struct peer *to, struct peer *from, struct vas_range *const *ranges, size_t n)
{
	(void)from;
	for (size_t i = 0; i < n && !to->no_memory; i++)
		peer_insert(to, ranges[i]);
}

#endif
