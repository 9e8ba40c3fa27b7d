/*
 * Exchanges messages with a firmware that echoes them (images/imx8mp_echo8.elf), through `imx-sim --rpmsg-sock`, and checks contents and order.
 *
 *     cc -O2 -o rpmsg_exchange rpmsg_exchange.c
 *     rpmsg_exchange SOCKET SERVICE COUNT WINDOW
 *
 * WINDOW messages are under way at a time; with 1 each waits for its echo. Prints one line of JSON.
 *
 * SPDX-License-Identifier: MIT
 */
#include <time.h>

#include "imx_rpmsg_sock.h"

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

/* Message n: its number, then bytes that depend on it; 4 to 496 of them. */
static uint32_t compose(uint32_t n, uint8_t *data)
{
	uint32_t length = 4 + (n * 37) % (IMX_RPMSG_MTU - 3), i, state = n * 2654435761u + 1;

	imx_rpmsg_put32(data, n);
	for (i = 4; i < length; i++) {
		state = state * 1664525u + 1013904223u;
		data[i] = (uint8_t)(state >> 24);
	}
	return length;
}

/* The address of the service, once it is announced. */
static uint32_t find(struct imx_rpmsg *r, const char *service)
{
	struct imx_rpmsg_channel channels[80];
	int tries, count, i;

	for (tries = 0; tries < 1000; tries++) {
		count = imx_rpmsg_list(r, channels, 80);
		if (count < 0)
			die("list");
		for (i = 0; i < count && i < 80; i++) {
			if (strncmp(channels[i].name, service, sizeof(channels[i].name)) == 0)
				return channels[i].dst;
		}
		poll(NULL, 0, 10);
	}
	fprintf(stderr, "no channel %s\n", service);
	exit(1);
}

int main(int argc, char **argv)
{
	uint8_t sent[IMX_RPMSG_MTU], got[IMX_RPMSG_MTU + 1];
	uint32_t count, window, out = 0, in = 0, length;
	struct timespec begin, end;
	struct imx_rpmsg *r;
	uint64_t bytes = 0;
	double seconds;
	ssize_t n;

	if (argc != 5) {
		fprintf(stderr, "usage: %s <socket> <service> <count> <window>\n", argv[0]);
		return 2;
	}
	count = (uint32_t)strtoul(argv[3], NULL, 10);
	window = (uint32_t)strtoul(argv[4], NULL, 10);
	r = imx_rpmsg_connect(argv[1]);
	if (!r)
		die(argv[1]);
	if (imx_rpmsg_create(r, 0, argv[2], IMX_RPMSG_ADDR_ANY, find(r, argv[2]), IMX_RPMSG_WAIT) < 0)
		die("create");
	clock_gettime(CLOCK_MONOTONIC, &begin);
	while (in < count) {
		while (out < count && out - in < window) {
			length = compose(out, sent);
			if (imx_rpmsg_post(r, sent, length, 0) < 0)
				die("write");
			out++;
		}
		n = imx_rpmsg_read(r, got, sizeof(got));
		if (n < 0)
			die("read");
		length = compose(in, sent);
		if ((uint32_t)n != length || memcmp(sent, got, length) != 0) {
			fprintf(stderr, "message %u came back as another: %zd bytes, number %u\n", in, n, imx_rpmsg_get32(got));
			return 1;
		}
		bytes += length;
		in++;
	}
	if (imx_rpmsg_flush(r) < 0)
		die("write");
	clock_gettime(CLOCK_MONOTONIC, &end);
	/* Nothing comes twice. */
	if (imx_rpmsg_poll(r, 100) != 0) {
		fprintf(stderr, "a message too many\n");
		return 1;
	}
	seconds = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	printf("{\"messages\":%u,\"bytes\":%llu,\"seconds\":%.3f,\"perSecond\":%.0f}\n", in, (unsigned long long)bytes, seconds, in / seconds);
	imx_rpmsg_close(r);
	return 0;
}
