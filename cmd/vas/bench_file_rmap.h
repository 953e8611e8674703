/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_BENCH_FILE_RMAP_H
#define VAS_CMD_BENCH_FILE_RMAP_H

/*
 * The parts of `vas bench file-rmap`: workloads, written as lists of changes of one object's map
 * and pages to ask for (bench_file_rmap_work.c), and their run on one design
 * (bench_file_rmap_run.c).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vas/file_rmap.h>

enum bench_change_kind { BENCH_INSERT, BENCH_RESIZE, BENCH_REMOVE };

struct bench_change {
	enum bench_change_kind kind;
	uint32_t link;
	uint32_t process;
	/* A call begins here that makes so many changes; 0: the last one goes on. */
	uint32_t call;
	uint64_t first, last;
};

struct bench_changes {
	struct bench_change *at;
	size_t count, room;
};

struct bench_script {
	struct bench_changes build;
	struct bench_changes churn;  /* of the steady state afterwards; may be empty */
	struct bench_changes finish; /* removes all that are left */
	uint64_t *pages;	     /* to ask for, in this order */
	size_t page_count;
	uint32_t links; /* that are ever used */
	uint32_t processes;
	uint64_t random; /* the state of the generator */
	bool failed;	 /* no memory */
};

struct bench_rmap_work {
	const char *name, *text;
	void (*write)(struct bench_script *script);
};

/* Ends with a NULL name. */
extern const struct bench_rmap_work bench_rmap_works[];

/* False: no memory. */
bool bench_script_write(struct bench_script *script, const struct bench_rmap_work *work,
			uint64_t seed);
void bench_script_free(struct bench_script *script);

enum bench_rmap_figure {
	RMAP_INSERT, /* ns, each */
	RMAP_CHURN,
	RMAP_REMOVE,
	RMAP_QUERY,
	RMAP_VISIT,	 /* ns for each area that a query visits */
	RMAP_VISITS,	 /* such areas, for each query */
	RMAP_CANDIDATES, /* areas looked at for each of them */
	RMAP_BYTES,	 /* for each area, at most */
	RMAP_FIGURES,
};

/* What one run gave. A negative figure: it did not come to that. */
struct bench_rmap_result {
	double value[RMAP_FIGURES];
	bool stopped[RMAP_FIGURES]; /* at the bound: what was measured until then */
	uint64_t checksum;	    /* of the first answers */
	size_t built, asked;	    /* changes, queries */
};

/* One run in a child process; each phase ends after so many milliseconds, and all when the design
 * takes more than `bytes`. False: it failed. */
bool bench_rmap_run(const struct bench_script *script, const struct vas_file_rmap_design *design,
		    unsigned milliseconds, uint64_t bytes, struct bench_rmap_result *result);

#endif
