/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * An index by itself, without a space: ordered ranges, and the search for a gap among them. The
 * two fits differ where a hole is just large enough for an aligned piece: Linux asks for
 * length + alignment - 1 bytes and so does not see it.
 *
 *	   0x10000    0x20000    0x30000    0x40000
 *	   |A A A A A|..........|B B B B B|
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <vas/index.h>

/* An intrusive design keeps its links in front of the range: the bytes belong to one block. */
static struct vas_range *new_range(uint64_t start, uint64_t end)
{
	size_t links = vas_index_link_bytes(NULL);
	char *block = malloc(links + sizeof(struct vas_range));
	struct vas_range *range;

	if (block == NULL)
		exit(1);
	range = (struct vas_range *)(void *)(block + links);
	*range = (struct vas_range){ start, end };
	return range;
}

static void free_range(struct vas_range *range)
{
	free((char *)range - vas_index_link_bytes(NULL));
}

static void search(struct vas_index *index, const char *title, struct vas_gap gap)
{
	uint64_t address;

	gap.low = 0x10000;
	gap.high = 0x80000;
	if (vas_index_gap(index, &gap, &address))
		printf("%s: %#" PRIx64 "\n", title, address);
	else
		printf("%s: none\n", title);
}

int main(void)
{
	struct vas_range *a = new_range(0x10000, 0x20000), *b = new_range(0x30000, 0x40000);
	const struct vas_range *found;
	struct vas_index *index;

	if (vas_index_create(NULL, &vas_libc_allocator, &index) != 0 ||
	    vas_index_reserve(index, 2) != 0)
		return 1;
	vas_index_insert(index, b);
	vas_index_insert(index, a);

	found = vas_index_find_ge(index, 0x20000);
	printf("first range that ends above 0x20000: %#" PRIx64 "\n", found->start);

	search(index, "lowest 0x10000 bytes",
	       (struct vas_gap){ .length = 0x10000, .direction = VAS_BOTTOM_UP });
	search(index, "highest 0x10000 bytes",
	       (struct vas_gap){ .length = 0x10000, .direction = VAS_TOP_DOWN });
	search(index, "lowest, aligned to 0x10000, as Linux",
	       (struct vas_gap){ .length = 0x10000, .align = 0x10000, .fit = VAS_FIT_LINUX });
	search(index, "lowest, aligned to 0x10000, exactly",
	       (struct vas_gap){ .length = 0x10000, .align = 0x10000, .fit = VAS_FIT_EXACT });

	vas_index_erase(index, a);
	vas_index_erase(index, b);
	vas_index_destroy(index);
	free_range(a);
	free_range(b);
	return 0;
}
