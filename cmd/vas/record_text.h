/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_RECORD_TEXT_H
#define VAS_RECORD_TEXT_H

/*
 * Text that grows. Memory that runs out ends the recorder (and with it the program), since a
 * trace with a hole would lie. Numbers are formatted by hand: printf would be a third of the
 * recorder's time.
 */

#include <stddef.h>
#include <stdint.h>

struct text {
	char *data;
	size_t length, size;
};

void text_clear(struct text *text);
void text_free(struct text *text);
void text_add(struct text *text, const char *data, size_t length);
void text_string(struct text *text, const char *string);
void text_char(struct text *text, char c);
void text_decimal(struct text *text, uint64_t value);
void text_signed(struct text *text, int64_t value);
void text_hex(struct text *text, uint64_t value);     /* 0x2a */
void text_octal(struct text *text, uint64_t value);   /* 0644 */
void text_pointer(struct text *text, uint64_t value); /* NULL, 0x2a */
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* In double quotes, as strace prints strings: \n, \", \\, and octal for what is not printable. */
void text_quoted(struct text *text, const char *data, size_t length);

/* As text_quoted, without the quotes, and < and > escaped too: a path after a descriptor. */
void text_bare(struct text *text, const char *data, size_t length);

/* Memory or the end. */
void *text_allocate(size_t size);

#endif
