# The processes of one test machine: QEMU and the daemons that serve it.
# Sourced by run; uses $job, $tree, $image, $kernel_dir and the options.
# shellcheck shell=bash disable=SC2154,SC2034 # variables shared with run

# Processes of ours, "" or 0 elements when none runs.
qemu=
daemons=()

# QEMU's own, written in C, as Debian 12 has it; later ones take other options.
readonly virtiofsd=/usr/lib/qemu/virtiofsd

# All of them run in the job's directory, so that the sockets have short,
# relative names: a path in sockaddr_un may have 107 bytes only.
# The kernel kills them when the runner itself is killed.
in_job() {
	cd "$job" || exit
	exec setpriv --pdeathsig KILL "$@" </dev/null
}

in_job_as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		in_job "$@"
	else
		in_job sudo -n "$@"
	fi
}

# Says at once what is missing, before anything is fetched.
require_host() {
	local program
	for program in qemu-system-x86_64 "$virtiofsd" busybox cpio depmod; do
		command -v "$program" >/dev/null ||
			die "no $program: run tests/deps (on Debian 12)"
	done
	[ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null ||
		die "virtiofsd wants root: run me as root, or with passwordless sudo"
}

socket_of() {
	echo "${job##*/}.$1"
}

# Lends the directory $2 to the guest as $1. Ends when QEMU does; the timeout
# is for a QEMU that never came.
start_share() {
	local name=$1 directory=$2 cache=$3
	# virtiofsd locks a file below /run by this path, relative or not: the
	# job's name keeps two runners apart.
	in_job_as_root timeout -k 5 $((limit + 60)) "$virtiofsd" -f \
		--socket-path="$(socket_of "$name")" --socket-group="$(id -gn)" \
		-o source="$directory" -o cache="$cache" -o sandbox=chroot \
		>"$job/$name.log" 2>&1 &
	daemons+=($!)
}

# The guest's connections to PORT of CID 2 arrive at uds_PORT in -u's
# directory, connections to the guest go through uds there: AF_UNIX only.
start_vsock() {
	in_job "$vsock_daemon" --guest-cid="$device_cid" \
		--socket="$(socket_of vsock)" --uds-path="${uds_dir:-$job}/uds" \
		>"$job/vsock.log" 2>&1 &
	daemons+=($!)
}

wait_for_socket() {
	local deadline=$((SECONDS + 10))
	until [ -S "$job/$(socket_of "$1")" ]; do
		[ $SECONDS -lt $deadline ] || {
			cat "$job/$1.log" >&2
			die "the daemon of $1 did not start"
		}
		nap
	done
}

# /dev/kvm may exist and hang a stock kernel: believe the processor's flags.
can_use_kvm() {
	grep -qwE 'vmx|svm' /proc/cpuinfo && [ -r /dev/kvm ] && [ -w /dev/kvm ]
}

accelerator() {
	if can_use_kvm; then
		echo -accel kvm -cpu host
	else
		# TCG runs "rep movsb" a byte at a time; without erms and fsrm the
		# kernel copies by words, five times as fast.
		echo -accel tcg,thread=multi -cpu max,-erms,-fsrm
	fi
}

share_device() {
	echo -chardev "socket,id=$1,path=$(socket_of "$1")" \
		-device "vhost-user-fs-pci,chardev=$1,tag=$1"
}

vsock_device() {
	local socket=$device_socket
	[ -z "$device_cid" ] || socket=$(socket_of vsock)
	[ -z "$socket" ] || echo -chardev "socket,id=vsock,path=$socket" \
		-device vhost-user-vsock-pci,chardev=vsock
}

# norandmaps: what TCG has translated it finds again by its address only, so
# that with random ones the same program costs twice as much at each start.
kernel_command_line() {
	echo console=ttyS0 quiet panic=-1 mitigations=off cryptomgr.notests \
		norandmaps apparmor=0 random.trust_cpu=on \
		"vcat.job=${job##*/}" "vcat.modules=$modules"
}

start_qemu() {
	: >"$job/console"
	: >"$job/events"
	# The functions print words to be split.
	# shellcheck disable=SC2046
	in_job qemu-system-x86_64 -M q35,memory-backend=mem $(accelerator) \
		-object "memory-backend-memfd,id=mem,size=${memory}M,share=on" \
		-m "$memory" -smp "$cpus" -no-reboot -nodefaults -display none \
		-serial file:console -serial file:events \
		-kernel "$kernel_dir/vmlinuz" -initrd "$image" -append "$(kernel_command_line)" \
		$(share_device root) $(share_device tree) $(vsock_device) \
		>"$job/qemu.log" 2>&1 &
	qemu=$!
}

start_machine() {
	start_share root / always
	start_share tree "$tree" auto
	[ -z "$device_cid" ] || start_vsock
	wait_for_socket root
	wait_for_socket tree
	[ -z "$device_cid" ] || wait_for_socket vsock
	start_qemu
}

machine_runs() {
	kill -0 "$qemu" 2>/dev/null
}

# virtiofsd leaves them behind.
remove_lock_files() {
	local root=()
	[ "$(id -u)" -eq 0 ] || root=(sudo -n)
	"${root[@]}" rm -f "/run/virtiofsd/${job##*/}".{root,tree}.pid \
		2>/dev/null || true
}

# QEMU gone, the daemons end by themselves; those of a boot that failed early
# are told to.
stop_machine() {
	[ -z "$qemu" ] || kill -KILL "$qemu" 2>/dev/null || true
	[ -z "$qemu" ] || wait "$qemu" 2>/dev/null || true
	qemu=
	[ ${#daemons[@]} -eq 0 ] || kill "${daemons[@]}" 2>/dev/null || true
	[ ${#daemons[@]} -eq 0 ] || wait "${daemons[@]}" 2>/dev/null || true
	daemons=()
	rm -f "$job/${job##*/}".*
	[ -z "$device_cid" ] || rm -f "${uds_dir:-$job}/uds"
	remove_lock_files
}
