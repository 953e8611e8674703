/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Names of flags, as strace prints them: known bits by name, the rest in hexadecimal, values
 * without a name as "0x2a /" + "* MADV_??? *" + "/".
 */

#include "record_call.h"

#include "record_numbers.h"

#include <signal.h>
#include <string.h>

#define END                                                                                        \
	{                                                                                          \
		0, NULL                                                                            \
	}

static bool add_name(struct text *text, bool first, const char *name)
{
	if (!first)
		text_char(text, '|');
	text_string(text, name);
	return false;
}

/* The names of all bits of `value` that have one, then the others. => true: nothing printed */
static bool add_bits(struct text *text, bool first, const struct flag_name *names, uint64_t value)
{
	for (; names->name; names++) {
		if ((value & names->value) != names->value)
			continue;
		first = add_name(text, first, names->name);
		value &= ~names->value;
	}
	if (value) {
		if (!first)
			text_char(text, '|');
		text_hex(text, value);
		first = false;
	}
	return first;
}

static void add_set(struct text *text, const struct flag_name *names, const char *none,
		    uint64_t value)
{
	if (value == 0)
		text_string(text, none);
	else
		add_bits(text, true, names, value);
}

void flags_one(struct text *text, const struct flag_name *names, const char *unknown,
	       uint64_t value)
{
	while (names->name && names->value != value)
		names++;
	if (names->name) {
		text_string(text, names->name);
		return;
	}
	text_hex(text, value);
	text_format(text, " /* %s */", unknown);
}

void flags_prot(struct text *text, uint64_t value)
{
	static const struct flag_name names[] = {
		{ 0x1, "PROT_READ" },
		{ 0x2, "PROT_WRITE" },
		{ 0x4, "PROT_EXEC" },
		{ 0x8, "PROT_SEM" },
		{ 0x1000000, "PROT_GROWSDOWN" },
		{ 0x2000000, "PROT_GROWSUP" },
		END,
	};

	add_set(text, names, "PROT_NONE", value);
}

void flags_map(struct text *text, uint64_t value)
{
	static const struct flag_name types[] = {
		{ 0, "MAP_FILE" },	{ 1, "MAP_SHARED" },
		{ 2, "MAP_PRIVATE" },	{ 3, "MAP_SHARED_VALIDATE" },
		{ 8, "MAP_DROPPABLE" }, END,
	};
	static const struct flag_name names[] = {
		{ 0x10, "MAP_FIXED" },
		{ 0x20, "MAP_ANONYMOUS" },
		{ 0x40, "MAP_32BIT" },
		{ 0x80, "MAP_ABOVE4G" },
		{ 0x4000, "MAP_NORESERVE" },
		{ 0x8000, "MAP_POPULATE" },
		{ 0x10000, "MAP_NONBLOCK" },
		{ 0x100, "MAP_GROWSDOWN" },
		{ 0x800, "MAP_DENYWRITE" },
		{ 0x1000, "MAP_EXECUTABLE" },
		{ 0x2000, "MAP_LOCKED" },
		{ 0x20000, "MAP_STACK" },
		{ 0x40000, "MAP_HUGETLB" },
		{ 0x80000, "MAP_SYNC" },
		{ 0x100000, "MAP_FIXED_NOREPLACE" },
		{ 0x4000000, "MAP_UNINITIALIZED" },
		END,
	};
	enum { TYPE = 0xf, HUGE_SHIFT = 26, HUGE_MASK = 0x3f, HUGETLB = 0x40000 };
	uint64_t huge = value >> HUGE_SHIFT & HUGE_MASK;

	if (!(value & HUGETLB))
		huge = 0;
	flags_one(text, types, "MAP_???", value & TYPE);
	value &= ~((uint64_t)TYPE | huge << HUGE_SHIFT);
	add_bits(text, false, names, value);
	if (huge)
		text_format(text, "|%u<<MAP_HUGE_SHIFT", (unsigned)huge);
}

void flags_mremap(struct text *text, uint64_t value)
{
	static const struct flag_name names[] = {
		{ 1, "MREMAP_MAYMOVE" }, { 2, "MREMAP_FIXED" }, { 4, "MREMAP_DONTUNMAP" }, END
	};

	add_set(text, names, "0", value);
}

void flags_madvise(struct text *text, uint64_t value)
{
	static const struct flag_name names[] = {
		{ 0, "MADV_NORMAL" },	       { 1, "MADV_RANDOM" },
		{ 2, "MADV_SEQUENTIAL" },      { 3, "MADV_WILLNEED" },
		{ 4, "MADV_DONTNEED" },	       { 8, "MADV_FREE" },
		{ 9, "MADV_REMOVE" },	       { 10, "MADV_DONTFORK" },
		{ 11, "MADV_DOFORK" },	       { 12, "MADV_MERGEABLE" },
		{ 13, "MADV_UNMERGEABLE" },    { 14, "MADV_HUGEPAGE" },
		{ 15, "MADV_NOHUGEPAGE" },     { 16, "MADV_DONTDUMP" },
		{ 17, "MADV_DODUMP" },	       { 18, "MADV_WIPEONFORK" },
		{ 19, "MADV_KEEPONFORK" },     { 20, "MADV_COLD" },
		{ 21, "MADV_PAGEOUT" },	       { 22, "MADV_POPULATE_READ" },
		{ 23, "MADV_POPULATE_WRITE" }, { 24, "MADV_DONTNEED_LOCKED" },
		{ 25, "MADV_COLLAPSE" },       { 100, "MADV_HWPOISON" },
		{ 101, "MADV_SOFT_OFFLINE" },  { 102, "MADV_GUARD_INSTALL" },
		{ 103, "MADV_GUARD_REMOVE" },  END,
	};

	flags_one(text, names, "MADV_???", value & UINT32_MAX);
}

void flags_mlock2(struct text *text, uint64_t value)
{
	static const struct flag_name names[] = { { 1, "MLOCK_ONFAULT" }, END };

	add_set(text, names, "0", value);
}

void flags_mlockall(struct text *text, uint64_t value)
{
	static const struct flag_name names[] = {
		{ 1, "MCL_CURRENT" }, { 2, "MCL_FUTURE" }, { 4, "MCL_ONFAULT" }, END
	};

	add_set(text, names, "0", value);
}

void flags_shmat(struct text *text, uint64_t value)
{
	static const struct flag_name names[] = { { 0x1000, "SHM_RDONLY" },
						  { 0x2000, "SHM_RND" },
						  { 0x4000, "SHM_REMAP" },
						  { 0x8000, "SHM_EXEC" },
						  END };

	add_set(text, names, "0", value);
}

void flags_clone(struct text *text, uint64_t value)
{
	static const struct flag_name names[] = {
		{ 0x100, "CLONE_VM" },
		{ 0x200, "CLONE_FS" },
		{ 0x400, "CLONE_FILES" },
		{ 0x800, "CLONE_SIGHAND" },
		{ 0x1000, "CLONE_PIDFD" },
		{ 0x2000, "CLONE_PTRACE" },
		{ 0x4000, "CLONE_VFORK" },
		{ 0x8000, "CLONE_PARENT" },
		{ 0x10000, "CLONE_THREAD" },
		{ 0x20000, "CLONE_NEWNS" },
		{ 0x40000, "CLONE_SYSVSEM" },
		{ 0x80000, "CLONE_SETTLS" },
		{ 0x100000, "CLONE_PARENT_SETTID" },
		{ 0x200000, "CLONE_CHILD_CLEARTID" },
		{ 0x400000, "CLONE_DETACHED" },
		{ 0x800000, "CLONE_UNTRACED" },
		{ 0x1000000, "CLONE_CHILD_SETTID" },
		{ 0x2000000, "CLONE_NEWCGROUP" },
		{ 0x4000000, "CLONE_NEWUTS" },
		{ 0x8000000, "CLONE_NEWIPC" },
		{ 0x10000000, "CLONE_NEWUSER" },
		{ 0x20000000, "CLONE_NEWPID" },
		{ 0x40000000, "CLONE_NEWNET" },
		{ 0x80000000, "CLONE_IO" },
		{ 0x100000000, "CLONE_CLEAR_SIGHAND" },
		{ 0x200000000, "CLONE_INTO_CGROUP" },
		END,
	};

	add_set(text, names, "0", value);
}

void flags_personality(struct text *text, uint64_t value)
{
	static const struct flag_name names[] = {
		{ 0x20000, "UNAME26" },
		{ 0x40000, "ADDR_NO_RANDOMIZE" },
		{ 0x80000, "FDPIC_FUNCPTRS" },
		{ 0x100000, "MMAP_PAGE_ZERO" },
		{ 0x200000, "ADDR_COMPAT_LAYOUT" },
		{ 0x400000, "READ_IMPLIES_EXEC" },
		{ 0x800000, "ADDR_LIMIT_32BIT" },
		{ 0x1000000, "SHORT_INODE" },
		{ 0x2000000, "WHOLE_SECONDS" },
		{ 0x4000000, "STICKY_TIMEOUTS" },
		{ 0x8000000, "ADDR_LIMIT_3GB" },
		END,
	};
	static const struct flag_name domains[] = { { 0, "PER_LINUX" }, { 8, "PER_LINUX32" }, END };

	value &= UINT32_MAX;
	flags_one(text, domains, "PER_???", value & 0xff);
	add_bits(text, false, names, value & ~UINT64_C(0xff));
}

void flags_resource(struct text *text, uint64_t value)
{
	static const struct flag_name names[] = { { 2, "RLIMIT_DATA" },
						  { 3, "RLIMIT_STACK" },
						  { 8, "RLIMIT_MEMLOCK" },
						  { 9, "RLIMIT_AS" },
						  END };

	flags_one(text, names, "RLIMIT_???", value & UINT32_MAX);
}

void flags_mbind_mode(struct text *text, uint64_t value)
{
	static const struct flag_name modes[] = {
		{ 0, "MPOL_DEFAULT" },
		{ 1, "MPOL_PREFERRED" },
		{ 2, "MPOL_BIND" },
		{ 3, "MPOL_INTERLEAVE" },
		{ 4, "MPOL_LOCAL" },
		{ 5, "MPOL_PREFERRED_MANY" },
		{ 6, "MPOL_WEIGHTED_INTERLEAVE" },
		END,
	};
	static const struct flag_name names[] = { { 0x2000, "MPOL_F_NUMA_BALANCING" },
						  { 0x4000, "MPOL_F_RELATIVE_NODES" },
						  { 0x8000, "MPOL_F_STATIC_NODES" },
						  END };

	value &= UINT32_MAX;
	flags_one(text, modes, "MPOL_???", value & 0xff);
	add_bits(text, false, names, value & ~UINT64_C(0xff));
}

void flags_mbind(struct text *text, uint64_t value)
{
	static const struct flag_name names[] = {
		{ 1, "MPOL_MF_STRICT" }, { 2, "MPOL_MF_MOVE" }, { 4, "MPOL_MF_MOVE_ALL" }, END
	};

	add_set(text, names, "0", value & UINT32_MAX);
}

void flags_uffd_mode(struct text *text, uint64_t value)
{
	static const struct flag_name names[] = { { 1, "UFFDIO_REGISTER_MODE_MISSING" },
						  { 2, "UFFDIO_REGISTER_MODE_WP" },
						  { 4, "UFFDIO_REGISTER_MODE_MINOR" },
						  END };

	add_set(text, names, "0", value);
}

void flags_execveat(struct text *text, uint64_t value)
{
	static const struct flag_name names[] = { { 0x100, "AT_SYMLINK_NOFOLLOW" },
						  { 0x1000, "AT_EMPTY_PATH" },
						  { 0x10000, "AT_EXECVE_CHECK" },
						  END };

	add_set(text, names, "0", value & UINT32_MAX);
}

void flags_signal(struct text *text, uint64_t value)
{
	const char *name = value < 32 ? sigabbrev_np((int)value) : NULL;

	if (name)
		text_format(text, "SIG%s", name);
	else if (value >= 32 && value <= 64)
		text_format(text, value == 32 ? "SIGRTMIN" : "SIGRT_%u", (unsigned)value - 32);
	else
		text_decimal(text, value);
}
