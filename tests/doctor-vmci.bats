# machine: vmci
bats_require_minimum_version 1.5.0
load helper
load golden

load_vhost() {
	/sbin/modprobe -d "$(kernel_directory)" vhost_vsock
}

@test "doctor: VMware's transport, loaded and not in use" {
	golden doctor-vmci 1 "$VCAT" --doctor
}

@test "doctor: VMware's transport is not in the way of a vhost_vsock that came first" {
	load_vhost
	golden doctor-vmci-vhost 0 "$VCAT" --doctor
	/sbin/rmmod vhost_vsock
}

# What follows needs a VM of VMware's to have run: it keeps CID 2 for good.
@test "doctor: VMware's transport has CID 2, and vhost_vsock cannot be loaded" {
	start vmware "$TOOLS/hold-vmci" 99 60
	wait_until 10 grep -q ready vmware.out
	golden doctor-vmci-host 0 "$VCAT" --doctor
	run -1 load_vhost
	[[ $output == *"Device or resource busy"* ]]
}

@test "doctor: the fix of VMware's transport fixes it" {
	run -1 load_vhost
	"$VCAT" --doctor --json >said
	jq -r 'select(.check == "vmci").fix' said |
		sed "s,modprobe,/sbin/modprobe -d $(kernel_directory),g" >fix
	sh -e ./fix
	"$VCAT" --doctor --json >said
	expect "$(jq -r 'select(.check == "/dev/vhost-vsock").status' said)" ok
}
