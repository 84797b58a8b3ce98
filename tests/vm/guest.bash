# The QEMU of a guest in the test machine: started, given its device, ended. For
# bash scripts that have set GUEST, a directory of its own for it, and that have
# wait_until SECONDS COMMAND.
#
# shellcheck shell=bash disable=SC2153,SC2154

# shellcheck source=tests/vm/nested.sh
. "$(dirname "${BASH_SOURCE[0]}")/nested.sh"

# qmp COMMAND [ARGUMENTS]: tells QEMU to do it.
qmp() {
	printf '{"execute":"%s","arguments":%s}\n' "$1" "${2-{\}}" |
		tell_guest "$GUEST"
}

# qmp_says TEXT: QEMU reports it in time; the rest of QEMU's answers is
# left for later.
qmp_says() {
	wait_until 200 eval "grep -qF '$1' '$GUEST/qmp' || ! guest_lives"
	grep -F "$1" "$GUEST/qmp" || guest_trouble
}

guest_lives() {
	[[ -s $GUEST/qemu.pid ]] && kill -0 "$(<"$GUEST/qemu.pid")" 2>/dev/null
}

kill_guest() {
	kill -KILL "$(<"$GUEST/qemu.pid")"
}

# Shows what can explain that the guest does not do as it is told; fails.
guest_trouble() {
	echo "the guest fails; its console, and what QEMU said:" >&2
	tail -n 30 "$GUEST/console" "$GUEST/qemu.log" "$GUEST/qmp" >&2
	return 1
}

# start_guest: its QEMU goes on from the state that tests/vm/run has prepared.
# The guest has no vsock device yet, so no connection to it can work.
start_guest() {
	(run_guest "$GUEST" 1100 -incoming defer) &
	wait_until 20 test -s "$GUEST/qemu.pid"
	qmp qmp_capabilities
	qmp migrate-incoming "{\"uri\":\"exec:cat '$VCAT_GUEST'\"}"
	qmp_says RESUME
}

# plug_vsock: gives it its device.
plug_vsock() {
	qmp device_add '{"driver":"vhost-vsock-pci","guest-cid":3}'
}
