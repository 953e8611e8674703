/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_REPLAY_STORE_H
#define VAS_CMD_REPLAY_STORE_H

/*
 * The stores of a replay's files: contents made up from the file's number, changes in a temporary
 * file that all of them share. The programs' own files are never opened.
 */

#include <vas/store.h>

#include "page_map.h"

/* The temporary file. */
struct replay_disk {
	int descriptor;
	uint64_t pages; /* in use */
};

/* -1 and errno. */
int replay_disk_open(struct replay_disk *disk);
void replay_disk_close(struct replay_disk *disk);

/* One file. The store's data. */
struct replay_store {
	struct replay_disk *disk;
	struct page_map written; /* where pages are in the temporary file */
	uint64_t number;
	uint64_t size, made_up; /* bytes; contents are made up below, zeroes above */
};

extern const struct vas_store replay_store;
/* Swap: vas_descriptor_store, timed apart. */
extern const struct vas_store replay_swap_store;

void replay_store_init(struct replay_store *store, struct replay_disk *disk, uint64_t number,
		       uint64_t size);
void replay_store_free(struct replay_store *store);

#endif
