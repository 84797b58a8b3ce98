# machine: virtio
bats_require_minimum_version 1.5.0
load helper
load golden

@test "doctor: a guest without the loopback" {
	golden doctor-virtio 0 "$VCAT" --doctor
}

@test "doctor: a guest, as an ordinary user: only /dev/vsock would tell the CID" {
	golden doctor-virtio-user 0 "${AS_USER[@]}" "$VCAT" --doctor
}

@test "doctor: a device whose driver lets it go" {
	driver=/sys/bus/virtio/drivers/vmw_vsock_virtio_transport
	for device in "$driver"/virtio*; do
		echo "${device##*/}" >"$driver/unbind"
	done
	golden doctor-virtio-driverless 1 "$VCAT" --doctor
	echo "${device##*/}" >"$driver/bind"
}

@test "cid: a guest's, as a number, and with -v whose it is" {
	run -0 --separate-stderr vcat --cid
	expect "$output" 3
	run -0 --separate-stderr vcat --cid --verbose
	expect "$output" "3 vm"
	expect "$stderr" ""
}

@test "cid: a guest's is told to nobody who may not open /dev/vsock" {
	fails 1 "/dev/vsock: cid: Permission denied" "chmod 0666 /dev/vsock" \
		"${AS_USER[@]}" "$VCAT" --cid
}

@test "cid: a guest's is not told in a container without /dev/vsock" {
	# shellcheck disable=SC2016 # the inner shell's
	fails 1 "/dev/vsock: cid: No such file or directory" "--device /dev/vsock" \
		unshare --mount sh -ec 'mount -t tmpfs none /dev; exec "$1" --cid' \
		sh "$VCAT"
}
