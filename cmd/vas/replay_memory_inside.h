/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_REPLAY_MEMORY_INSIDE_H
#define VAS_CMD_REPLAY_MEMORY_INSIDE_H

/* What replay_memory.c, replay_object.c and replay_again.c share. */

#include "replay_memory.h"
#include "replay_shadow.h"
#include "replay_store.h"

/* A file or shared memory of the trace; in a list. */
struct replay_object {
	struct replay_object *next, **place;
	struct replay_memory *memory;
	struct vas_file *opened; /* the machine's */
	unsigned users;		 /* files of the trace */
	bool known;		 /* by device and inode */
	uint32_t major, minor;
	uint64_t inode;
	struct shadow_object shadow;
	struct replay_store store; /* not of shared memory */
};

struct replay_memory {
	const struct replay_memory_options *options;
	struct vas_machine *machine; /* NULL until the first space is made */
	uint32_t free;		     /* frames, when it was new */
	int swap;		     /* a descriptor */
	struct replay_disk disk;
	struct replay_object *objects;
	uint64_t last_object;
	struct shadow shadow;
	struct replay_memory_counts counts;
	uint64_t touches;
	char full[96];
};

/* One touch of one page. */
struct touch {
	struct replay_memory *memory;
	struct interpreter *in;
	int pid;
	struct vas_space *space;
	const struct vas_area *area;
	uint64_t page; /* its address */
	enum vas_access how;
};

/* ---- replay_memory.c ---- */

/* Looks at how much of everything there is now. */
void replay_look(struct replay_memory *memory);
/* Has what is mapped here no contents that a program could count on? */
bool replay_left_alone(const struct vas_area *area);
/* Reads the page and checks what it holds. An error as vas_read. */
int replay_read_page(const struct touch *touch);
/* The kernel's access went well, ours did not. */
void replay_failed(struct replay_memory *memory, struct interpreter *in, int pid, uint64_t address,
		   enum vas_access how, int err);
/* A page holds something else; `what` is "the page at". */
void replay_wrong(struct interpreter *in, int pid, const char *what, uint64_t address,
		  const struct token *wanted, const unsigned char *found);

/* ---- replay_object.c ---- */

/* What an area maps; NULL: nothing that has contents. */
struct shadow_object *replay_object_of(const struct vas_area *area);
int replay_open_file(void *data, struct traced_file *traced);
int replay_told_size(void *data, struct traced_file *traced);
/* A touch behind the end of its file: then the file has grown unseen. false: it was not behind. */
bool replay_grow(const struct touch *touch);

#endif
