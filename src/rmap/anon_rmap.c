/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* All anonymous designs, and how to find one by its name. */

#include "anon_designs.h"

#include "base/text.h"

static const struct vas_anon_rmap_design *const designs[] = {
	&vas_anon_vma_chain_design, &vas_anon_vma_design,     &vas_private_ring_design,
	&vas_area_inode_design,	    &vas_space_inode_design,  &vas_anonmm_design,
	&vas_anonmm_copy_design,    &vas_family_index_design, &vas_family_index_32_design,
	&vas_pte_chain_design,	    &vas_lineage_design,      NULL,
};

const struct vas_anon_rmap_design *const *vas_anon_rmap_designs(void)
{
	return designs;
}

const struct vas_anon_rmap_design *vas_anon_rmap_find(const char *name)
{
	if (name == NULL)
		return designs[0];
	for (size_t i = 0; designs[i] != NULL; i++)
		if (vas_text_equal(designs[i]->name, name))
			return designs[i];
	return NULL;
}
