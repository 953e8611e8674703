/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Faults against the kernel. A family of processes does random calls and touches for real; spaces of
 * a machine do the same; after every step the state of each page is compared with
 * /proc/PID/pagemap (and, for root, /proc/kpagecount): present, a file's or private, mapped once or
 * by others too; and every touch must end with the same signal and code.
 *
 *	faults [--steps=N] [--seed=N] [--anon-rmap=D] [--file-rmap=D]
 *
 * All happens in a window of addresses where a process has nothing of its own. Where the kernel has
 * mapped more pages of a file than were asked for (it maps those around a fault too), the model
 * follows by touching them. With designs that let more areas merge than Linux's does, a fork copies
 * more entries that a fault would find as well; then the process follows. Where a design has pages
 * copied before they move, who maps a page is not compared.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vas/machine.h>

#include "subject.h"

#define STATUS_SKIP 77
#define FRAMES	    8192

static uint64_t seed = 1, state;

static uint64_t random_below(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state * UINT64_C(0x2545f4914f6cdd1d) >> 17) % n;
}

/* One process, and its space in the model. */
struct member {
	bool alive;
	pid_t pid;
	int pagemap;
	struct vas_space *space;
};

static struct member members[MOST_MEMBERS];
static struct vas_machine *machine;
static struct vas_file *files[FILES];
static int descriptors[FILES];
static int kpagecount = -1;
static struct step last;
static bool guards, guards_shown; /* the kernel has guard pages; and shows them */
static bool merges_more;	  /* than Linux's design */
static bool copies_moved;	  /* and Linux's does not */
static const char *anon_rmap, *file_rmap;

static void fail(const char *what)
{
	printf("# seed %" PRIu64 ": %s\n# the last step: ", seed, what);
	print_step(&last);
	printf("not ok 1 - faults as the kernel's\n1..1\n");
	exit(1);
}

/* ---- The model's side ---- */

static int model_map(struct vas_space *space, const struct step *step)
{
	struct vas_map map = {
		.length = step->length,
		.prot = step->prot,
		.flags = VAS_FIXED | (step->shared ? VAS_SHARED : VAS_PRIVATE) |
			 (step->file < 0 ? VAS_ANONYMOUS : 0) | (step->locked ? VAS_LOCKED : 0),
		.file = step->file < 0 ? NULL : files[step->file],
		.offset = step->file < 0 ? 0 : step->offset,
	};
	uint64_t at = step->address;

	return vas_map(space, &map, &at);
}

static int model_fork(const struct step *step)
{
	return vas_fork(members[step->member].space, &members[step->child].space);
}

static int model_exit(const struct step *step)
{
	vas_space_destroy(members[step->member].space);
	members[step->member].space = NULL;
	return 0;
}

/* The signal and code of a touch as one number; else 0 or the error. */
static int model_step(const struct step *step)
{
	struct vas_space *space = members[step->member].space;
	int err, signal, code;

	switch (step->kind) {
	case STEP_MAP:
		return model_map(space, step);
	case STEP_UNMAP:
		return vas_unmap(space, step->address, step->length);
	case STEP_PROTECT:
		return vas_protect(space, step->address, step->length, step->prot, -1);
	case STEP_MOVE: {
		struct vas_remap remap = {
			.old = step->address,
			.old_length = step->length,
			.new_length = step->length,
			.flags = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED,
			.new_address = step->to,
		};
		uint64_t at;

		return vas_remap(space, &remap, &at);
	}
	case STEP_ADVISE:
		return vas_advise(space, step->address, step->length, step->advice);
	case STEP_LOCK:
		return vas_lock(space, step->address, step->length, 0);
	case STEP_UNLOCK:
		return vas_unlock(space, step->address, step->length);
	case STEP_TRUNCATE:
		return vas_truncate(files[step->file], step->length);
	case STEP_FORK:
		return model_fork(step);
	case STEP_EXIT:
		return model_exit(step);
	case STEP_READ:
	case STEP_WRITE:
		err = vas_access(space, step->address,
				 step->kind == STEP_READ ? VAS_ACCESS_READ : VAS_ACCESS_WRITE);
		return vas_signal_of(err, &signal, &code) ? signal * 16 + code : 0;
	}
	return 0;
}

/* ---- Comparing ---- */

#define PAGEMAP_PRESENT	  (UINT64_C(1) << 63)
#define PAGEMAP_SWAPPED	  (UINT64_C(1) << 62)
#define PAGEMAP_FILE	  (UINT64_C(1) << 61)
#define PAGEMAP_GUARD	  (UINT64_C(1) << 58) /* since 6.15 */
#define PAGEMAP_EXCLUSIVE (UINT64_C(1) << 56)
#define PAGEMAP_FRAME	  ((UINT64_C(1) << 55) - 1)

/* The model's fork has copied an entry, the kernel's has not: a touch brings it. */
static bool follow(const struct member *member, uint64_t address, uint64_t *kernel)
{
	struct step step = {
		.kind = STEP_READ,
		.member = (int)(member - members),
		.address = address,
		.length = PAGE,
		.file = -1,
		.child = -1,
	};

	return subject_do(&step) == 0 &&
	       pread(member->pagemap, kernel, sizeof(*kernel), (off_t)(address / PAGE * 8)) ==
		       sizeof(*kernel) &&
	       (*kernel & PAGEMAP_PRESENT) != 0;
}

static void compare_page(const struct member *member, uint64_t address, uint64_t *now)
{
	uint64_t kernel = *now;
	struct vas_view view;
	bool present = (kernel & PAGEMAP_PRESENT) != 0, file = (kernel & PAGEMAP_FILE) != 0;
	bool guard = (kernel & PAGEMAP_GUARD) != 0;
	bool swapped = (kernel & PAGEMAP_SWAPPED) != 0 && !guard;
	char text[200];

	vas_look(member->space, address, &view);
	if (present && file && !view.present) {
		/* Mapped with its neighbours. */
		if (vas_access(member->space, address, VAS_ACCESS_READ) == 0)
			vas_look(member->space, address, &view);
	}
	if (merges_more && !present && !guard && !swapped && view.present &&
	    (view.zero || view.file) && follow(member, address, now))
		return;
	if (view.present != present || (present && view.file != file) ||
	    (guards_shown && view.guard != guard) || (!guards && view.swapped != swapped)) {
		snprintf(text, sizeof(text),
			 "process %td, %" PRIx64 ": the kernel has %s%s, the model %s%s",
			 member - members, address,
			 present   ? "a page"
			 : guard   ? "a guard"
			 : swapped ? "a slot"
				   : "nothing",
			 file ? " of a file" : "",
			 view.present	? "a page"
			 : view.guard	? "a guard"
			 : view.swapped ? "a slot"
					: "nothing",
			 view.file ? " of a file" : "");
		fail(text);
	}
}

/* Map counts, when all spaces have been looked at. */
static void compare_count(const struct member *member, uint64_t address, uint64_t kernel)
{
	uint64_t frame = kernel & PAGEMAP_FRAME, count;
	bool once = (kernel & PAGEMAP_EXCLUSIVE) != 0;
	struct vas_view view;
	char text[200];

	vas_look(member->space, address, &view);
	if (!view.present || view.zero)
		return;
	if (once != (view.mapcount == 1)) {
		snprintf(text, sizeof(text),
			 "process %td, %" PRIx64 ": the kernel says mapped %s, the model %d times",
			 member - members, address, once ? "once" : "by others too", view.mapcount);
		fail(text);
	}
	if (kpagecount < 0 || frame == 0 ||
	    pread(kpagecount, &count, sizeof(count), (off_t)(frame * sizeof(count))) !=
		    sizeof(count))
		return;
	if (count != (uint64_t)view.mapcount) {
		snprintf(text, sizeof(text),
			 "process %td, %" PRIx64 ": mapped %" PRIu64
			 " times in the kernel, %d in "
			 "the model",
			 member - members, address, count, view.mapcount);
		fail(text);
	}
}

static void compare_all(void)
{
	static uint64_t kernel[MOST_MEMBERS][WINDOW_PAGES];
	const size_t bytes = sizeof(kernel[0]);

	for (size_t i = 0; i < MOST_MEMBERS; i++) {
		if (!members[i].alive)
			continue;
		if (pread(members[i].pagemap, kernel[i], bytes, (off_t)(WINDOW / PAGE * 8)) !=
		    (ssize_t)bytes)
			fail("/proc/PID/pagemap cannot be read");
		for (size_t page = 0; page < WINDOW_PAGES; page++)
			compare_page(&members[i], WINDOW + page * PAGE, &kernel[i][page]);
	}
	for (size_t i = 0; i < MOST_MEMBERS && !copies_moved; i++) {
		for (size_t page = 0; members[i].alive && page < WINDOW_PAGES; page++)
			compare_count(&members[i], WINDOW + page * PAGE, kernel[i][page]);
	}
}

/* ---- Steps ---- */

static size_t alive_count(void)
{
	size_t count = 0;

	for (size_t i = 0; i < MOST_MEMBERS; i++)
		count += members[i].alive;
	return count;
}

static int some_member(bool alive)
{
	int start = (int)random_below(MOST_MEMBERS);

	for (int i = 0; i < MOST_MEMBERS; i++) {
		int at = (start + i) % MOST_MEMBERS;

		if (members[at].alive == alive)
			return at;
	}
	return -1;
}

static const int advices[] = {
	VAS_ADVICE_DONTNEED,	  VAS_ADVICE_FREE,	     VAS_ADVICE_WIPEONFORK,
	VAS_ADVICE_KEEPONFORK,	  VAS_ADVICE_DONTFORK,	     VAS_ADVICE_DOFORK,
	VAS_ADVICE_COLD,	  VAS_ADVICE_WILLNEED,	     VAS_ADVICE_POPULATE_READ,
	VAS_ADVICE_DONTNEED,	  VAS_ADVICE_POPULATE_WRITE, VAS_ADVICE_REMOVE,
	VAS_ADVICE_GUARD_INSTALL, VAS_ADVICE_GUARD_INSTALL,  VAS_ADVICE_GUARD_REMOVE,
};

static void choose_range(struct step *step)
{
	uint64_t page = random_below(WINDOW_PAGES);
	uint64_t most = WINDOW_PAGES - page < 24 ? WINDOW_PAGES - page : 24;

	step->address = WINDOW + page * PAGE;
	step->length = (1 + random_below(most)) * PAGE;
}

static struct step choose_step(void)
{
	static const enum step_kind kinds[] = {
		STEP_MAP,    STEP_MAP,	    STEP_MAP,	 STEP_UNMAP,  STEP_PROTECT,
		STEP_MOVE,   STEP_MOVE,	    STEP_ADVISE, STEP_ADVISE, STEP_LOCK,
		STEP_UNLOCK, STEP_TRUNCATE, STEP_FORK,	 STEP_EXIT,
	};
	static const uint32_t prots[] = { 3, 3, 3, 1, 0, 2 };
	struct step step = { .file = -1, .child = -1 };
	uint64_t dice = random_below(40);

	step.member = some_member(true);
	step.kind = dice < 26 ? (dice < 9 ? STEP_READ : STEP_WRITE)
			      : kinds[random_below(sizeof(kinds) / sizeof(kinds[0]))];
	choose_range(&step);
	step.prot = prots[random_below(6)];
	switch (step.kind) {
	case STEP_MAP:
		step.shared = random_below(3) == 0;
		step.locked = random_below(12) == 0;
		if (random_below(2) == 0) {
			step.file = (int)random_below(FILES);
			step.offset = random_below(FILE_PAGES) * PAGE;
		}
		break;
	case STEP_MOVE:
		step.to = WINDOW + random_below(WINDOW_PAGES - step.length / PAGE + 1) * PAGE;
		break;
	case STEP_ADVISE:
		step.advice = advices[random_below(sizeof(advices) / sizeof(advices[0]) -
						   (guards ? 0 : 3))];
		break;
	case STEP_TRUNCATE:
		step.file = (int)random_below(FILES);
		step.length = random_below(FILE_PAGES + 1) * PAGE;
		break;
	case STEP_FORK:
		step.child = some_member(false);
		if (step.child < 0)
			step.kind = STEP_READ;
		break;
	case STEP_EXIT:
		if (alive_count() == 1)
			step.kind = STEP_WRITE;
		break;
	default:
		break;
	}
	return step;
}

static void open_member(struct member *member, pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	member->pid = pid;
	member->pagemap = open(path, O_RDONLY | O_CLOEXEC);
	member->alive = true;
	if (member->pagemap < 0)
		fail("/proc/PID/pagemap cannot be opened");
}

static void do_step(const struct step *step)
{
	int kernel = subject_do(step), model = model_step(step);
	char text[100];

	if (step->kind == STEP_FORK && kernel > 0) {
		open_member(&members[step->child], (pid_t)kernel);
		kernel = 0;
	}
	if (step->kind == STEP_EXIT) {
		members[step->member].alive = false;
		close(members[step->member].pagemap);
		subject_wait(members[step->member].pid);
	}
	if (kernel != model) {
		snprintf(text, sizeof(text), "the kernel says %d, the model %d", kernel, model);
		fail(text);
	}
}

static uint32_t running_kernel(void)
{
	struct utsname name;
	unsigned major = 6, minor = 18;

	if (uname(&name) == 0)
		(void)sscanf(name.release, "%u.%u", &major, &minor);
	return VAS_KERNEL(major, minor);
}

static void start_model(void)
{
	static struct vas_settings settings;
	struct vas_machine_config config = {
		.frames = FRAMES,
		.settings = &settings,
		.anon_rmap = anon_rmap,
		.file_rmap = file_rmap,
	};
	struct vas_space_config space;

	vas_settings_default(&settings);
	settings.kernel = running_kernel();
	guards = settings.kernel >= VAS_KERNEL(6, 13);
	guards_shown = settings.kernel >= VAS_KERNEL(6, 15);
	vas_space_default(&space, &settings);
	space.privileges = VAS_MAY_LOCK | VAS_MAY_RAWIO | VAS_MAY_RESOURCE | VAS_MAY_ADMIN;
	if (vas_machine_create(&config, &machine) != 0 ||
	    vas_machine_space(machine, &space, &members[0].space) != 0)
		fail("no memory");
	copies_moved = vas_anon_rmap_find(anon_rmap)->copies_moved;
	for (int i = 0; i < FILES; i++) {
		struct vas_object_open open = {
			.size = FILE_PAGES * PAGE,
			.flags = VAS_FILE_READ | VAS_FILE_WRITE | VAS_FILE_SHARED_MEMORY,
			.inode = (uint64_t)i + 1,
			.name = "memfd",
		};

		if (vas_object_open(machine, &open, &files[i]) != 0)
			fail("no memory");
	}
}

static void skip(const char *why)
{
	printf("%s\n", why);
	exit(STATUS_SKIP);
}

static void print_text(void *context, const char *text, size_t length)
{
	(void)context;
	printf("# ");
	fwrite(text, 1, length, stdout);
}

int main(int argc, char **argv)
{
	const struct vas_printer printer = { .print = print_text };
	uint64_t steps = 20000, signals = 0, forks = 0;

	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--steps=", 8) == 0)
			steps = strtoull(argv[i] + 8, NULL, 10);
		else if (strncmp(argv[i], "--seed=", 7) == 0)
			seed = strtoull(argv[i] + 7, NULL, 10);
		else if (strncmp(argv[i], "--anon-rmap=", 12) == 0)
			merges_more = strcmp(anon_rmap = argv[i] + 12, "anon-vma-chain") != 0;
		else if (strncmp(argv[i], "--file-rmap=", 12) == 0)
			file_rmap = argv[i] + 12;
	}
	state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	kpagecount = open("/proc/kpagecount", O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < FILES; i++) {
		descriptors[i] = memfd_create("faults", MFD_CLOEXEC);
		if (descriptors[i] < 0 || ftruncate(descriptors[i], FILE_PAGES * PAGE) != 0)
			skip("memfd_create does not work");
	}
	if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0)
		skip("huge pages cannot be turned off for this process");
	start_model();
	open_member(&members[0], subject_start(descriptors));
	printf("# seed %" PRIu64 "%s\n", seed,
	       kpagecount < 0 ? ", map counts not checked: /proc/kpagecount needs root" : "");
	for (uint64_t i = 0; i < steps; i++) {
		last = choose_step();
		do_step(&last);
		signals += (last.kind == STEP_READ || last.kind == STEP_WRITE);
		forks += last.kind == STEP_FORK;
		compare_all();
		if (i % 1000 == 0 && !vas_machine_check_walks(machine, &printer))
			fail("a walk of the reverse map is wrong");
	}
	for (size_t i = 0; i < MOST_MEMBERS; i++) {
		if (members[i].alive) {
			kill(members[i].pid, SIGKILL);
			vas_space_destroy(members[i].space);
		}
	}
	for (int i = 0; i < FILES; i++)
		vas_file_put(files[i]);
	vas_machine_destroy(machine);
	printf("ok 1 - %" PRIu64 " steps as the kernel's: %" PRIu64 " touches, %" PRIu64
	       " forks\n1..1\n",
	       steps, signals, forks);
	return 0;
}
