/*
 * Functions of many signatures, for tests of calls and stubs by the kit. After its start it sleeps; SysTick wakes it when told to.
 *
 *     arm-none-eabi-gcc -mcpu=cortex-m7 -mthumb -mfloat-abi=soft -O2 -g -ffreestanding -nostdlib -T functions.ld functions.c -lgcc -o functions.elf
 *     arm-none-eabi-gcc -mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-d16 -O2 -g -ffreestanding -nostdlib -T functions.ld functions.c -lgcc -o functions-hard.elf
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define API __attribute__((noinline, noclone, used, externally_visible))
#define REG32(address) (*(volatile uint32_t *)(address))

enum mode { MODE_IDLE, MODE_RUN = 5, MODE_STOP = -1 };

struct point {
	int16_t x;
	int16_t y;
};

struct sample {
	uint64_t stamp;
	uint32_t value;
	char name[8];
};

struct pair {
	float a;
	float b;
};

volatile uint32_t ticks;
volatile uint32_t wanted;
volatile int32_t outcome;
struct sample last = { 1, 2, "boot" };

API uint16_t crc16(const uint8_t *data, size_t length)
{
	uint16_t crc = 0xffff;
	for (size_t i = 0; i < length; i++) {
		crc ^= (uint16_t)(data[i] << 8);
		for (int bit = 0; bit < 8; bit++) crc = (uint16_t)(crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1);
	}
	return crc;
}

API int8_t negate8(int8_t value) { return (int8_t)-value; }
API bool both(bool a, bool b) { return a && b; }
API int64_t add64(int32_t first, int64_t a, int64_t b) { return first + a + b; }
API float halve(float value) { return value / 2; }
API double blend(double a, float weight, double b, int unused) { (void)unused; return a * (double)weight + b * (1.0 - (double)weight); }
API enum mode next_mode(enum mode mode) { return mode == MODE_IDLE ? MODE_RUN : MODE_STOP; }
API size_t length_of(const char *text) { size_t n = 0; while (text[n]) n++; return n; }
API void sort3(uint32_t *v) { for (int i = 0; i < 3; i++) for (int j = i + 1; j < 3; j++) if (v[j] < v[i]) { uint32_t t = v[i]; v[i] = v[j]; v[j] = t; } }
API void reverse(uint8_t *bytes, size_t length) { for (size_t i = 0; i < length / 2; i++) { uint8_t t = bytes[i]; bytes[i] = bytes[length - 1 - i]; bytes[length - 1 - i] = t; } }
API int many(int a, int b, int c, int d, int e, int f) { return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f; }
API struct point mirror(struct point p) { struct point m = { p.y, p.x }; return m; }
API struct sample stamp(uint64_t time, uint32_t value) { struct sample s = { time, value, "made" }; return s; }
API uint32_t weigh(struct sample s) { return (uint32_t)s.stamp + s.value + (uint32_t)s.name[0]; }
API void touch(struct sample *s) { s->value++; s->name[0] = 'T'; }
API float sum_pair(struct pair p) { return p.a + p.b; }
API const char *greeting(void) { return "hello"; }

/* Waits for interrupts. */
API uint32_t wait_ticks(uint32_t count)
{
	uint32_t end = ticks + count;
	REG32(0xe000e014) = 3999;
	REG32(0xe000e018) = 0;
	REG32(0xe000e010) = 7;
	while ((int32_t)(ticks - end) < 0) __asm__ volatile("wfi");
	REG32(0xe000e010) = 0;
	return ticks;
}

API void forever(void) { for (;;) __asm__ volatile(""); }
API int crash(void) { __asm__ volatile("udf #1"); return 1; }

/* What the firmware itself calls, once for each count of `wanted`. */
API int32_t read_sensor(uint8_t channel, int16_t offset) { __asm__ volatile(""); return channel * 100 + offset; }

void SysTick_Handler(void) { ticks++; }
void Default_Handler(void) { for (;;) {} }

extern uint32_t data_start, data_end, data_load, bss_start, bss_end, stack_top;

void main_loop(void)
{
	REG32(0xe000e014) = 39999;
	REG32(0xe000e018) = 0;
	REG32(0xe000e010) = 7;
	for (;;) {
		__asm__ volatile("wfi");
		while (wanted) {
			wanted--;
			outcome = read_sensor(3, -7);
		}
	}
}

__attribute__((naked, used)) void Reset_Handler(void)
{
	__asm__ volatile("ldr r0, =0xe000ed88\n ldr r1, [r0]\n orr r1, #0xf00000\n str r1, [r0]\n dsb\n isb\n b start_c");
}

__attribute__((used)) void start_c(void)
{
	uint32_t *to = &data_start;
	const uint32_t *from = &data_load;
	while (to < &data_end) *to++ = *from++;
	for (to = &bss_start; to < &bss_end;) *to++ = 0;
	main_loop();
}

__attribute__((section(".vectors"), used)) void *const vectors[16] = {
	&stack_top, (void *)Reset_Handler, (void *)Default_Handler, (void *)Default_Handler, (void *)Default_Handler, (void *)Default_Handler,
	(void *)Default_Handler, 0, 0, 0, 0, (void *)Default_Handler, (void *)Default_Handler, 0, (void *)Default_Handler, (void *)SysTick_Handler,
};
