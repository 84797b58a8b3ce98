# machine: none
bats_require_minimum_version 1.5.0
load helper
load golden

@test "doctor: without a vsock module nothing is usable, and modprobe is the fix" {
	golden doctor-none 1 "$VCAT" --doctor
}

@test "doctor: an ordinary user sees the same" {
	golden doctor-none 1 "${AS_USER[@]}" "$VCAT" --doctor
}

@test "cid: without a vsock module there is no CID, and the hint says what to load" {
	fails 1 "vsock: socket: Address family not supported by protocol" \
		"modprobe vhost_vsock" "$VCAT" --cid
}

# Keep this test last: the modules that it loads stay loaded.
@test "doctor: a module that the kernel loads on demand is named" {
	cat >load <<-END
		#!/bin/bash
		# as modules.alias has it on Debian: net-pf-40 is the loopback
		[[ \$3 != net-pf-40 ]] ||
			/sbin/modprobe -d "$(kernel_directory)" vsock_loopback
	END
	chmod 755 load
	echo "$T/load" >/proc/sys/kernel/modprobe
	golden doctor-autoload 0 "$VCAT" --doctor
	echo >/proc/sys/kernel/modprobe
}
