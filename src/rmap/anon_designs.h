/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_RMAP_ANON_DESIGNS_H
#define VAS_SRC_RMAP_ANON_DESIGNS_H

/* The tables of all anonymous designs, for the front and its tests: each is in the file of its
 * name. */

#include <vas/anon_rmap.h>

extern const struct vas_anon_rmap_design vas_anon_vma_chain_design;
extern const struct vas_anon_rmap_design vas_anon_vma_design;
extern const struct vas_anon_rmap_design vas_private_ring_design;
extern const struct vas_anon_rmap_design vas_area_inode_design;
extern const struct vas_anon_rmap_design vas_space_inode_design;
extern const struct vas_anon_rmap_design vas_anonmm_design;
extern const struct vas_anon_rmap_design vas_anonmm_copy_design;
extern const struct vas_anon_rmap_design vas_family_index_design;
extern const struct vas_anon_rmap_design vas_family_index_32_design;
extern const struct vas_anon_rmap_design vas_lineage_design;
extern const struct vas_anon_rmap_design vas_pte_chain_design;

#endif
