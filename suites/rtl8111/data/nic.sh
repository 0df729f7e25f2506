# Sourced by the tests: what they all do with the card.
nic=eth0
card=$(dirname "$(grep -l 0x8168 /sys/bus/pci/devices/*/device)")
peer=192.0.2.1

fail() {
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

says() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }

there() { [ -e /sys/class/net/$nic ]; }

carrier() { says /sys/class/net/$nic/carrier "$1"; }

# Brings the interface up with its cable in, and an address.
bring_up() {
	eventually 20 there || fail "no $nic appeared"
	ip addr add 192.0.2.2/24 dev $nic 2>/dev/null
	ip link set $nic up || fail "$nic does not come up"
	device nic cable on >/dev/null
	eventually 20 carrier 1 || fail "no carrier 20 s after the cable was plugged in"
}

# pings COUNT [ARGUMENTS...]: all must be answered; says nothing when they are.
pings() {
	count=$1
	shift
	ping -c "$count" -i 0.01 -W 20 "$@" $peer >/run/ping.log 2>&1
	grep -q "^$count packets transmitted, $count packets received" /run/ping.log || fail "not all of $count pings were answered: $(tail -n 2 /run/ping.log | head -n 1)"
}

interrupts() { awk -v nic=$nic '$NF == nic { sum = 0; for (i = 2; $i ~ /^[0-9]+$/; i++) sum += $i; print sum }' /proc/interrupts; }
