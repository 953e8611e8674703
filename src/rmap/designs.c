/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include <vas/rmap.h>

static const struct vas_anon_rmap_design designs[] = {
	{ "anon-vma-chain", "Rik van Riel; Linux since 2.6.34", 2010,
	  &vas_anon_vma_chain_listener },
	{ NULL, NULL, 0, NULL },
};

const struct vas_anon_rmap_design *vas_anon_rmap_designs(void)
{
	return designs;
}
