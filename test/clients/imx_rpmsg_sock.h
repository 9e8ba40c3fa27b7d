/*
 * Client of `imx-sim --rpmsg-sock PATH` (docs/bridges.md): an rpmsg_char endpoint of the emulated core for a program of this machine.
 *
 * One file, C99 and POSIX, no library. One connection is one endpoint; calls are named after the system calls that they stand for, return
 * -1 with the modelled kernel's errno, and belong to one thread at a time. A broken connection is ECONNRESET, a broken frame EPROTO.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef IMX_RPMSG_SOCK_H
#define IMX_RPMSG_SOCK_H

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

#define IMX_RPMSG_MAGIC 0x52584d49u /* "IMXR" */
#define IMX_RPMSG_VERSION 1
#define IMX_RPMSG_HEADER 8
#define IMX_RPMSG_MAX_PAYLOAD 4096
/* Payload of the largest message that virtio_rpmsg_bus carries. */
#define IMX_RPMSG_MTU 496
#define IMX_RPMSG_ADDR_ANY 0xffffffffu
#define IMX_RPMSG_NO_DEVICE 0xffffffffu

enum imx_rpmsg_frame {
	IMX_RPMSG_HELLO = 0x01,
	IMX_RPMSG_LIST = 0x02,
	IMX_RPMSG_IOCTL = 0x03,
	IMX_RPMSG_OPEN = 0x04,
	IMX_RPMSG_CREATE = 0x05,
	IMX_RPMSG_DATA = 0x06,
	IMX_RPMSG_WRITTEN = 0x07,
	IMX_RPMSG_DESTROY = 0x08,
	IMX_RPMSG_HANGUP = 0x09,
	IMX_RPMSG_ERROR = 0x0f,
};

enum imx_rpmsg_flag { IMX_RPMSG_NONBLOCK = 0x01, IMX_RPMSG_WAIT = 0x02 };

/* struct rpmsg_endpoint_info of <linux/rpmsg.h>. */
struct imx_rpmsg_endpoint_info {
	char name[32];
	uint32_t src;
	uint32_t dst;
};

/* A channel of /sys/bus/rpmsg/devices. */
struct imx_rpmsg_channel {
	char name[32];
	uint32_t src;
	uint32_t dst;
	/* N of /dev/rpmsg_ctrlN, or IMX_RPMSG_NO_DEVICE. */
	uint32_t ctrl;
	/* Bit 0: a driver of the kernel has it. */
	uint32_t flags;
};

struct imx_rpmsg_message {
	struct imx_rpmsg_message *next;
	uint32_t length;
	uint8_t data[];
};

struct imx_rpmsg {
	int fd;
	/* Frames DATA that may be sent without a WRITTEN, and those that were. */
	uint32_t window;
	uint32_t unwritten;
	uint32_t next_id;
	/* First error of a write that was posted. */
	int posted_error;
	/* errno of the read that ended; 0 while there can be messages. */
	int hangup;
	/* Messages that came while something else was waited for. */
	struct imx_rpmsg_message *first, **last;
	/* What the server said of the connection's end. */
	char error[256];
	uint32_t filled, start;
	uint8_t buffer[65536];
};

static uint32_t imx_rpmsg_get32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void imx_rpmsg_put32(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)value;
	p[1] = (uint8_t)(value >> 8);
	p[2] = (uint8_t)(value >> 16);
	p[3] = (uint8_t)(value >> 24);
}

static int imx_rpmsg_fail(int error)
{
	errno = error;
	return -1;
}

static int imx_rpmsg_send_all(struct imx_rpmsg *r, const uint8_t *data, size_t length)
{
	while (length > 0) {
		ssize_t n = send(r->fd, data, length, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return imx_rpmsg_fail(ECONNRESET);
		data += n;
		length -= (size_t)n;
	}
	return 0;
}

static int imx_rpmsg_frame(struct imx_rpmsg *r, int type, int flags, uint32_t id, const void *payload, uint32_t length)
{
	uint8_t frame[IMX_RPMSG_HEADER + IMX_RPMSG_MAX_PAYLOAD];

	if (length > IMX_RPMSG_MAX_PAYLOAD)
		return imx_rpmsg_fail(EMSGSIZE);
	frame[0] = (uint8_t)length;
	frame[1] = (uint8_t)(length >> 8);
	frame[2] = (uint8_t)type;
	frame[3] = (uint8_t)flags;
	imx_rpmsg_put32(frame + 4, id);
	if (length > 0)
		memcpy(frame + IMX_RPMSG_HEADER, payload, length);
	return imx_rpmsg_send_all(r, frame, IMX_RPMSG_HEADER + length);
}

/* Bytes of the next whole frame in the buffer, or 0. */
static uint32_t imx_rpmsg_whole(const struct imx_rpmsg *r)
{
	const uint8_t *p = r->buffer + r->start;
	uint32_t have = r->filled - r->start, need;

	if (have < IMX_RPMSG_HEADER)
		return 0;
	need = IMX_RPMSG_HEADER + (p[0] | (uint32_t)p[1] << 8);
	return have >= need ? need : 0;
}

/* Takes the next frame; waits at most timeout ms (-1: for ever). 1: a frame, 0: none in time, -1: errno. */
static int imx_rpmsg_next(struct imx_rpmsg *r, int timeout, const uint8_t **frame, uint32_t *length)
{
	for (;;) {
		uint32_t whole = imx_rpmsg_whole(r);
		struct pollfd pfd = { .fd = r->fd, .events = POLLIN };
		ssize_t n;
		int ready;

		if (whole > 0) {
			*frame = r->buffer + r->start;
			*length = whole - IMX_RPMSG_HEADER;
			r->start += whole;
			return 1;
		}
		if (r->start > 0) {
			memmove(r->buffer, r->buffer + r->start, r->filled - r->start);
			r->filled -= r->start;
			r->start = 0;
		}
		if (timeout >= 0) {
			ready = poll(&pfd, 1, timeout);
			if (ready < 0 && errno == EINTR)
				continue;
			if (ready <= 0)
				return ready;
		}
		n = recv(r->fd, r->buffer + r->filled, sizeof(r->buffer) - r->filled, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return imx_rpmsg_fail(ECONNRESET);
		r->filled += (uint32_t)n;
	}
}

/* What is no answer to a question: keeps messages, counts writes. -1 when the server ends the connection. */
static int imx_rpmsg_note(struct imx_rpmsg *r, const uint8_t *frame, uint32_t length)
{
	const uint8_t *payload = frame + IMX_RPMSG_HEADER;
	struct imx_rpmsg_message *message;
	int result;

	switch (frame[2]) {
	case IMX_RPMSG_DATA:
		message = malloc(sizeof(*message) + length);
		if (!message)
			return imx_rpmsg_fail(ENOMEM);
		message->next = NULL;
		message->length = length;
		memcpy(message->data, payload, length);
		*r->last = message;
		r->last = &message->next;
		return 0;
	case IMX_RPMSG_WRITTEN:
		result = (int)imx_rpmsg_get32(payload);
		r->unwritten--;
		if (result < 0 && r->posted_error == 0)
			r->posted_error = -result;
		return 0;
	case IMX_RPMSG_HANGUP:
		r->hangup = -(int)imx_rpmsg_get32(payload);
		return 0;
	case IMX_RPMSG_ERROR:
		result = -(int)imx_rpmsg_get32(payload);
		length -= 4;
		if (length >= sizeof(r->error))
			length = sizeof(r->error) - 1;
		memcpy(r->error, payload + 4, length);
		r->error[length] = 0;
		return imx_rpmsg_fail(result);
	default:
		return imx_rpmsg_fail(EPROTO);
	}
}

/* Sends a request and waits for the answer of its type and id; its payload is valid until the next call. */
static int imx_rpmsg_ask(struct imx_rpmsg *r, int type, int flags, const void *request, uint32_t size, const uint8_t **answer,
			 uint32_t *length)
{
	uint32_t id = r->next_id++;
	const uint8_t *frame;

	if (imx_rpmsg_frame(r, type, flags, id, request, size) < 0)
		return -1;
	for (;;) {
		if (imx_rpmsg_next(r, -1, &frame, length) < 0)
			return -1;
		if (frame[2] == type && imx_rpmsg_get32(frame + 4) == id && type != IMX_RPMSG_DATA) {
			*answer = frame + IMX_RPMSG_HEADER;
			return 0;
		}
		if (imx_rpmsg_note(r, frame, *length) < 0)
			return -1;
	}
}

/* The first word of an answer, as a system call returns it. */
static int imx_rpmsg_result(const uint8_t *answer)
{
	int result = (int)imx_rpmsg_get32(answer);

	return result < 0 ? imx_rpmsg_fail(-result) : result;
}

static void imx_rpmsg_close(struct imx_rpmsg *r)
{
	if (!r)
		return;
	while (r->first) {
		struct imx_rpmsg_message *next = r->first->next;
		free(r->first);
		r->first = next;
	}
	if (r->fd >= 0)
		close(r->fd);
	free(r);
}

/* Connects and says hello. NULL with errno. */
static struct imx_rpmsg *imx_rpmsg_connect(const char *path)
{
	static const uint8_t hello[8] = { 'I', 'M', 'X', 'R', IMX_RPMSG_VERSION, 0, 0, 0 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct imx_rpmsg *r;
	const uint8_t *answer;
	uint32_t length;
	int error;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	strcpy(address.sun_path, path);
	r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	r->last = &r->first;
	r->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (r->fd < 0 || connect(r->fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    imx_rpmsg_ask(r, IMX_RPMSG_HELLO, 0, hello, sizeof(hello), &answer, &length) < 0)
		goto failed;
	if (length < 12 || imx_rpmsg_get32(answer) != IMX_RPMSG_MAGIC) {
		errno = EPROTO;
		goto failed;
	}
	r->window = answer[6] | (uint32_t)answer[7] << 8;
	return r;
failed:
	error = errno;
	if (r->error[0])
		fprintf(stderr, "%s: %s\n", path, r->error);
	imx_rpmsg_close(r);
	errno = error;
	return NULL;
}

/* ioctl(2) of /dev/rpmsg_ctrl<ctrl>; `device` becomes N of the /dev/rpmsgN that RPMSG_CREATE_EPT_IOCTL made. */
static int imx_rpmsg_ioctl(struct imx_rpmsg *r, uint32_t ctrl, uint32_t command, const struct imx_rpmsg_endpoint_info *info, int flags,
			   uint32_t *device)
{
	uint8_t request[48];
	const uint8_t *answer;
	uint32_t length;

	imx_rpmsg_put32(request, ctrl);
	imx_rpmsg_put32(request + 4, command);
	memcpy(request + 8, info->name, 32);
	imx_rpmsg_put32(request + 40, info->src);
	imx_rpmsg_put32(request + 44, info->dst);
	if (imx_rpmsg_ask(r, IMX_RPMSG_IOCTL, flags, request, sizeof(request), &answer, &length) < 0)
		return -1;
	if (device)
		*device = imx_rpmsg_get32(answer + 4);
	return imx_rpmsg_result(answer);
}

/* open(2) of /dev/rpmsg<device>. */
static int imx_rpmsg_open_device(struct imx_rpmsg *r, uint32_t device, int flags)
{
	uint8_t request[4];
	const uint8_t *answer;
	uint32_t length;

	imx_rpmsg_put32(request, device);
	if (imx_rpmsg_ask(r, IMX_RPMSG_OPEN, flags, request, sizeof(request), &answer, &length) < 0)
		return -1;
	return imx_rpmsg_result(answer);
}

/* RPMSG_CREATE_EPT_IOCTL of /dev/rpmsg_ctrl<ctrl> and open of what it made, which goes with the connection. IMX_RPMSG_WAIT waits for the core. */
static int imx_rpmsg_create(struct imx_rpmsg *r, uint32_t ctrl, const char *name, uint32_t src, uint32_t dst, int flags)
{
	uint8_t request[44] = { 0 };
	const uint8_t *answer;
	uint32_t length;

	imx_rpmsg_put32(request, ctrl);
	strncpy((char *)request + 4, name, 31);
	imx_rpmsg_put32(request + 36, src);
	imx_rpmsg_put32(request + 40, dst);
	if (imx_rpmsg_ask(r, IMX_RPMSG_CREATE, flags, request, sizeof(request), &answer, &length) < 0)
		return -1;
	return imx_rpmsg_result(answer);
}

/* Fills at most `count` channels; the number that there is. */
static int imx_rpmsg_list(struct imx_rpmsg *r, struct imx_rpmsg_channel *channels, uint32_t count)
{
	const uint8_t *answer;
	uint32_t length, i;

	if (imx_rpmsg_ask(r, IMX_RPMSG_LIST, 0, NULL, 0, &answer, &length) < 0)
		return -1;
	for (i = 0; i < count && 4 + 48 * (i + 1) <= length; i++) {
		const uint8_t *entry = answer + 4 + 48 * i;
		memcpy(channels[i].name, entry, 32);
		channels[i].src = imx_rpmsg_get32(entry + 32);
		channels[i].dst = imx_rpmsg_get32(entry + 36);
		channels[i].ctrl = imx_rpmsg_get32(entry + 40);
		channels[i].flags = imx_rpmsg_get32(entry + 44);
	}
	return imx_rpmsg_result(answer);
}

/* Waits until at most `most` writes have no answer. */
static int imx_rpmsg_settle(struct imx_rpmsg *r, uint32_t most)
{
	const uint8_t *frame;
	uint32_t length;

	while (r->unwritten > most) {
		if (imx_rpmsg_next(r, -1, &frame, &length) < 0 || imx_rpmsg_note(r, frame, length) < 0)
			return -1;
	}
	return 0;
}

/* Waits for all that was posted; -1 with the errno of the first write that failed. */
static int imx_rpmsg_flush(struct imx_rpmsg *r)
{
	int error;

	if (imx_rpmsg_settle(r, 0) < 0)
		return -1;
	error = r->posted_error;
	r->posted_error = 0;
	return error ? imx_rpmsg_fail(error) : 0;
}

/* write(2) whose result `imx_rpmsg_flush` gives: waits only when the window is full. */
static int imx_rpmsg_post(struct imx_rpmsg *r, const void *data, uint32_t length, int flags)
{
	if (imx_rpmsg_settle(r, r->window - 1) < 0)
		return -1;
	r->unwritten++;
	return imx_rpmsg_frame(r, IMX_RPMSG_DATA, flags, r->next_id++, data, length);
}

/* write(2): one message. IMX_RPMSG_NONBLOCK gives EAGAIN when no buffer is free. */
static ssize_t imx_rpmsg_write(struct imx_rpmsg *r, const void *data, uint32_t length, int flags)
{
	if (imx_rpmsg_flush(r) < 0 || imx_rpmsg_post(r, data, length, flags) < 0 || imx_rpmsg_flush(r) < 0)
		return -1;
	return (ssize_t)length;
}

/* poll(2) for POLLIN: 1 when a read would not wait, 0 after `timeout` ms. */
static int imx_rpmsg_poll(struct imx_rpmsg *r, int timeout)
{
	const uint8_t *frame;
	uint32_t length;
	int got;

	while (!r->first && !r->hangup) {
		got = imx_rpmsg_next(r, timeout, &frame, &length);
		if (got <= 0)
			return got;
		if (imx_rpmsg_note(r, frame, length) < 0)
			return -1;
	}
	return 1;
}

/* read(2): one message, whose rest is lost when it is longer than `size`. Waits; EPIPE when the endpoint is gone. */
static ssize_t imx_rpmsg_read(struct imx_rpmsg *r, void *data, size_t size)
{
	struct imx_rpmsg_message *message;
	size_t length;

	if (imx_rpmsg_poll(r, -1) < 0)
		return -1;
	message = r->first;
	if (!message)
		return imx_rpmsg_fail(r->hangup);
	r->first = message->next;
	if (!r->first)
		r->last = &r->first;
	length = message->length < size ? message->length : size;
	memcpy(data, message->data, length);
	free(message);
	return (ssize_t)length;
}

/* RPMSG_DESTROY_EPT_IOCTL on the open device. */
static int imx_rpmsg_destroy(struct imx_rpmsg *r)
{
	const uint8_t *answer;
	uint32_t length;

	if (imx_rpmsg_ask(r, IMX_RPMSG_DESTROY, 0, NULL, 0, &answer, &length) < 0)
		return -1;
	return imx_rpmsg_result(answer);
}

#endif
