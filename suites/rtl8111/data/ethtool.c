/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ethtool INTERFACE MAC BUS-ADDRESS: asks a network driver what ethtool(8) asks, and holds its answers against what is known otherwise.
 * Prints TAP; what the driver does not offer is a skip. Exits 0 when all that it offers holds.
 */
#include <errno.h>
#include <linux/ethtool.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Of linux/sockios.h, which some C libraries do not stand beside their own. */
#ifndef SIOCETHTOOL
#define SIOCETHTOOL 0x8946
#endif

static const char *interface, *mac, *bus;
static int line, failed, control;

static void result(int good, const char *name, const char *words, ...)
{
	char text[256];
	va_list arguments;

	va_start(arguments, words);
	vsnprintf(text, sizeof(text), words, arguments);
	va_end(arguments);
	failed += !good;
	printf("%sok %d - %s: %s\n", good ? "" : "not ", ++line, name, text);
}

/* Whether the driver answered; what it does not offer is told as a skip. */
static int asks(const char *name, void *command)
{
	struct ifreq request = { .ifr_data = command };

	strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
	if (ioctl(control, SIOCETHTOOL, &request) == 0)
		return 1;
	if (errno == EOPNOTSUPP)
		printf("ok %d - %s # SKIP the driver does not offer it\n", ++line, name);
	else
		result(0, name, "%s", strerror(errno));
	return 0;
}

static struct ethtool_drvinfo driver_info = { .cmd = ETHTOOL_GDRVINFO };

static void driver(void)
{
	if (asks("driver", &driver_info))
		result(strcmp(driver_info.bus_info, bus) == 0, "driver", "%s at %s, and its card is at %s", driver_info.driver, driver_info.bus_info, bus);
}

/* The chip's first registers are its address. */
static void registers(void)
{
	struct {
		struct ethtool_regs head;
		unsigned char bytes[4096];
	} dump = { .head = { .cmd = ETHTOOL_GREGS, .len = driver_info.regdump_len < 4096 ? driver_info.regdump_len : 4096 } };
	unsigned char *at = dump.head.data;
	char address[18];

	if (dump.head.len < 6 || !asks("registers", &dump))
		return;
	snprintf(address, sizeof(address), "%02x:%02x:%02x:%02x:%02x:%02x", at[0], at[1], at[2], at[3], at[4], at[5]);
	result(strcmp(address, mac) == 0, "registers", "%u bytes, which begin with %s, and its address is %s", dump.head.len, address, mac);
}

static void link_settings(void)
{
	struct {
		struct ethtool_link_settings head;
		unsigned masks[3 * 127];
	} settings = { .head = { .cmd = ETHTOOL_GLINKSETTINGS } };

	if (!asks("link", &settings))
		return;
	/* It answers how long the masks are, as a negative number. */
	settings.head.cmd = ETHTOOL_GLINKSETTINGS;
	settings.head.link_mode_masks_nwords = -settings.head.link_mode_masks_nwords;
	if (asks("link", &settings))
		result(settings.head.speed == SPEED_1000 && settings.head.duplex == DUPLEX_FULL, "link", "%u Mbit/s, duplex %u, and the partner has 1000, %u", settings.head.speed, settings.head.duplex, DUPLEX_FULL);
}

static void link_state(void)
{
	struct ethtool_value value = { .cmd = ETHTOOL_GLINK };

	if (asks("link detected", &value))
		result(value.data == 1, "link detected", "%u", value.data);
}

static unsigned count(unsigned set)
{
	struct {
		struct ethtool_sset_info head;
		unsigned counts[1];
	} sets = { .head = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << set } };

	return asks("string set", &sets) && sets.head.sset_mask ? sets.head.data[0] : 0;
}

/* Twenty pings were answered: the card has counted frames. */
static void statistics(void)
{
	unsigned i, many = count(ETH_SS_STATS);
	struct ethtool_gstrings *names = calloc(1, sizeof(*names) + many * ETH_GSTRING_LEN);
	struct ethtool_stats *values = calloc(1, sizeof(*values) + many * sizeof(values->data[0]));

	if (!names || !values || many == 0) {
		printf("ok %d - statistics # SKIP the driver has none\n", ++line);
		return;
	}
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_STATS;
	names->len = many;
	values->cmd = ETHTOOL_GSTATS;
	values->n_stats = many;
	if (!asks("statistics", names) || !asks("statistics", values))
		return;
	for (i = 0; i < many; i++) {
		const char *name = (const char *)names->data + i * ETH_GSTRING_LEN;

		if (strncmp(name, "tx_packets", ETH_GSTRING_LEN) == 0 || strncmp(name, "rx_packets", ETH_GSTRING_LEN) == 0)
			result(values->data[i] >= 20, name, "%llu, of 20 pings at least", (unsigned long long)values->data[i]);
		else if (strstr(name, "err"))
			result(values->data[i] == 0, name, "%llu", (unsigned long long)values->data[i]);
	}
}

static void negotiation(void)
{
	struct ethtool_value value = { .cmd = ETHTOOL_NWAY_RST };

	if (asks("new negotiation", &value))
		result(1, "new negotiation", "begun");
}

static void self_test(void)
{
	struct {
		struct ethtool_test head;
		unsigned long long values[64];
	} test = { .head = { .cmd = ETHTOOL_TEST } };

	if (asks("self-test", &test))
		result(!(test.head.flags & ETH_TEST_FL_FAILED), "self-test", "%u results", test.head.len);
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: ethtool INTERFACE MAC BUS-ADDRESS\n");
		return 1;
	}
	interface = argv[1];
	mac = argv[2];
	bus = argv[3];
	control = socket(AF_INET, SOCK_DGRAM, 0);
	if (control < 0) {
		perror("a socket");
		return 1;
	}
	printf("TAP version 13\n");
	driver();
	registers();
	link_settings();
	link_state();
	statistics();
	negotiation();
	self_test();
	printf("1..%d\n", line);
	return failed != 0;
}
