# Sourced by the tests of file systems, after nvme.sh: fills one on $disk, and reads it back after a new mount.
# use_filesystem TYPE OPTIONS
use_filesystem() {
	mkdir -p /run/mount
	mount -t "$1" -o "$2" $disk /run/mount || fail "it does not mount"
	for number in 1 2 3; do
		fill /run/file 1
		cp /run/file /run/mount/file$number || fail "file $number is not written"
		sha256sum /run/file | cut -d' ' -f1 >>/run/sums
	done
	mkdir /run/mount/many
	for number in $(seq 100); do echo $number >/run/mount/many/$number; done
	umount /run/mount || fail "it does not unmount"
	mount -t "$1" -o "$2,ro" $disk /run/mount || fail "it does not mount again"
	for number in 1 2 3; do sha256sum /run/mount/file$number | cut -d' ' -f1; done | cmp - /run/sums || fail "a file has changed"
	[ "$(cat /run/mount/many/* | sort -n | tail -n 1)" = 100 ] || fail "a small file has changed"
	umount /run/mount
	dmesg | grep -E 'EXT4-fs error|FAT-fs .*: error' && fail "the file system has errors"
	echo "three files of 1 MiB and a hundred small ones are whole"
}
