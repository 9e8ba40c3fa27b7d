/*
 * A program as it is written for a board: rpmsg_ctrl, rpmsg_char and nothing else. With rpmsg_preload.so it runs here unchanged.
 *
 *     board_program CTRL DESTINATION COUNT
 *
 * Exchanges COUNT messages with the endpoint DESTINATION, which echoes them, by poll and O_NONBLOCK, then by blocking reads; then ends the endpoint
 * and looks at the errors that follow.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/rpmsg.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static void expect(const char *what, long result, int error)
{
	if (result >= 0 || errno != error) {
		fprintf(stderr, "%s: %ld, %s instead of %s\n", what, result, strerror(errno), strerror(error));
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct rpmsg_endpoint_info info = { .name = "board-program", .src = 0x4d2 };
	unsigned char sent[497], got[512];
	int ctrl, fd, n, count;
	ssize_t length;

	if (argc != 4)
		return 2;
	info.dst = (unsigned)strtoul(argv[2], NULL, 0);
	count = atoi(argv[3]);
	expect("no such control device", open("/dev/rpmsg_ctrl9", O_RDWR), ENOENT);
	ctrl = open(argv[1], O_RDWR);
	if (ctrl < 0)
		die(argv[1]);
	if (ioctl(ctrl, RPMSG_CREATE_EPT_IOCTL, &info) < 0)
		die("RPMSG_CREATE_EPT_IOCTL");
	fd = open("/dev/rpmsg0", O_RDWR | O_NONBLOCK);
	if (fd < 0)
		die("/dev/rpmsg0");
	expect("second open", open("/dev/rpmsg0", O_RDWR), EBUSY);
	expect("nothing to read", read(fd, got, sizeof(got)), EAGAIN);
	for (n = 0; n < count; n++) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		size_t size = 1 + (size_t)(n * 7) % 496;

		memset(sent, n, size);
		if (n == count / 2 && fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) < 0)
			die("fcntl");
		if (write(fd, sent, size) != (ssize_t)size)
			die("write");
		if (n < count / 4 && (poll(&pfd, 1, 30000) != 1 || pfd.revents != POLLIN))
			die("poll");
		if (n >= count / 4 && n < count / 2) {
			fd_set set;

			FD_ZERO(&set);
			FD_SET(fd, &set);
			if (select(fd + 1, &set, NULL, NULL, NULL) != 1 || !FD_ISSET(fd, &set))
				die("select");
		}
		length = read(fd, got, sizeof(got));
		if (length != (ssize_t)size || memcmp(sent, got, size) != 0) {
			fprintf(stderr, "message %d came back as %zd bytes\n", n, length);
			return 1;
		}
	}
	expect("too big", write(fd, sent, 497), EMSGSIZE);
	expect("an ioctl of another device", ioctl(fd, RPMSG_CREATE_EPT_IOCTL, &info), EINVAL);
	if (ioctl(fd, RPMSG_DESTROY_EPT_IOCTL) < 0)
		die("RPMSG_DESTROY_EPT_IOCTL");
	expect("read from a destroyed endpoint", read(fd, got, sizeof(got)), EPIPE);
	expect("write to a destroyed endpoint", write(fd, sent, 1), EPIPE);
	close(fd);
	close(ctrl);
	expect("a device that is gone", open("/dev/rpmsg0", O_RDWR), ENOENT);
	printf("%d messages\n", n);
	return 0;
}
