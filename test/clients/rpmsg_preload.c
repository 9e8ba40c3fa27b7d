/*
 * /dev/rpmsg_ctrlN and /dev/rpmsgN of the emulated board for an unmodified program of this machine, through `imx-sim --rpmsg-sock PATH`.
 *
 *     cc -O2 -shared -fPIC -o rpmsg_preload.so rpmsg_preload.c -ldl
 *     IMX_RPMSG_SOCK=PATH LD_PRELOAD=./rpmsg_preload.so program
 *
 * open, openat, close, read, write, ioctl, fcntl, poll and select of these devices go to the socket; all else goes to the C library. Linux with
 * glibc or musl. Not done: epoll, dup, fork with an open device, stat of the devices, sysfs, more than one thread on one descriptor.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

static int real_close(int fd)
{
	static int (*next)(int);
	if (!next)
		next = (int (*)(int))dlsym(RTLD_NEXT, "close");
	return next(fd);
}

static int real_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	static int (*next)(struct pollfd *, nfds_t, int);
	if (!next)
		next = (int (*)(struct pollfd *, nfds_t, int))dlsym(RTLD_NEXT, "poll");
	return next(fds, count, timeout);
}

/* The client's own calls are not to come back here. */
#define close(fd) real_close(fd)
#define poll(fds, count, timeout) real_poll(fds, count, timeout)
#include "imx_rpmsg_sock.h"
#undef close
#undef poll

#define DESTROY_EPT 0xb502u
#define MOST_FDS 1024

/* What stands behind a descriptor, which is that of the connection. */
struct device {
	struct imx_rpmsg *r;
	int is_ctrl;
	uint32_t number;
	int nonblocking;
};

static struct device *devices[MOST_FDS];

static struct device *find(int fd)
{
	return fd >= 0 && fd < MOST_FDS ? devices[fd] : NULL;
}

/* The number behind `prefix`, if that is all of the path. */
static int number_of(const char *path, const char *prefix, uint32_t *number)
{
	size_t length = strlen(prefix);
	char *end;

	if (strncmp(path, prefix, length) != 0 || path[length] < '0' || path[length] > '9')
		return 0;
	*number = (uint32_t)strtoul(path + length, &end, 10);
	return *end == 0;
}

/* 1 when `path` is one of ours: *fd is its descriptor or -1 with errno. */
static int open_device(const char *path, int flags, int *fd)
{
	static const struct imx_rpmsg_endpoint_info none;
	const char *sock = getenv("IMX_RPMSG_SOCK");
	struct device *d;
	uint32_t number;
	int is_ctrl, result;

	*fd = -1;
	if (!sock || !path)
		return 0;
	is_ctrl = number_of(path, "/dev/rpmsg_ctrl", &number);
	if (!is_ctrl && !number_of(path, "/dev/rpmsg", &number))
		return 0;
	d = calloc(1, sizeof(*d));
	if (!d)
		return 1;
	d->r = imx_rpmsg_connect(sock);
	if (!d->r) {
		free(d);
		return 1;
	}
	d->is_ctrl = is_ctrl;
	d->number = number;
	d->nonblocking = (flags & O_NONBLOCK) != 0;
	/* A control device that is there does not know the command 0. */
	if (is_ctrl)
		result = imx_rpmsg_ioctl(d->r, number, 0, &none, 0, NULL) < 0 && errno == EINVAL ? 0 : -1;
	else
		result = imx_rpmsg_open_device(d->r, number, 0);
	if (result < 0 || d->r->fd >= MOST_FDS) {
		int error = result < 0 ? errno : EMFILE;
		imx_rpmsg_close(d->r);
		free(d);
		errno = error;
		return 1;
	}
	*fd = d->r->fd;
	devices[*fd] = d;
	return 1;
}

#define DEFINE_OPEN(name)                                                                                                                \
	int name(const char *path, int flags, ...)                                                                                       \
	{                                                                                                                                \
		static int (*next)(const char *, int, ...);                                                                              \
		mode_t mode;                                                                                                             \
		va_list rest;                                                                                                            \
		int fd;                                                                                                                  \
                                                                                                                                         \
		if (open_device(path, flags, &fd))                                                                                       \
			return fd;                                                                                                       \
		va_start(rest, flags);                                                                                                   \
		mode = flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(rest, int) : 0;                                                    \
		va_end(rest);                                                                                                            \
		if (!next)                                                                                                               \
			next = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name);                                                 \
		return next(path, flags, mode);                                                                                          \
	}

#define DEFINE_OPENAT(name)                                                                                                              \
	int name(int directory, const char *path, int flags, ...)                                                                        \
	{                                                                                                                                \
		static int (*next)(int, const char *, int, ...);                                                                         \
		mode_t mode;                                                                                                             \
		va_list rest;                                                                                                            \
		int fd;                                                                                                                  \
                                                                                                                                         \
		if (open_device(path, flags, &fd))                                                                                       \
			return fd;                                                                                                       \
		va_start(rest, flags);                                                                                                   \
		mode = flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(rest, int) : 0;                                                    \
		va_end(rest);                                                                                                            \
		if (!next)                                                                                                               \
			next = (int (*)(int, const char *, int, ...))dlsym(RTLD_NEXT, #name);                                            \
		return next(directory, path, flags, mode);                                                                               \
	}

DEFINE_OPEN(open)
DEFINE_OPENAT(openat)
#ifdef __GLIBC__
DEFINE_OPEN(open64)
DEFINE_OPENAT(openat64)

/* What open becomes with _FORTIFY_SOURCE. */
int __open_2(const char *path, int flags)
{
	return open(path, flags);
}

int __open64_2(const char *path, int flags)
{
	return open64(path, flags);
}
#endif

int close(int fd)
{
	struct device *d = find(fd);

	if (!d)
		return real_close(fd);
	devices[fd] = NULL;
	imx_rpmsg_close(d->r);
	free(d);
	return 0;
}

ssize_t read(int fd, void *data, size_t size)
{
	static ssize_t (*next)(int, void *, size_t);
	struct device *d = find(fd);
	int ready;

	if (!next)
		next = (ssize_t (*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
	if (!d)
		return next(fd, data, size);
	if (d->is_ctrl)
		return imx_rpmsg_fail(EINVAL);
	if (d->nonblocking) {
		ready = imx_rpmsg_poll(d->r, 0);
		if (ready <= 0)
			return ready < 0 ? -1 : imx_rpmsg_fail(EAGAIN);
	}
	return imx_rpmsg_read(d->r, data, size);
}

ssize_t __read_chk(int fd, void *data, size_t size, size_t room)
{
	return read(fd, data, size < room ? size : room);
}

ssize_t write(int fd, const void *data, size_t size)
{
	static ssize_t (*next)(int, const void *, size_t);
	struct device *d = find(fd);

	if (!next)
		next = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
	if (!d)
		return next(fd, data, size);
	if (d->is_ctrl)
		return imx_rpmsg_fail(EINVAL);
	if (size > IMX_RPMSG_MAX_PAYLOAD)
		return imx_rpmsg_fail(EMSGSIZE);
	return imx_rpmsg_write(d->r, data, (uint32_t)size, d->nonblocking ? IMX_RPMSG_NONBLOCK : 0);
}

#ifdef __GLIBC__
int ioctl(int fd, unsigned long command, ...)
#else
int ioctl(int fd, int command, ...)
#endif
{
	static int (*next)(int, unsigned long, ...);
	struct device *d = find(fd);
	va_list rest;
	void *argument;

	va_start(rest, command);
	argument = va_arg(rest, void *);
	va_end(rest);
	if (!next)
		next = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
	if (!d)
		return next(fd, (unsigned long)command, argument);
	if (d->is_ctrl)
		return argument ? imx_rpmsg_ioctl(d->r, d->number, (uint32_t)command, argument, 0, NULL) : imx_rpmsg_fail(EFAULT);
	return (uint32_t)command == DESTROY_EPT ? imx_rpmsg_destroy(d->r) : imx_rpmsg_fail(EINVAL);
}

static int device_fcntl(struct device *d, int command, long argument)
{
	switch (command) {
	case F_GETFL:
		return O_RDWR | (d->nonblocking ? O_NONBLOCK : 0);
	case F_SETFL:
		d->nonblocking = (argument & O_NONBLOCK) != 0;
		return 0;
	case F_GETFD:
	case F_SETFD:
		return 0;
	default:
		return imx_rpmsg_fail(EINVAL);
	}
}

#define DEFINE_FCNTL(name)                                                                                                               \
	int name(int fd, int command, ...)                                                                                               \
	{                                                                                                                                \
		static int (*next)(int, int, ...);                                                                                       \
		struct device *d = find(fd);                                                                                             \
		va_list rest;                                                                                                            \
		long argument;                                                                                                           \
                                                                                                                                         \
		va_start(rest, command);                                                                                                 \
		argument = va_arg(rest, long);                                                                                           \
		va_end(rest);                                                                                                            \
		if (!next)                                                                                                               \
			next = (int (*)(int, int, ...))dlsym(RTLD_NEXT, #name);                                                          \
		return d ? device_fcntl(d, command, argument) : next(fd, command, argument);                                             \
	}

DEFINE_FCNTL(fcntl)
#ifdef __GLIBC__
DEFINE_FCNTL(fcntl64)
#endif

/* What poll says of a device now, without waiting; as in 6.1, an endpoint on virtio never says POLLOUT. */
static short state_of(struct device *d, short events)
{
	if (d->is_ctrl)
		return events & (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM);
	if (imx_rpmsg_poll(d->r, 0) < 0 || (d->r->hangup && !d->r->first))
		return POLLERR;
	return d->r->first ? events & (POLLIN | POLLRDNORM) : 0;
}

static long long milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	long long end = milliseconds() + timeout;
	struct pollfd *asked;
	int ready = 0, ours = 0;
	nfds_t i;

	for (i = 0; i < count; i++)
		ours |= find(fds[i].fd) != NULL;
	if (!ours)
		return real_poll(fds, count, timeout);
	asked = malloc(count * sizeof(*asked));
	if (!asked)
		return imx_rpmsg_fail(ENOMEM);
	for (;;) {
		long long left = timeout < 0 ? -1 : end - milliseconds();
		int wait = timeout < 0 ? -1 : left < 0 ? 0 : (int)left;

		for (i = 0; i < count; i++) {
			struct device *d = find(fds[i].fd);
			short state = d ? state_of(d, fds[i].events) : 0;

			asked[i] = (struct pollfd){ .fd = fds[i].fd, .events = d ? POLLIN : fds[i].events };
			fds[i].revents = state;
			if (state)
				wait = 0;
		}
		if (real_poll(asked, count, wait) < 0) {
			ready = -1;
			break;
		}
		for (i = 0, ready = 0; i < count; i++) {
			struct device *d = find(fds[i].fd);

			fds[i].revents = d ? state_of(d, fds[i].events) : asked[i].revents;
			ready += fds[i].revents != 0;
		}
		if (ready > 0 || (timeout >= 0 && milliseconds() >= end))
			break;
	}
	free(asked);
	return ready;
}

int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t room)
{
	return poll(fds, room / sizeof(*fds) < count ? room / sizeof(*fds) : count, timeout);
}

int select(int count, fd_set *reads, fd_set *writes, fd_set *errors, struct timeval *timeout)
{
	static int (*next)(int, fd_set *, fd_set *, fd_set *, struct timeval *);
	struct pollfd fds[FD_SETSIZE];
	nfds_t used = 0, i;
	int fd, ours = 0, result, bits = 0;

	if (!next)
		next = (int (*)(int, fd_set *, fd_set *, fd_set *, struct timeval *))dlsym(RTLD_NEXT, "select");
	for (fd = 0; fd < count && fd < FD_SETSIZE; fd++) {
		short events = (reads && FD_ISSET(fd, reads) ? POLLIN : 0) | (writes && FD_ISSET(fd, writes) ? POLLOUT : 0) |
			       (errors && FD_ISSET(fd, errors) ? POLLPRI : 0);
		if (!events)
			continue;
		ours |= find(fd) != NULL;
		fds[used++] = (struct pollfd){ .fd = fd, .events = events };
	}
	if (!ours)
		return next(count, reads, writes, errors, timeout);
	result = poll(fds, used, timeout ? (int)(timeout->tv_sec * 1000 + timeout->tv_usec / 1000) : -1);
	if (result < 0)
		return -1;
	for (i = 0; i < used; i++) {
		short got = fds[i].revents;

		if (reads && FD_ISSET(fds[i].fd, reads) && !(got & (POLLIN | POLLHUP | POLLERR)))
			FD_CLR(fds[i].fd, reads);
		if (writes && FD_ISSET(fds[i].fd, writes) && !(got & (POLLOUT | POLLERR)))
			FD_CLR(fds[i].fd, writes);
		if (errors && FD_ISSET(fds[i].fd, errors) && !(got & POLLPRI))
			FD_CLR(fds[i].fd, errors);
		bits += (reads && FD_ISSET(fds[i].fd, reads)) + (writes && FD_ISSET(fds[i].fd, writes)) +
			(errors && FD_ISSET(fds[i].fd, errors));
	}
	return bits;
}
