# Sourced by the tests: what they all do with the port.
card=$(dirname "$(grep -l 0x9912 /sys/bus/pci/devices/*/device)")

fail() {
	grep -v unknown /proc/tty/driver/serial*
	device uart status
	echo "$*"
	exit 1
}

# eventually SECONDS COMMAND...: waits until a command succeeds.
eventually() {
	left=$(($1 * 20))
	shift
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 0.05
	done
}

find_port() { port=$(find "$card"/ -name 'ttyS[0-9]*' | head -n 1) && [ -n "$port" ]; }

eventually ${patience:-20} find_port || fail "no port appeared"
tty=$(basename "$port")
eventually ${patience:-20} [ -c /dev/$tty ] || fail "no /dev/$tty appeared"

# open_port [STTY WORDS...]: file descriptor 3 is the port from here on, as a plain wire.
open_port() {
	exec 3<>/dev/$tty
	stty -F /dev/$tty raw -echo 115200 "$@" || fail "stty fails"
}

line() { grep "^${tty#ttyS}:" /proc/tty/driver/serial*; }

# hears WORDS: the next line that comes.
hears() {
	read -r -t ${patience:-20} heard <&3 || fail "nothing came"
	[ "$heard" = "$*" ] || fail "'$heard' came, not '$*'"
}

status() { device uart status; }

shows() { status | grep -q "$1"; }
