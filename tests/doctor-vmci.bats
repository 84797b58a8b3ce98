# machine: vmci
bats_require_minimum_version 1.5.0
load helper
load golden

load_vhost() {
	/sbin/modprobe -d "$(kernel_directory)" vhost_vsock
}

@test "doctor: VMware's transport is loaded and not in use" {
	golden doctor-vmci 1 "$VCAT" --doctor
}

@test "doctor: VMware's transport does no harm when vhost_vsock is loaded first" {
	load_vhost
	golden doctor-vmci-vhost 0 "$VCAT" --doctor
	/sbin/rmmod vhost_vsock
}

# The tests below need VMware's transport to have run a VM: it then keeps CID 2.
@test "doctor: VMware's transport has CID 2, and vhost_vsock cannot be loaded" {
	start vmware "$TOOLS/hold-vmci" 99 60
	wait_until 10 grep -q ready vmware.out
	golden doctor-vmci-host 0 "$VCAT" --doctor
	run -1 load_vhost
	[[ $output == *"Device or resource busy"* ]]
}

@test "doctor: the fix for VMware's transport works" {
	run -1 load_vhost
	found vmci fix |
		sed "s,modprobe,/sbin/modprobe -d $(kernel_directory),g" >fix
	sh -e ./fix
	expect "$(found /dev/vhost-vsock status)" ok
}
