/*
 * Runs a program and prints its result through semihosting. With GCOV, when the program is instrumented, the counters follow as
 * hexadecimal lines: what gcov reads from .gcda files elsewhere.
 */
#include "print.h"
#include "semihosting.h"
#include "shapes.h"

#ifdef GCOV
struct gcov_info;
extern const struct gcov_info *const __start_gcov_info[];
extern const struct gcov_info *const __stop_gcov_info[];
void __gcov_info_to_gcda(const struct gcov_info *info, void (*filename)(const char *, void *),
			 void (*dump)(const void *, unsigned, void *), void *(*allocate)(unsigned, void *), void *argument);

static uint8_t heap[64 * 1024];
static uint32_t used;

static void filename(const char *name, void *argument)
{
	(void)argument;
	(void)name;
}

static void dump(const void *data, unsigned size, void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < size; i++) print("%s%02x", i % 32 == 0 ? "\ngcda " : "", ((const uint8_t *)data)[i]);
}

static void *allocate(unsigned size, void *argument)
{
	(void)argument;
	void *result = &heap[used];
	used += (size + 7) & ~7u;
	return result;
}

static void report(void)
{
	for (const struct gcov_info *const *info = __start_gcov_info; info != __stop_gcov_info; info++)
		__gcov_info_to_gcda(*info, filename, dump, allocate, 0);
	print("\n");
}
#else
static void report(void) {}
#endif

int main(void)
{
	print("result %08lx\n", run());
	report();
	semihosting_exit(0);
}
