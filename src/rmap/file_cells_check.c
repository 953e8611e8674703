/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The figures and the validator of the design `cells`. */

#include "base/bits.h"
#include "base/print.h"
#include "file_cells.h"
#include "file_designs.h"

static const struct cells_map *map_of(const struct vas_file_map *map)
{
	return (const struct cells_map *)map;
}

/* Of the array, or of the chunk and all older ones. */
static size_t pack_bytes(struct cells_pack *pack)
{
	size_t bytes = 0;

	for (; pack->wide && cells_chunk(pack)->older != NULL;
	     pack = &cells_chunk(pack)->older->pack)
		bytes += vas_pool_size(pack->bytes);
	return bytes + vas_pool_size(pack->bytes);
}

static size_t bytes_below(struct cells_node *node)
{
	size_t bytes = vas_pool_size(vas_cells_node_bytes(node));

	for (unsigned int i = 0; node->level > 0 && i < node->count; i++)
		bytes += bytes_below(cells_inner(node)->children[i].node);
	for (uint32_t live = node->live; live != 0; live &= live - 1) {
		uint64_t group = cells_leaf(node)->rows[vas_lowest_bit(live)].group;

		if (!cells_group_is_chain(group))
			bytes += pack_bytes(cells_group_pack(group));
	}
	return bytes;
}

size_t vas_cells_bytes(const struct vas_file_map *head)
{
	const struct cells_map *map = map_of(head);

	return sizeof(*map) +
	       head->count * (sizeof(struct cells_link) - sizeof(struct vas_file_link)) +
	       (map->root == NULL ? 0 : bytes_below(map->root)) +
	       (map->root == NULL || map->finger == NULL ? 0 : vas_pool_size(sizeof(*map->finger)));
}

struct check {
	const struct vas_file_map *map;
	const struct vas_printer *printer;
	size_t found;
};

static bool key_broken(const struct check *check, const char *what, uint64_t key)
{
	return vas_file_broken(check->printer, "%s, at pages %llu to %llu", what,
			       vas_ll(cells_first(key)), vas_ll(cells_last(key)));
}

/* One link of a group; `below`: what the next newer one's `changed` was. */
static bool check_link(struct check *check, const struct cells_link *link, uint64_t key,
		       uint64_t *below)
{
	check->found++;
	if (cells_key(link->head.first, link->head.last) != key)
		return key_broken(check, "FRMAP-6: a link of another range", key);
	if (!vas_file_check_link(check->map, &link->head, check->printer))
		return false;
	if (link->head.changed >= *below)
		return key_broken(check, "FRMAP-4: a group is not in order", key);
	*below = link->head.changed;
	return true;
}

static bool check_chain(struct check *check, const struct cells_leaf *leaf,
			const struct cells_row *row)
{
	const struct cells_link *link = cells_group_link(row->group), *oldest = link;
	uint64_t below = UINT64_MAX;

	for (uint64_t left = row->group & CELLS_LENGTH; left > 0; left--) {
		if (link == NULL || ((uintptr_t)link & CELLS_LENGTH) != 0 || cells_in_pack(link))
			return key_broken(check, "FRMAP-6: a chain is too short", row->key);
		if (!check_link(check, link, row->key, &below))
			return false;
		oldest = link;
		link = (const struct cells_link *)link->place;
	}
	if (leaf->node.parent != NULL)
		return oldest->place == ((uintptr_t)leaf | CELLS_LEAF) ||
		       key_broken(check, "FRMAP-15: a chain does not know its leaf", row->key);
	return oldest->place == 0 || (oldest->place & CELLS_CODE) == CELLS_LEAF ||
	       key_broken(check, "FRMAP-15: a chain is too long", row->key);
}

static bool check_slot(struct check *check, struct cells_pack *pack, unsigned int slot,
		       uint64_t key)
{
	const struct cells_link *link = cells_link_at(pack, slot);
	const struct vas_file_place *at = &cells_chunk(pack)->slots[slot];

	if (!cells_in_pack(link) || cells_pack_of(link) != pack || cells_slot_of(link) != slot)
		return key_broken(check, "FRMAP-15: a link does not know its slot", key);
	return !pack->wide || (at->space == link->head.space && at->start == link->head.start) ||
	       key_broken(check, "FRMAP-16: a slot tells another place than its link", key);
}

/* An array or chunk. `below` as above. */
static bool check_pack(struct check *check, struct cells_pack *pack, uint64_t key, uint64_t *below)
{
	if (pack->live == 0 || (pack->live >> (pack->capacity - 1)) > 1)
		return key_broken(check, "FRMAP-17: wrong slots of an array or chunk", key);
	for (uint64_t live = pack->live; live != 0;) {
		unsigned int slot = 63u - (unsigned int)__builtin_clzll(live);

		live &= ~(UINT64_C(1) << slot);
		if (!check_slot(check, pack, slot, key) ||
		    !check_link(check, cells_link_at(pack, slot), key, below))
			return false;
	}
	return true;
}

static bool check_packs(struct check *check, const struct cells_row *row)
{
	struct cells_pack *pack = cells_group_pack(row->group);
	struct cells_chunk *chunk = cells_chunk(pack), *newer = NULL;
	uint64_t below = UINT64_MAX;

	if (pack->wide == ((row->group & CELLS_ARRAY) != 0))
		return key_broken(check, "FRMAP-17: a chunk taken for an array", row->key);
	if (!pack->wide)
		return check_pack(check, pack, row->key, &below);
	for (; chunk != NULL; newer = chunk, chunk = chunk->older) {
		if (chunk->newer != newer)
			return key_broken(check, "FRMAP-3: a chunk names another after it",
					  row->key);
		if (!check_pack(check, &chunk->pack, row->key, &below))
			return false;
	}
	return true;
}

/* The keys that belong below a node, both inside, and what its parent keeps of it. */
struct bounds {
	uint64_t low, high, max;
};

static bool check_row(struct check *check, const struct cells_leaf *leaf, unsigned int slot,
		      const struct bounds *bounds)
{
	const struct cells_row *row = &leaf->rows[slot];

	if ((leaf->node.live >> slot & 1) == 0)
		return row->key == CELLS_NO_KEY ||
		       key_broken(check, "FRMAP-18: a key in a free row", row->key);
	if (row->key < bounds->low || row->key > bounds->high)
		return key_broken(check, "FRMAP-5: a range in the wrong leaf", row->key);
	for (unsigned int other = 0; other < slot; other++)
		if (leaf->rows[other].key == row->key)
			return key_broken(check, "FRMAP-5: a range stands there twice", row->key);
	if (row->group == 0)
		return key_broken(check, "FRMAP-6: a range without links", row->key);
	if (!cells_exact(row->key) && !leaf->node.vast)
		return key_broken(check, "FRMAP-18: a vast range in a leaf without any", row->key);
	if (vas_cells_row(leaf, row->key) != row)
		return key_broken(check, "FRMAP-18: a range with another's tag", row->key);
	return cells_group_is_chain(row->group) ? check_chain(check, leaf, row)
						: check_packs(check, row);
}

static bool check_leaf(struct check *check, const struct cells_leaf *leaf,
		       const struct bounds *bounds)
{
	uint64_t max = 0;

	if (leaf->node.live >> leaf->node.capacity != 0 ||
	    vas_count_bits(leaf->node.live) != leaf->node.count)
		return vas_file_broken(check->printer, "FRMAP-18: a leaf with %u of %u rows",
				       (unsigned int)leaf->node.count,
				       (unsigned int)leaf->node.capacity);
	for (unsigned int slot = 0; slot < leaf->node.capacity; slot++) {
		if (!check_row(check, leaf, slot, bounds))
			return false;
		if ((leaf->node.live >> slot & 1) != 0 && cells_last(leaf->rows[slot].key) > max)
			max = cells_last(leaf->rows[slot].key);
	}
	if (leaf->node.top == CELLS_NO_TOP ? bounds->high != UINT64_MAX
					   : cells_last(leaf->rows[leaf->node.top].key) != max)
		return key_broken(check, "FRMAP-9: a leaf's largest last page is another row's",
				  bounds->low);
	return bounds->max == (bounds->high == UINT64_MAX ? UINT64_MAX : max) ||
	       key_broken(check, "FRMAP-9: a wrong largest last page of a leaf", bounds->low);
}

static bool check_node(struct check *check, struct cells_node *node, const struct bounds *bounds);

static bool check_child(struct check *check, const struct cells_inner *inner, unsigned int slot,
			const struct bounds *bounds)
{
	const struct cells_child *child = &inner->children[slot];
	struct bounds below = { bounds->low, bounds->high, child->max };

	if (child->node->level + 1 != inner->node.level)
		return key_broken(check, "FRMAP-18: a child of another level", child->key);
	if (child->node->parent != inner)
		return key_broken(check, "FRMAP-7: a child of another parent", child->key);
	if (slot > 0)
		below.low = child->key;
	if (slot + 1u < inner->node.count)
		below.high = child[1].key - 1;
	if ((slot == 0 && child->key != 0) || below.low < bounds->low || below.low > below.high)
		return key_broken(check, "FRMAP-5: children are not in order", child->key);
	return check_node(check, child->node, &below);
}

static bool check_node(struct check *check, struct cells_node *node, const struct bounds *bounds)
{
	uint64_t max = 0;

	if (node->count == 0 || node->count > (node->level == 0 ? node->capacity : CELLS_CHILDREN))
		return vas_file_broken(check->printer, "FRMAP-18: a node with %u rows",
				       (unsigned int)node->count);
	if (node->level == 0)
		return check_leaf(check, cells_leaf(node), bounds);
	for (unsigned int slot = 0; slot < node->count; slot++) {
		if (!check_child(check, cells_inner(node), slot, bounds))
			return false;
		if (cells_inner(node)->children[slot].max > max)
			max = cells_inner(node)->children[slot].max;
	}
	return bounds->max == max ||
	       key_broken(check, "FRMAP-9: a wrong largest last page of a node", bounds->low);
}

bool vas_cells_validate(const struct vas_file_map *head, const struct vas_printer *printer)
{
	const struct cells_map *map = map_of(head);
	struct check check = { .map = head, .printer = printer };
	const struct bounds all = { 0, UINT64_MAX, UINT64_MAX };
	const struct cells_link *link = map->waiting;

	for (; link != NULL; link = (const struct cells_link *)link->place) {
		check.found++;
		if (!vas_file_check_link(head, &link->head, printer))
			return false;
	}
	if (map->root != NULL && !check_node(&check, map->root, &all))
		return false;
	return vas_file_check_count(head, check.found, printer);
}
