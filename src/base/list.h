/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_BASE_LIST_H
#define VAS_BASE_LIST_H

/*
 * A circular doubly linked list. The same structure is the head and the link inside each element;
 * an empty list's head points to itself, so no operation has a special case.
 */

#include <stdbool.h>
#include <stddef.h>

struct vas_list {
	struct vas_list *next, *prev;
};

/* The structure of `type` whose member `member` is at `pointer`. */
#define vas_container_of(pointer, type, member)                                                    \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static inline void vas_list_init(struct vas_list *head)
{
	head->next = head;
	head->prev = head;
}

static inline bool vas_list_empty(const struct vas_list *head)
{
	return head->next == head;
}

/* Puts `link` right after `at`, which is a head or an element. => link is in no list. */
static inline void vas_list_add_after(struct vas_list *at, struct vas_list *link)
{
	link->prev = at;
	link->next = at->next;
	at->next->prev = link;
	at->next = link;
}

/* Puts `link` right before `at`; with a head: at the end. => link is in no list. */
static inline void vas_list_add_before(struct vas_list *at, struct vas_list *link)
{
	vas_list_add_after(at->prev, link);
}

/* Takes `link` out. Its own pointers lead to NULL from now on, so that a second removal faults. */
static inline void vas_list_remove(struct vas_list *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	link->next = NULL;
	link->prev = NULL;
}

/* Moves all of `from` to the end of `to`; `from` is empty afterwards. */
static inline void vas_list_splice(struct vas_list *to, struct vas_list *from)
{
	if (vas_list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	vas_list_init(from);
}

/* Walks upwards; `link` may be removed inside the loop when it is read through `next` first. */
#define vas_list_for_each(link, head)                                                              \
	for (struct vas_list *link = (head)->next; link != (head); link = link->next)

/* The same for a loop that removes `link`. */
#define vas_list_for_each_safe(link, spare, head)                                                  \
	for (struct vas_list *link = (head)->next, *spare = link->next; link != (head);            \
	     link = spare, spare = link->next)

#endif
