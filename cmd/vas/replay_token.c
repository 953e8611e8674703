/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Tokens. The first two words of a page name its token, the others are a hash of them and of their
 * own place, so that each byte counts.
 */

#include "replay_token.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <vas/base.h>

#define WORDS	  (VAS_PAGE_SIZE / sizeof(uint64_t))
#define FILE_MARK (UINT64_C(1) << 63) /* in the first word: made up */

static uint64_t word_at(uint64_t first, uint64_t second, size_t index)
{
	uint64_t hash = (first + index * UINT64_C(0x9e3779b97f4a7c15)) ^ second << 17;

	return (hash ^ hash >> 31) * UINT64_C(0xbf58476d1ce4e5b9);
}

void token_bytes(const struct token *token, void *bytes)
{
	uint64_t first = token->number | (token->kind == TOKEN_FILE ? FILE_MARK : 0), word;
	unsigned char *to = bytes;

	if (token->kind != TOKEN_WRITTEN && token->kind != TOKEN_FILE) {
		memset(bytes, 0, VAS_PAGE_SIZE);
		return;
	}
	for (size_t i = 0; i < WORDS; i++) {
		word = i == 0 ? first : i == 1 ? token->word : word_at(first, token->word, i);
		memcpy(to + i * sizeof(word), &word, sizeof(word));
	}
	memset(to + token->length, 0, VAS_PAGE_SIZE - token->length);
}

void token_text(const struct token *token, char *text, size_t size)
{
	switch ((enum token_kind)token->kind) {
	case TOKEN_WRITTEN:
		snprintf(text, size, "token %" PRIu64 ", written at %#" PRIx64, token->number,
			 token->word);
		return;
	case TOKEN_FILE:
		snprintf(text, size, "page %" PRIu64 " of file %" PRIu64, token->word,
			 token->number);
		return;
	case TOKEN_NONE:
	case TOKEN_ZERO:
	case TOKEN_UNKNOWN:
		break;
	}
	snprintf(text, size, "zeroes");
}

void token_text_found(const void *bytes, char *text, size_t size)
{
	struct token token = { .length = VAS_PAGE_SIZE, .kind = TOKEN_WRITTEN };
	unsigned char whole[VAS_PAGE_SIZE];
	size_t same = 0;

	memcpy(&token.number, bytes, sizeof(token.number));
	memcpy(&token.word, (const unsigned char *)bytes + sizeof(token.number),
	       sizeof(token.word));
	if (token.number == 0)
		token.kind = TOKEN_ZERO;
	else if ((token.number & FILE_MARK) != 0)
		token.kind = TOKEN_FILE;
	token.number &= ~FILE_MARK;
	token_bytes(&token, whole);
	token_text(&token, text, size);
	while (same < VAS_PAGE_SIZE && whole[same] == ((const unsigned char *)bytes)[same])
		same++;
	if (same < VAS_PAGE_SIZE && strlen(text) < size)
		snprintf(text + strlen(text), size - strlen(text), " up to byte %zu, then others",
			 same);
}
