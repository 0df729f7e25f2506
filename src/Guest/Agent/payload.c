/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a request's payload; a field that is not there marks the cursor bad. */

static const void *get(struct cursor *cursor, size_t length)
{
	const unsigned char *here = cursor->at;
	static const uint64_t zero;

	if (cursor->bad || length > (size_t)(cursor->end - cursor->at)) {
		cursor->bad = true;
		return &zero;
	}
	cursor->at += length;
	return here;
}

static uint32_t get_u32(struct cursor *cursor)
{
	uint32_t value;

	memcpy(&value, get(cursor, sizeof(value)), sizeof(value));
	return value;
}

static uint64_t get_u64(struct cursor *cursor)
{
	uint64_t value;

	memcpy(&value, get(cursor, sizeof(value)), sizeof(value));
	return value;
}

/* Strings are sent with their NUL, so they can be used where they lie. */
static const char *get_string(struct cursor *cursor)
{
	uint32_t length = get_u32(cursor);
	const char *text = get(cursor, (size_t)length + 1);

	if (!cursor->bad && memchr(text, 0, (size_t)length + 1) != text + length)
		cursor->bad = true;
	return cursor->bad ? "" : text;
}

/* A list of strings as a NULL-terminated vector, for exec and putenv. */
static char **get_strings(struct cursor *cursor)
{
	uint32_t count = get_u32(cursor);
	char **list = NULL;

	if (count <= PAYLOAD_MAX / 5)
		list = calloc(count + 1, sizeof(*list));
	if (!list) {
		cursor->bad = true;
		return NULL;
	}
	for (uint32_t i = 0; i < count && !cursor->bad; i++)
		list[i] = (char *)get_string(cursor);
	return list;
}
