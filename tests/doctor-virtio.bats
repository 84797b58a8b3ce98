# machine: virtio
bats_require_minimum_version 1.5.0
load helper
load golden

@test "doctor: a guest without the loopback" {
	golden doctor-virtio 0 "$VCAT" --doctor
}

@test "doctor: an ordinary user of a guest cannot read the CID from /dev/vsock" {
	golden doctor-virtio-user 0 "${AS_USER[@]}" "$VCAT" --doctor
}

@test "doctor: a device that no driver is bound to" {
	driver=/sys/bus/virtio/drivers/vmw_vsock_virtio_transport
	for device in "$driver"/virtio*; do
		echo "${device##*/}" >"$driver/unbind"
	done
	golden doctor-virtio-driverless 1 "$VCAT" --doctor
	echo "${device##*/}" >"$driver/bind"
}

@test "cid: a guest prints its number, and with -v what it is" {
	prints 3 "$VCAT" --cid
	prints "3 vm" "$VCAT" --cid --verbose
}

@test "cid: a guest's CID is unknown to a user who cannot open /dev/vsock" {
	fails 1 "/dev/vsock: cid: Permission denied" "chmod 0666 /dev/vsock" \
		"${AS_USER[@]}" "$VCAT" --cid
}

@test "cid: a guest's CID is unknown in a container without /dev/vsock" {
	# shellcheck disable=SC2016 # the inner shell's
	fails 1 "/dev/vsock: cid: No such file or directory" "--device /dev/vsock" \
		unshare --mount sh -ec 'mount -t tmpfs none /dev; exec "$1" --cid' \
		sh "$VCAT"
}
