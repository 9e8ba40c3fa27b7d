/*
 * Exchanges lines with a firmware that echoes them (images/imx8mp_echo.elf) over a terminal: `imx-sim --tty ttyRPMSG30=pty:PATH`. It does to the
 * terminal what minicom and picocom do, and checks contents and order.
 *
 *     cc -O2 -o tty_exchange tty_exchange.c
 *     tty_exchange PATH COUNT WINDOW
 *
 * WINDOW lines are under way at a time. Prints one line of JSON.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

/*
 * What was said before: until it is quiet. What came while the tty was closed stays in its flip buffer until something else comes, which is why
 * this says something.
 */
static void drain(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char bytes[4096];

	if (write(fd, "\n", 1) != 1 || poll(&pfd, 1, 60000) <= 0)
		die("no echo");
	while (poll(&pfd, 1, 500) > 0 && read(fd, bytes, sizeof(bytes)) > 0)
		;
}

/* Line n: its number and 0 to 60 letters. */
static size_t compose(unsigned n, char *line)
{
	size_t length = (size_t)sprintf(line, "message %u ", n), end = length + n % 61, i;

	for (i = length; i < end; i++)
		line[i] = (char)('a' + (n + i) % 26);
	line[end] = '\n';
	return end + 1;
}

int main(int argc, char **argv)
{
	char expected[128], sent[128], got[65536];
	unsigned count, window, out = 0, in = 0;
	size_t left = 0, at = 0, want, match = 0;
	struct termios settings;
	struct timespec begin, end;
	double seconds;
	int fd;

	if (argc != 4) {
		fprintf(stderr, "usage: %s <terminal> <count> <window>\n", argv[0]);
		return 2;
	}
	count = (unsigned)strtoul(argv[2], NULL, 10);
	window = (unsigned)strtoul(argv[3], NULL, 10);
	fd = open(argv[1], O_RDWR | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		die(argv[1]);
	if (tcgetattr(fd, &settings) < 0)
		die("tcgetattr");
	settings.c_iflag = IGNBRK;
	settings.c_oflag = 0;
	settings.c_lflag = 0;
	settings.c_cflag = CS8 | CREAD | CLOCAL;
	settings.c_cc[VMIN] = 1;
	settings.c_cc[VTIME] = 5;
	cfsetispeed(&settings, B115200);
	cfsetospeed(&settings, B115200);
	if (tcsetattr(fd, TCSANOW, &settings) < 0)
		die("tcsetattr");
	drain(fd);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	want = compose(0, expected);
	while (in < count) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		ssize_t n, i;

		if (left == 0 && out < count && out - in < window) {
			left = compose(out++, sent);
			at = 0;
		}
		if (left > 0)
			pfd.events |= POLLOUT;
		if (poll(&pfd, 1, 60000) <= 0) {
			fprintf(stderr, "nothing for 60 s: %u sent, %u came back\n", out, in);
			return 1;
		}
		if (left > 0 && (pfd.revents & POLLOUT)) {
			n = write(fd, sent + at, left);
			if (n < 0 && errno != EAGAIN)
				die("write");
			if (n > 0) {
				at += (size_t)n;
				left -= (size_t)n;
			}
		}
		if (!(pfd.revents & POLLIN))
			continue;
		n = read(fd, got, sizeof(got));
		if (n < 0 && errno != EAGAIN)
			die("read");
		for (i = 0; i < n; i++) {
			if (got[i] != expected[match]) {
				fprintf(stderr, "line %u, byte %zu: 0x%02x instead of 0x%02x\n", in, match, got[i] & 0xff, expected[match] & 0xff);
				return 1;
			}
			if (++match < want)
				continue;
			in++;
			match = 0;
			want = compose(in, expected);
		}
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	seconds = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	printf("{\"messages\":%u,\"seconds\":%.3f,\"perSecond\":%.0f}\n", in, seconds, in / seconds);
	close(fd);
	return 0;
}
