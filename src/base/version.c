/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include <vas/base.h>

/* The build passes its own version; a build by hand gets this one. */
#ifndef VAS_VERSION
#define VAS_VERSION "0.1.0"
#endif

const char *vas_version(void)
{
	return VAS_VERSION;
}
