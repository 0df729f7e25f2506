# Sourced after uart.sh: 16 KiB go out and come back, and are the same.
transfer() {
	open_port
	device uart echo on
	head -c 16384 /dev/urandom >/run/data
	head -c 16384 <&3 >/run/back &
	reader=$!
	cat /run/data >&3
	wait $reader
	cmp /run/data /run/back || fail "what came back is not what was sent"
	shows 'overruns 0' || fail "the receiver was overrun"
	[ "$(crc32 /run/data 2>/dev/null | cut -c1-8)" = "$(status | sed -n 's/.*crc \([0-9a-f]*\),.*/\1/p')" ] || fail "the other end got something else"
	echo "16384 characters out and back"
}
