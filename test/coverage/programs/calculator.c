/*
 * A scanner, a parser by recursive descent, a small stack machine and a queue: code as firmware has it, for coverage to be compared with gcov.
 */
#include "shapes.h"

#define STACK 8
#define QUEUE 4
#define IS_DIGIT(c) ((c) >= '0' && (c) <= '9')
#define CHECK(condition, code) \
	do { \
		if (!(condition)) { \
			error = (code); \
			return 0; \
		} \
	} while (0)

enum error { OK, BAD_CHARACTER, BAD_EXPRESSION, DIVISION_BY_ZERO, TOO_DEEP };
enum token { END, NUMBER, PLUS, MINUS, TIMES, DIVIDE, OPEN, CLOSE };
enum operation { PUSH, ADD, SUBTRACT, MULTIPLY, NEGATE, DUPLICATE, SWAP, JUMP_IF_ZERO, JUMP, HALT };

struct scanner {
	const char *at;
	enum token token;
	int32_t value;
};

struct queue {
	int32_t items[QUEUE];
	uint8_t first, count;
	uint32_t dropped;
};

static enum error error;
static uint32_t depth;

static void next(struct scanner *scanner)
{
	while (*scanner->at == ' ' || *scanner->at == '\t')
		scanner->at++;
	char c = *scanner->at;
	if (IS_DIGIT(c)) {
		scanner->value = 0;
		while (IS_DIGIT(*scanner->at))
			scanner->value = scanner->value * 10 + (*scanner->at++ - '0');
		scanner->token = NUMBER;
		return;
	}
	switch (c) {
	case '\0': scanner->token = END; return;
	case '+': scanner->token = PLUS; break;
	case '-': scanner->token = MINUS; break;
	case '*': scanner->token = TIMES; break;
	case '/': scanner->token = DIVIDE; break;
	case '(': scanner->token = OPEN; break;
	case ')': scanner->token = CLOSE; break;
	default:
		error = BAD_CHARACTER;
		scanner->token = END;
	}
	scanner->at++;
}

static int32_t expression(struct scanner *scanner);

static int32_t factor(struct scanner *scanner)
{
	int32_t value;
	switch (scanner->token) {
	case NUMBER:
		value = scanner->value;
		next(scanner);
		return value;
	case MINUS:
		next(scanner);
		return -factor(scanner);
	case OPEN:
		CHECK(depth < 5, TOO_DEEP);
		depth++;
		next(scanner);
		value = expression(scanner);
		depth--;
		if (scanner->token != CLOSE) {
			error = error ? error : BAD_EXPRESSION;
			return 0;
		}
		next(scanner);
		return value;
	default:
		error = BAD_EXPRESSION;
		return 0;
	}
}

static int32_t term(struct scanner *scanner)
{
	int32_t value = factor(scanner);
	while (!error && (scanner->token == TIMES || scanner->token == DIVIDE)) {
		enum token operation = scanner->token;
		next(scanner);
		int32_t right = factor(scanner);
		if (operation == TIMES)
			value *= right;
		else {
			CHECK(right != 0, DIVISION_BY_ZERO);
			value /= right;
		}
	}
	return value;
}

static int32_t expression(struct scanner *scanner)
{
	int32_t value = term(scanner);
	for (;;) {
		if (error)
			return 0;
		else if (scanner->token == PLUS) {
			next(scanner);
			value += term(scanner);
		} else if (scanner->token == MINUS) {
			next(scanner);
			value -= term(scanner);
		} else
			return value;
	}
}

static int32_t evaluate(const char *text)
{
	struct scanner scanner = { .at = text };
	error = OK; depth = 0;
	next(&scanner);
	int32_t value = expression(&scanner);
	if (!error && scanner.token != END)
		error = BAD_EXPRESSION;
	return error ? -(int32_t)error : value;
}

static int32_t execute(const int8_t *code, uint32_t *steps)
{
	int32_t stack[STACK] = { 0 };
	uint32_t top = 0;
	for (const int8_t *pc = code; *steps < 1000; ++*steps) {
		switch ((enum operation)*pc++) {
		case PUSH:
			if (top == STACK)
				goto overflow;
			stack[top++] = *pc++;
			break;
		case ADD: top--; stack[top - 1] += stack[top]; break;
		case SUBTRACT: top--; stack[top - 1] -= stack[top]; break;
		case MULTIPLY:
			top--;
			stack[top - 1] *= stack[top];
			break;
		case NEGATE:
			stack[top - 1] = -stack[top - 1];
			break;
		case DUPLICATE:
			if (top == STACK) goto overflow;
			stack[top] = stack[top - 1];
			top++;
			break;
		case SWAP: {
			int32_t other = stack[top - 1];
			stack[top - 1] = stack[top - 2];
			stack[top - 2] = other;
			break;
		}
		case JUMP_IF_ZERO:
			pc += stack[--top] == 0 ? *pc : 1;
			break;
		case JUMP:
			pc += *pc;
			break;
		case HALT:
			return top > 0 ? stack[top - 1] : 0;
		}
	}
	return -1;

overflow:
	return -2;
}

static int put(struct queue *queue, int32_t item)
{
	if (queue->count == QUEUE) {
		queue->dropped++;
		return 0;
	}
	queue->items[(queue->first + queue->count++) % QUEUE] = item;
	return 1;
}

static int get(struct queue *queue, int32_t *item)
{
	if (!queue->count)
		return 0;
	*item = queue->items[queue->first];
	queue->first = (uint8_t)((queue->first + 1) % QUEUE);
	queue->count--;
	return 1;
}

static void sort(int32_t *list, int length)
{
	for (int i = 1; i < length; i++) {
		int32_t item = list[i];
		int j = i;
		for (; j > 0 && list[j - 1] > item; j--)
			list[j] = list[j - 1];
		list[j] = item;
	}
}

static uint32_t crc16(const uint8_t *bytes, uint32_t length)
{
	uint32_t crc = 0xffff;
	while (length--) {
		crc ^= (uint32_t)*bytes++ << 8;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
		crc &= 0xffff;
	}
	return crc;
}

uint32_t run(void)
{
	static const char *const texts[] = {
		"1 + 2 * 3", "(1 + 2) * 3", "-4 * -(2 - 7)", "100 / 7 / 2", "8 / (4 - 4)",
		"2 $ 2", "((((((1))))))", "(1", "12 34", "*", "",
	};
	/* 5! by a loop: what is left of the counter, the product below it. */
	static const int8_t factorial[] = {
		PUSH, 1, PUSH, 5,
		DUPLICATE, JUMP_IF_ZERO, 12,
		SWAP, PUSH, 1, MULTIPLY, SWAP, PUSH, 1, SUBTRACT, JUMP, -11,
		HALT, HALT,
	};
	static const int8_t deep[] = { PUSH, 1, JUMP, -3 };
	uint32_t hash = 1;
	uint32_t steps = 0;
	for (uint32_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		hash = mix(hash, (uint32_t)evaluate(texts[i]));
	hash = mix(hash, (uint32_t)execute(factorial, &steps) + steps);
	hash = mix(hash, (uint32_t)execute(deep, &steps));
	struct queue queue = { .first = 2 };
	int32_t list[QUEUE + 2] = { 0 };
	int length = 0;
	for (int32_t i = 0; i < 6; i++)
		if (!put(&queue, (i * 7) % 5))
			hash++;
	while (get(&queue, &list[length]))
		length++;
	sort(list, length);
	for (int i = 0; i < length; i++) hash = mix(hash, (uint32_t)magnitude(list[i]));
	hash = mix(hash, crc16((const uint8_t *)"123456789", 9));
	return clamp(hash, 0, 0xfffffff0u) ^ queue.dropped;
}
