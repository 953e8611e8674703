/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_FAULTS_PAGEMAP_H
#define VAS_FAULTS_PAGEMAP_H

/* Which anonymous pages of a space are new since the last look, where no event tells. */

#include <stdint.h>
#include <sys/types.h>

struct pagemap;

/* Never NULL: ends the recorder when memory is short. `from` is copied, or NULL for empty. */
struct pagemap *pagemap_create(const struct pagemap *from);
void pagemap_free(struct pagemap *pagemap); /* NULL is allowed */

/*
 * Looks at the space of a stopped thread and calls `each`, unless it is NULL, for every page
 * that was not there at the last look. `access` is 'w' when the page was surely written, '?' when
 * it may be the zero page that a read leaves.
 *  => 0, or a negative error number when the pagemap cannot be read
 */
typedef void pagemap_fn(void *context, uint64_t address, char access);
int pagemap_scan(struct pagemap *pagemap, pid_t tid, pagemap_fn *each, void *context);

#endif
