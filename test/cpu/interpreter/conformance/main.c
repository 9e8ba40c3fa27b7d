/*
 * Executes every operation of operations.S on pseudo-random and edge operands, in every combination of FPSCR's rounding mode, FZ, DN and
 * AHP, and prints one hash of all results for each. Nothing here depends on the machine, so QEMU's output is the reference.
 */
typedef unsigned u32;
typedef unsigned long long u64;

extern void (*const operations[])(u32 *);
extern const char *const names[];
extern const int integers, total;

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void print(const char *text) {
  register u32 r0 asm("r0") = 4;
  register const char *r1 asm("r1") = text;
  asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

static void printHex(u32 value) {
  char text[10];
  for (int i = 7; i >= 0; i--, value >>= 4) text[i] = "0123456789abcdef"[value & 15];
  text[8] = '\n';
  text[9] = 0;
  print(text);
}

static u32 state;
static u32 random32(void) {
  state ^= state << 13;
  state ^= state >> 17;
  return state ^= state << 5;
}

static const u32 integerEdges[] = {0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0x8000, 0x7fff, 0xffff8000, 0x80008000,
                                   0x7fff7fff, 0xff, 0x80, 0x1f, 0x20, 0x21, 0x100, 0x80808080, 0x7f7f7f7f};
static const u32 floatEdges[] = {0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001, 0xffc12345,
                                 0xff812345, 1, 0x80000001, 0x007fffff, 0x00800000, 0x00800001, 0x7f7fffff, 0xff7fffff, 0x3f000000,
                                 0x3fc00000, 0x4f000000, 0x4effffff, 0xcf000000, 0x4f800000, 0x3effffff, 0x477fe000, 0x477ff000,
                                 0x33800000, 0x38800000, 0x387fffff, 0x33000000, 0x33000001, 0x5f000000, 0x20000000, 0x1f800000,
                                 0x40490fdb, 0x4b000000, 0x4b000001, 0x4affffff, 0x40200000, 0xc0200000, 0x3f7fffff};

static u32 single(void) {
  switch (random32() & 7) {
  case 0: case 1: case 2: return floatEdges[random32() % COUNT(floatEdges)];
  case 3: return random32();
  case 4: return (random32() & 0x807fffff) | (((random32() & 31) + 112) << 23);
  case 5: return (random32() & 0x80ff0000) | 0x3f000000;
  case 6: return random32() & 0x80ffffff;
  default: return (random32() & 0x807fffff) | (((random32() & 3) + 126) << 23);
  }
}

/* The single edges carried over to double, by exponent class. */
static u64 doubleEdge(void) {
  u32 edge = floatEdges[random32() % COUNT(floatEdges)];
  u32 exponent = (edge >> 23) & 255;
  u64 sign = (u64)(edge >> 31) << 63;
  u64 fraction = ((u64)(edge & 0x7fffff)) << 29;
  if (random32() & 1) fraction |= edge & 3;
  if (exponent == 0) {
    u32 rest = edge & 0x7fffff;
    if (rest == 0) return sign;
    return sign | ((random32() & 1) ? rest : 0x000fffffffffffffull - (edge & 3));
  }
  if (exponent == 255) return sign | 0x7ff0000000000000ull | fraction;
  if (exponent == 254) return sign | 0x7fefffffffffffffull;
  if (exponent == 1) return sign | 0x0010000000000000ull | fraction;
  return sign | ((u64)(exponent - 127 + 1023) << 52) | fraction;
}

static u64 twice(void) {
  u32 kind = random32() & 7;
  if (kind < 3) return doubleEdge();
  u64 bits = (u64)random32() << 32;
  bits |= random32();
  switch (kind) {
  case 3: return bits;
  case 4: return (bits & 0x800fffffffffffffull) | ((u64)(1023 - 20 + (random32() & 63)) << 52);
  case 5: return (bits & 0x801f000000000000ull) | ((u64)(1022 + (random32() & 3)) << 52);
  case 6: return bits & 0x801fffffffffffffull;
  default: return (bits & 0x800fffffffffffffull) | ((u64)(1022 + (random32() & 3)) << 52);
  }
}

static u32 block[12];
static u32 hash;

static void run(int index, int words) {
  operations[index](block);
  for (int i = 0; i < words; i++) {
    hash = (hash ^ block[i]) * 0x01000193;
    hash ^= hash >> 15;
  }
}

static void integer(int index) {
  for (int i = 0; i < 4; i++) block[i] = (random32() & 3) ? random32() : integerEdges[random32() % COUNT(integerEdges)];
  if ((random32() & 7) == 0) block[2] &= 63;
  if ((random32() & 7) == 0) block[1] &= 63;
  block[4] = random32() & 0xf80f0000;
  run(index, 5);
}

static void floating(int index, int isDouble, u32 mode) {
  for (int i = 0; i < 4; i++) {
    u64 bits = twice();
    if (!isDouble) {
      bits = (u64)single() << 32;
      bits |= single();
    }
    block[2 * i] = (u32)bits;
    block[2 * i + 1] = bits >> 32;
  }
  u32 variant = random32();
  if (!isDouble && (variant & 3) == 0) block[2] = random32();
  if ((variant & 12) == 0) block[0] &= 0xffff;
  if (!isDouble && (variant & 0x70) == 0) block[1] = block[0] ^ 0x80000000;
  block[8] = ((mode & 3) << 22) | ((mode >> 2) << 24) | (random32() & 0xf0000010);
  block[9] = random32() & 0xf80f0000;
  block[10] = random32();
  block[11] = random32();
  run(index, 12);
}

int main(void) {
  for (int index = 0; index < total; index++) {
    int isDouble = 0;
    for (const char *at = names[index]; *at; at++) isDouble |= at[0] == 'f' && at[1] == '6';
    state = 12345 + index * 77777;
    hash = 0x811c9dc5;
    if (index < integers) {
      for (int round = 0; round < 200; round++) integer(index);
    } else {
      for (u32 mode = 0; mode < 32; mode++)
        for (int round = 0; round < 8; round++) floating(index, isDouble, mode);
    }
    print(names[index]);
    print(" = ");
    printHex(hash);
  }
  return 0;
}
