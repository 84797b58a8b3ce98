# A guest that a command in the test machine can start there, with a QEMU of its
# own: then the machine is a host with the kernel's vhost, and has a guest.
# Sourced by run, to prepare it, and by tests/vhost.bash, to start it.
#
# To boot under emulation within emulation takes most of a minute. So the guest
# is booted outside, where that takes three seconds, and without a vsock device.
# QEMU then saves its state in a file, and the QEMU in the machine goes on from
# there; the device is plugged in when the guest runs.
#
# shellcheck shell=bash disable=SC2154,SC2034 # variables shared with run

readonly guest_boot_seconds=40 # for one attempt; a good one takes three
readonly guest_listens="listening on any:1024" # the console's last line

# QEMU's words for this guest, to be split. It can go on only from the state of
# one that had the same. It starts in a directory of its own, where its console
# goes to a file, and commands and answers through the fifos qmp.in and qmp.out.
# qemu64: with "max" the emulated kernel uses what is slow to emulate twice.
guest_machine() {
	echo -M pc -cpu qemu64 -accel tcg,thread=single -m 256 -smp 1 \
		-nodefaults -display none -no-reboot -serial file:console -pidfile qemu.pid \
		-chardev pipe,id=qmp,path=qmp -mon chardev=qmp,mode=control
}

# tsc=reliable, no_timer_check and the like: less to calibrate and to watch for
# a kernel whose clock stands still while its state lies in a file.
guest_command_line() {
	echo console=ttyS0 quiet panic=-1 mitigations=off cryptomgr.notests \
		nokaslr norandmaps apparmor=0 no_timer_check tsc=reliable \
		nowatchdog rcupdate.rcu_cpu_stall_suppress=1 rdinit=/guest-init
}

# What the guest has beside busybox.
guest_programs() {
	local programs=$tree/build/${BUILD:-release}
	echo "$programs/vcat" "$programs/tools/"{peer,pattern,bare-copy} \
		"$(command -v socat)"
}

# The libraries of the programs $@, and the loader.
libraries_of() {
	ldd "$@" | awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^\/.*[^:]$/) print $i }' |
		sort -u
}

# Changes with everything that the state is made of. (Their times alone may lie
# before that of an older state: packages keep the times of their files.)
guest_key() {
	local programs
	read -ra programs < <(guest_programs)
	# shellcheck disable=SC2046 # words
	stat -L -c '%n %s %y' "$here/guest-init" "$here/nested.sh" "$image" \
		"$kernel_dir/vmlinuz" "$(command -v qemu-system-x86_64)" \
		"${programs[@]}" $(libraries_of "${programs[@]}") |
		sha256sum | cut -c 1-16
}

# The machine's initramfs, and behind it another archive with what is more.
pack_guest_image() {
	local root=$scratch/root programs
	read -ra programs < <(guest_programs)
	mkdir -p "$root/bin"
	cp "$here/guest-init" "$root/"
	chmod 755 "$root/guest-init"
	cp "${programs[@]}" "$root/bin/"
	# shellcheck disable=SC2046 # words
	cp -L --parents $(libraries_of "${programs[@]}") "$root/"
	{
		cat "$image"
		cd "$root" && find . | cpio --quiet -o -H newc -R 0:0
	} >"$scratch/initrd"
}

# run_guest DIRECTORY SECONDS ARG...: becomes a QEMU there, for so long at most and
# with ARG... as well. The file qmp has its answers, qemu.pid its process. It holds
# the fifos open itself: they end with it.
run_guest() {
	local seconds=$2
	cd "$1" || return
	shift 2
	rm -f qmp.in qmp.out
	mkfifo qmp.in qmp.out
	: >console
	: >qmp
	cat qmp.out >qmp &
	# shellcheck disable=SC2046 # words
	exec timeout -s KILL "$seconds" qemu-system-x86_64 $(guest_machine) "$@" \
		</dev/null >qemu.log 2>&1 8<>qmp.out 9<>qmp.in
}

# tell_guest DIRECTORY: passes commands from stdin to that QEMU; does not wait for
# one that has gone.
tell_guest() {
	cat 1<>"$1/qmp.in"
}

# guest_says FILE TEXT: waits for it; fails if the guest ends before.
guest_says() {
	until grep -sqF "$2" "$scratch/$1"; do
		kill -0 "$guest_qemu" 2>/dev/null || return 1
		sleep 0.05
	done
}

start_guest() {
	rm -f "$scratch/console"
	(run_guest "$scratch" $guest_boot_seconds -kernel "$kernel_dir/vmlinuz" -initrd initrd \
		-append "$(guest_command_line)") &
	guest_qemu=$!
}

# The events tell when all of the state is in the file.
save_guest() {
	guest_says console "$guest_listens" || return
	{
		echo '{"execute":"qmp_capabilities"}'
		echo '{"execute":"migrate-set-capabilities","arguments":{"capabilities":
			[{"capability":"events","state":true}]}}'
		echo '{"execute":"migrate","arguments":{"uri":"exec:cat >state"}}'
	} | tell_guest "$scratch"
	guest_says qmp '"status": "completed"' || return
	echo '{"execute":"quit"}' | tell_guest "$scratch"
	wait "$guest_qemu"
}

# As the machine itself, the guest sometimes panics while it boots.
make_guest() {
	local attempt
	[ ! -e "$guest" ] || return 0
	echo "tests/vm/run: booting the guest of the machine (once)" >&2
	pack_guest_image
	for ((attempt = 1; attempt <= boot_attempts; attempt++)); do
		start_guest
		! save_guest || break
		wait "$guest_qemu" 2>/dev/null || true
		cp "$scratch/console" "$build/boot-failed.log"
	done
	((attempt <= boot_attempts)) || {
		cat "$scratch/qemu.log" >&2
		console_tail "$build/boot-failed.log"
		die "the guest of the machine did not boot, $((attempt - 1)) attempts"
	}
	rm -f "${guest%-*}"-*
	mv "$scratch/state" "$guest"
}

# Leaves the path of the guest's state in $guest.
prepare_guest() {
	# shellcheck disable=SC2046 # words
	ls $(guest_programs) >/dev/null || die "the guest needs them: make all tools"
	guest=$build/guest-${kernel_dir##*/}-${BUILD:-release}-$(guest_key)
	[ -e "$guest" ] || with_lock make_guest
}
