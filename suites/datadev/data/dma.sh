# Sourced by the tests' scripts.
dma=datadev        # data/datadev.c
for at in /sys/bus/pci/devices/*; do [ "$(cat "$at/vendor")" = 0x1a4a ] && card=$at; done
small=$UNDERSTUDY_MODULE_axisg2   # what the suite, and the cell, load it with

fail() {
	echo "$*"
	exit 1
}

# The driver's last word in the kernel log, where others speak as well.
said() { dmesg | grep axisg2 | tail -1; }

count() { device dma count "$1"; }

# How often the last rule has struck, as a pattern: those that were cleared are listed before it.
struck() { device dma fault | tail -1 | grep -q "struck $1"; }

# Looks until it is so, for up to a minute.
eventually() {
	local now last idle
	read -r now idle </proc/uptime
	last=$((${now%.*} + 60))
	until "$@"; do
		[ "${now%.*}" -lt $last ] || return 1
		sleep 0.02
		read -r now idle </proc/uptime
	done
}

unload() { rmmod axisg2 || fail "the driver does not unload"; }

load() { insmod /run/understudy/modules/axisg2.ko "$@"; }

reload() {
	unload
	load "$@" || fail "the driver does not load with: $*"
	[ -c /dev/datadev_0 ] || fail "no /dev/datadev_0 with: $*"
}

# The nth value of that name in /proc: receiving comes first, sending last.
proc() { sed -n "s/^ *$1 *: //p" /proc/datadev_0 | sed -n "${2:-1}p"; }

# From 'results' to 'ended' each check is a result of its own, with its name.
number=
results() { number=0 && echo "KTAP version 1"; }
passed() { number=$((number + 1)) && echo "ok $number - $*"; }
ended() { echo "1..$number"; }

is() {
	[ "$2" = "$3" ] || fail "$1 is '$2', not '$3'"
	[ -z "$number" ] || passed "$1"
}
