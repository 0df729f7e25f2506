# Sourced by the tests: what they all do with the controller.
disk=/dev/nvme0n1
block=/sys/block/nvme0n1
controller=/sys/class/nvme/nvme0

fail() {
	dmesg | grep -i nvme | tail -n 15
	device nvme status
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

live() { says $controller/state live; }

ready() { live && [ -b $disk ]; }

bring_up() { eventually 30 ready || fail "no $disk appeared"; }

# impatient: the driver gives a command a second, not thirty.
impatient() { echo 1000 >$block/queue/io_timeout; }

# unused: the kernel reads a new disk's partitions, and nobody can unload the driver while it does.
unused() { says /sys/module/nvme/refcnt 0; }

gone() { ! [ -e $disk ]; }

# on_media FIRST BLOCKS: the checksum of what the model holds.
on_media() { device nvme sha256 1 "$1" "$2"; }

# checksum FIRST BLOCKS: the same, read by the driver past its cache.
checksum() { dd if=$disk bs=64k skip=$(($1 * 512)) count=$(($2 * 512)) iflag=direct,skip_bytes,count_bytes 2>/run/dd.log | sha256sum | cut -d' ' -f1; }

# fill FILE MEBIBYTES: a file of bytes that repeat nowhere.
fill() { dd if=/dev/urandom of="$1" bs=1M count="$2" 2>/dev/null; }

# write_and_verify FILE FIRST: through the driver, compared on the media and read back.
write_and_verify() {
	size=$(stat -c %s "$1")
	dd if="$1" of=$disk bs=128k seek=$(($2 * 512 / 131072)) oflag=direct conv=notrunc 2>/run/dd.log || fail "dd: $(tail -n 1 /run/dd.log)"
	want=$(sha256sum "$1" | cut -d' ' -f1)
	[ "$(on_media "$2" $((size / 512)))" = "$want" ] || fail "what lies on the media is not what was written"
	[ "$(checksum "$2" $((size / 512)))" = "$want" ] || fail "what was read back is not what was written"
}
