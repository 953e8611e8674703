/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_TIMELINE_INSIDE_H
#define VAS_CMD_TIMELINE_INSIDE_H

/* What the timeline*.c files share. */

#include <vas/space.h>

#include "page_map.h"
#include "replay_memory.h"
#include "timeline.h"

#define TIMELINE_NONE UINT32_MAX /* no process, no object, not yet */

/* A line of the trace that changed something. */
struct timeline_moment {
	uint64_t line;
	uint32_t process, text;
};

/* A program in a process: exec begins a new one. */
struct timeline_process {
	int pid;
	char *name; /* owned; "": not known */
	uint32_t parent, exec_of, borrows;
	uint32_t born, died; /* moments; died TIMELINE_NONE: it lives */
};

/* A file, or a piece of shared memory. */
struct timeline_object {
	char *name; /* owned */
	bool shared_memory;
	bool nameless; /* known by its name only, as devices are */
};

/* An area as long as nothing of this changed. */
struct timeline_area {
	uint64_t page, pages, object_page;
	uint32_t process, object;
	uint32_t born, died;
	uint8_t prot, kind;
};

/* How much a process held. */
struct timeline_memory {
	uint32_t moment, process;
	uint64_t resident, shared;
};

/* What two processes shared. */
struct timeline_share {
	uint32_t a, b, moment;
	uint64_t pages;
};

/* A space, kept in it by the listener. */
struct timeline_space {
	struct timeline_space *next, **place;
	struct vas_space *space;
	uint32_t owner;	      /* the process whose areas these are; TIMELINE_NONE: not known yet */
	uint32_t forked_from; /* the owner of its parent */
	uint32_t number;      /* while memory is counted */
	size_t first, count;  /* its frames, then */
	struct page_map touched; /* of bytes: what may be present; see timeline_memory.c */
};

#define TIMELINE_LIST(type)                                                                        \
	struct {                                                                                   \
		type *list;                                                                        \
		size_t count, size;                                                                \
	}

/* How memory is sampled; timeline_memory.c. */
struct timeline_sampler {
	TIMELINE_LIST(uint32_t) frames; /* of all spaces, one after the other */
	TIMELINE_LIST(size_t) samples;	/* where in `memory` each begins */
	uint32_t *seen;			/* by frame */
	uint32_t frame_count;
	uint64_t credit, cost; /* looks: those that may be made, those that the last count took */
	uint64_t step, since;  /* events: between two samples, since the last */
	uint32_t counted;      /* the moment for which `frames` is true */
};

struct timeline {
	struct timeline_options options;
	TIMELINE_LIST(struct timeline_moment) moments;
	TIMELINE_LIST(char *) texts;
	TIMELINE_LIST(struct timeline_process) processes;
	TIMELINE_LIST(struct timeline_object) objects;
	TIMELINE_LIST(struct timeline_area) areas;
	TIMELINE_LIST(struct timeline_memory) memory;
	TIMELINE_LIST(struct timeline_share) sharing;
	unsigned long lines;
	bool cut, sharing_cut;

	/* While the trace is read. */
	struct interpreter *interpreter;
	struct timeline_space *spaces;
	struct page_map by_pid;	   /* of uint32_t: the living process, and one */
	struct page_map by_number; /* of uint32_t: the object, and one */
	TIMELINE_LIST(struct vas_area *) changed;
	struct timeline_sampler sampler;
	struct timeline_moment last; /* the last event, if it should become a moment */
	bool any, pending,
		stirred; /* any event; the present one is a moment; memory was touched since */
	bool over;
	bool may_try_again, crowded; /* with more memory; there was not enough of it */
	bool exec_image;	     /* the last snapshot was an exec's */
	uint32_t leaving;	     /* the process that ends in the present event */
	struct vas_space *left;	     /* the space that it may leave to others; NULL: none */
};

/* ---- timeline.c ---- */

/* Room for one more in a list; no memory ends the program. */
void *timeline_room(void *list, size_t count, size_t *size, size_t record);
#define TIMELINE_ADD(to, ...)                                                                      \
	do {                                                                                       \
		(to)->list =                                                                       \
			timeline_room((to)->list, (to)->count, &(to)->size, sizeof(*(to)->list));  \
		(to)->list[(to)->count++] = (__VA_ARGS__);                                         \
	} while (0)

/* The moment of the present event, which thereby becomes one. */
uint32_t timeline_moment(struct timeline *timeline);
/* The present: what was touched after the last moment is a moment too. => between events. */
uint32_t timeline_now(struct timeline *timeline);

/* ---- timeline_process.c ---- */

bool timeline_is_exec(const struct trace_event *event);
bool timeline_is_clone(const struct trace_event *event);
/* NULL: it has none. */
struct timeline_space *timeline_process_space(const struct process *process);
/* A process is about to leave its space. */
void timeline_leave(struct timeline *timeline, const struct process *process);
/* What an event tells of processes; returns whose it was, or TIMELINE_NONE. *forked: a space that
 * it made. */
uint32_t timeline_follow(struct timeline *timeline, const struct trace_event *event,
			 const struct thread *thread, struct timeline_space **forked);
/* The process that had this space is gone; others that are in it get it. */
void timeline_hand_over(struct timeline *timeline);

/* ---- timeline_areas.c ---- */

extern const struct vas_listener timeline_listener;

struct timeline_space *timeline_space_of(const struct vas_space *space);
/* From now on these are areas of that process. */
void timeline_own(struct timeline *timeline, struct timeline_space *in, uint32_t process);
/* All areas may have changed. */
void timeline_doubt(struct timeline *timeline, struct timeline_space *in);
/* Closes and opens rectangles for what changed in this event. */
void timeline_settle(struct timeline *timeline);

/* ---- timeline_memory.c ---- */

void timeline_memory_begin(struct timeline *timeline, uint32_t frames);
void timeline_memory_end(struct timeline *timeline);
void timeline_touched(struct timeline_space *in, uint64_t start, uint64_t end);
void timeline_memory_apply(struct timeline_space *in, const struct vas_op *op);
/* An event is over; perhaps it is time for a sample. */
void timeline_memory_event(struct timeline *timeline);
/* A space was just made by fork, or is about to go: with whom does it share? */
void timeline_share(struct timeline *timeline, struct timeline_space *in);
/* The trace is over: the last sample, and what all the living share. */
void timeline_memory_last(struct timeline *timeline);

#endif
