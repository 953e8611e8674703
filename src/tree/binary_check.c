/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Printer and validator of the binary trees: order, list, parents, gaps. See binary.c. */

#include "binary.h"

#include "base/print.h"

static void print_below(const struct vas_binary *node, int depth, const struct vas_printer *printer)
{
	if (node == NULL)
		return;
	print_below(node->left, depth + 1, printer);
	vas_print(printer, "%*s[0x%llx, 0x%llx) tag %u gap 0x%llx\n", 2 * depth, "",
		  vas_ll(vas_binary_range(node)->start), vas_ll(vas_binary_range(node)->end),
		  vas_binary_tag(node), vas_ll(node->gap));
	print_below(node->right, depth + 1, printer);
}

void vas_binary_print(const struct vas_index *index, const struct vas_printer *printer)
{
	print_below(vas_binary_index(index)->root, 0, printer);
}

/* Where the validator stands: the last node that it passed in order, and how many. */
struct walk {
	const struct vas_printer *printer;
	vas_binary_balance_fn *balance;
	const struct vas_binary *last;
	size_t count;
};

static bool check_order(const struct vas_binary *node, struct walk *walk)
{
	const struct vas_range *range = vas_binary_range(node);

	if (range->start >= range->end)
		return vas_index_broken(walk->printer, "INDEX-1", "range [0x%llx, 0x%llx) is empty",
					vas_ll(range->start), vas_ll(range->end));
	if (walk->last != NULL && vas_binary_range(walk->last)->end > range->start)
		return vas_index_broken(walk->printer, "INDEX-1",
					"range at 0x%llx starts before 0x%llx"
					", the end of the one before it",
					vas_ll(range->start),
					vas_ll(vas_binary_range(walk->last)->end));
	if (node->prev != walk->last || (walk->last != NULL && walk->last->next != node))
		return vas_index_broken(walk->printer, "INDEX-3",
					"neighbours of the range at 0x%llx"
					" are not those of the tree",
					vas_ll(range->start));
	return true;
}

/* Returns what `balance` returned, or -1. */
static int check_below(const struct vas_binary *node, const struct vas_binary *parent,
		       struct walk *walk)
{
	uint64_t gap;
	int left, right;

	if (node == NULL)
		return 0;
	if (vas_binary_parent(node) != parent) {
		vas_index_broken(walk->printer, "INDEX-4",
				 "node of the range at 0x%llx names a wrong parent",
				 vas_ll(vas_binary_range(node)->start));
		return -1;
	}
	left = check_below(node->left, node, walk);
	if (left < 0 || !check_order(node, walk))
		return -1;
	walk->last = node;
	walk->count++;
	right = check_below(node->right, node, walk);
	if (right < 0)
		return -1;
	gap = vas_binary_hole(node);
	if (node->left != NULL && node->left->gap > gap)
		gap = node->left->gap;
	if (node->right != NULL && node->right->gap > gap)
		gap = node->right->gap;
	if (gap != node->gap) {
		vas_index_broken(walk->printer, "INDEX-5",
				 "largest hole below the range at 0x%llx is 0x%llx"
				 ", kept as 0x%llx",
				 vas_ll(vas_binary_range(node)->start), vas_ll(gap),
				 vas_ll(node->gap));
		return -1;
	}
	return walk->balance(node, left, right, walk->printer);
}

bool vas_binary_validate(const struct vas_binary_index *tree, vas_binary_balance_fn *balance,
			 const struct vas_printer *printer)
{
	struct walk walk = { .printer = printer, .balance = balance };

	if (check_below(tree->root, NULL, &walk) < 0)
		return false;
	if (walk.last != tree->last || (walk.last != NULL && walk.last->next != NULL) ||
	    (tree->first != NULL && tree->first->prev != NULL) ||
	    (tree->root != NULL) != (tree->first != NULL))
		return vas_index_broken(printer, "INDEX-3", "the list's ends are not the tree's");
	if (walk.count != tree->head.count)
		return vas_index_broken(printer, "INDEX-2", "%zu ranges found, %zu counted",
					walk.count, tree->head.count);
	return true;
}
