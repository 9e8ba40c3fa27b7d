/* An interpreter of a small stack machine: table branches (TBB, TBH) that are hard to predict. */
#include "bench.h"

enum opcode { PUSH, ADD, SUB, MUL, XOR, ROTATE, DUP, SWAP, LOAD, STORE, LESS, JUMP_IF_NOT, JUMP, RANDOM, FOLD, HALT };

/* i = 0; do { x = random; fold(x < 2^31 ? x ^ i : rotate((x - i) * x)); i = i + 1 } while (i < 250000); */
static const uint32_t program[] = {
	/*  0 */ PUSH, 0, STORE, 0,
	/*  4 */ RANDOM, STORE, 1,
	/*  7 */ LOAD, 1, PUSH, 0x80000000u, LESS, JUMP_IF_NOT, 22,
	/* 14 */ LOAD, 1, LOAD, 0, XOR, FOLD, JUMP, 33,
	/* 22 */ LOAD, 0, LOAD, 1, SWAP, SUB, LOAD, 1, MUL, ROTATE, FOLD,
	/* 33 */ LOAD, 0, PUSH, 1, ADD, DUP, STORE, 0,
	/* 41 */ PUSH, 250000, LESS, JUMP_IF_NOT, 48, JUMP, 4,
	/* 48 */ HALT,
};

uint32_t bench(void)
{
	uint32_t stack[16], *top = stack, variables[2] = { 0 }, hash = FOLD_START, seed = 17;
	for (const uint32_t *pc = program;;) {
		switch ((enum opcode)*pc++) {
		case PUSH:
			*top++ = *pc++;
			break;
		case ADD:
			top--;
			top[-1] += top[0];
			break;
		case SUB:
			top--;
			top[-1] -= top[0];
			break;
		case MUL:
			top--;
			top[-1] *= top[0];
			break;
		case XOR:
			top--;
			top[-1] ^= top[0];
			break;
		case ROTATE:
			top[-1] = top[-1] << 9 | top[-1] >> 23;
			break;
		case DUP:
			top[0] = top[-1];
			top++;
			break;
		case SWAP: {
			uint32_t swapped = top[-1];
			top[-1] = top[-2];
			top[-2] = swapped;
			break;
		}
		case LOAD:
			*top++ = variables[*pc++];
			break;
		case STORE:
			variables[*pc++] = *--top;
			break;
		case LESS:
			top--;
			top[-1] = top[-1] < top[0];
			break;
		case JUMP_IF_NOT:
			pc = *--top ? pc + 1 : program + *pc;
			break;
		case JUMP:
			pc = program + *pc;
			break;
		case RANDOM:
			*top++ = xorshift(&seed);
			break;
		case FOLD:
			hash = fold(hash, *--top);
			break;
		case HALT:
			return hash;
		}
	}
}
