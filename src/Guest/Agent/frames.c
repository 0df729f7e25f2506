/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent says: frames into queues, and last words into the kernel log. */

/* Says what went wrong where the host looks when nothing else works: the kernel log. */
static void say(const char *format, ...)
{
	char line[512] = "<3>understudy-agent: ";
	size_t used = strlen(line);
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line + used, sizeof(line) - used, format, arguments);
	va_end(arguments);
	if ((fd < 0 || write(fd, line, strlen(line)) < 0) && klog.out != 2)
		dprintf(2, "%s\n", line + 3);
	if (fd >= 0)
		close(fd);
}

static size_t queued(const struct queue *queue)
{
	return queue->tail - queue->head;
}

/* Where the payload of the next frame goes, or NULL when so much has no room. */
static unsigned char *next_payload(struct queue *queue, size_t length)
{
	if (queue->size - queue->tail < sizeof(struct header) + length) {
		memmove(queue->data, queue->data + queue->head, queued(queue));
		queue->tail -= queue->head;
		queue->head = 0;
	}
	if (queue->size - queue->tail < sizeof(struct header) + length)
		return NULL;
	return queue->data + queue->tail + sizeof(struct header);
}

/* Queues the frame whose payload lies where next_payload() said. */
static void add_frame(struct queue *queue, uint16_t type, uint32_t id, size_t length)
{
	struct header header = { MAGIC, type, 0, id, length };

	memcpy(queue->data + queue->tail, &header, sizeof(header));
	queue->tail += sizeof(header) + length;
}

/* The marks above which nothing new is taken on see to it that there is room for every answer. */
static void send_frame(struct queue *queue, uint16_t type, uint32_t id, const void *payload, size_t length)
{
	unsigned char *into = next_payload(queue, length);

	if (!into)
		return;
	if (length)
		memcpy(into, payload, length);
	add_frame(queue, type, id, length);
}

static void done(uint32_t id, const void *payload, size_t length)
{
	send_frame(&ctl.tx, DONE, id, payload, length);
}

static void fail(uint32_t id, int error, const char *format, ...)
{
	struct { int32_t error; char text[1020]; } reply = { error, "" };
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(reply.text, sizeof(reply.text), format, arguments);
	va_end(arguments);
	if (length >= (int)sizeof(reply.text))
		length = sizeof(reply.text) - 1;
	send_frame(&ctl.tx, ERROR, id, &reply, sizeof(reply.error) + length);
}

static void put(struct payload *payload, const void *bytes, size_t length)
{
	if (length > sizeof(payload->data) - payload->length)
		length = sizeof(payload->data) - payload->length;
	memcpy(payload->data + payload->length, bytes, length);
	payload->length += length;
}

static void put_u32(struct payload *payload, uint32_t value) { put(payload, &value, sizeof(value)); }
static void put_u64(struct payload *payload, uint64_t value) { put(payload, &value, sizeof(value)); }

static void put_string(struct payload *payload, const char *text)
{
	put_u32(payload, strlen(text));
	put(payload, text, strlen(text) + 1);
}
