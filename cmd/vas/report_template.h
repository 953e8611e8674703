/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_REPORT_TEMPLATE_H
#define VAS_CMD_REPORT_TEMPLATE_H

/* The page of the browser report, made by report/: one HTML file with a mark where its data goes. */

#include <stddef.h>

extern const char vas_report_template[];
extern const size_t vas_report_template_size; /* 0: Node.js was missing when vas was built */

#endif
