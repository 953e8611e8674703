/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The names of the error numbers in <vas/base.h>. */

#include <vas/base.h>

const char *vas_error_name(int error)
{
	switch (error < 0 ? -(unsigned int)error : (unsigned int)error) {
#define NAME(name)                                                                                 \
	case VAS_##name:                                                                           \
		return #name
		NAME(EPERM);
		NAME(ENOENT);
		NAME(EINTR);
		NAME(EIO);
		NAME(EBADF);
		NAME(EAGAIN);
		NAME(ENOMEM);
		NAME(EACCES);
		NAME(EFAULT);
		NAME(EBUSY);
		NAME(EEXIST);
		NAME(ENODEV);
		NAME(EINVAL);
		NAME(ETXTBSY);
		NAME(ENOSPC);
		NAME(ENOSYS);
		NAME(EOVERFLOW);
		NAME(EOPNOTSUPP);
		NAME(ENOTSUPP);
#undef NAME
	default:
		return "?";
	}
}
