/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_REPLAY_TOKEN_H
#define VAS_CMD_REPLAY_TOKEN_H

/*
 * What a page holds in a replay: 4096 bytes that follow from two numbers, so that a page which is
 * lost, stale, mixed up with another or mended in part is found out.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum token_kind {
	TOKEN_NONE, /* nothing is recorded: what lies below shows */
	TOKEN_ZERO,
	TOKEN_WRITTEN, /* `number` runs, `word` is the address that it was written at */
	TOKEN_FILE,    /* made up: `number` is the file's, `word` the page in it */
	TOKEN_UNKNOWN, /* a wrong one was found, and told: not compared any more */
};

struct token {
	uint64_t number, word;
	uint16_t length; /* bytes that are so; the others are zeroes */
	uint8_t kind;
	bool may_be_zero; /* MADV_FREE */
};

/* The page; 4096 bytes. */
void token_bytes(const struct token *token, void *bytes);

/* "token 12, written at 0x7f0000000000" */
void token_text(const struct token *token, char *text, size_t size);
/* The same for what a page holds, whatever that is. */
void token_text_found(const void *bytes, char *text, size_t size);

#endif
