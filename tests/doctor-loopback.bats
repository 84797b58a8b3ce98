# machine: loopback
bats_require_minimum_version 1.5.0
load helper
load golden

teardown_file() {
	chmod 0600 /dev/vsock
}

@test "doctor: the loopback alone is usable" {
	golden doctor-loopback 0 "$VCAT" --doctor
}

@test "doctor: --json has the CID as a number and the verdict as a boolean" {
	expect "$(found cid cid)" 1
	expect "$(found verdict usable)" true
	expect "$(found guest cid)" null
	expect "$(found guest usable)" null
}

@test "doctor: an ordinary user cannot open /dev/vsock, yet vsock is usable" {
	golden doctor-user 0 "${AS_USER[@]}" "$VCAT" --doctor
}

@test "doctor: the fix for /dev/vsock works" {
	run -0 "${AS_USER[@]}" "$VCAT" --doctor --json
	expect "$(found /dev/vsock status "${AS_USER[@]}")" no
	found /dev/vsock fix "${AS_USER[@]}" >fix
	sh ./fix
	expect "$(found /dev/vsock status "${AS_USER[@]}")" ok
	chmod 0600 /dev/vsock
}

# make_container: writes ./in-container, which runs COMMAND... in a container
# whose /dev has the usual nodes and no others.
make_container() {
	cat >in-container <<-'END'
		#!/bin/bash
		[[ $IN ]] || IN=1 exec unshare --mount "$0" "$@"
		mount -t tmpfs none /mnt
		for node in null full zero random urandom tty; do
			touch /mnt/$node
			mount --bind /dev/$node /mnt/$node
		done
		mount --move /mnt /dev
		exec "$@"
	END
	chmod 755 in-container
}

@test "doctor: a container without /dev/vsock" {
	make_container
	golden doctor-container 0 ./in-container "$VCAT" --doctor
}

@test "doctor: the fix for a missing /dev/vsock works" {
	make_container
	# shellcheck disable=SC2016 # the inner shell's
	run -0 ./in-container sh -ec '
		eval "$("$1" --doctor --json |
			jq -r "select(.check == \"/dev/vsock\").fix")"
		"$1" --doctor --json |
			jq -r "select(.check == \"/dev/vsock\").status"' sh "$VCAT"
	expect "$output" ok
}

@test "doctor: a container whose seccomp filter forbids VM sockets, as Docker's does" {
	golden doctor-filter 1 "$TOOLS/without-vsock" "$VCAT" --doctor
}

@test "doctor: a node without a loaded driver is not opened, as that might load the driver" {
	export ASAN_OPTIONS=detect_leaks=0 # LeakSanitizer fails under strace
	mknod -m 0666 /dev/vhost-vsock c 10 241
	golden doctor-loopback 0 strace -f -qq -o trace -e trace=openat,open \
		"$VCAT" --doctor
	rm /dev/vhost-vsock
	expect_in trace '"/dev/vsock"'
	run -1 grep -F '"/dev/vhost-vsock"' trace
}

@test "doctor: no packet is sent" {
	export ASAN_OPTIONS=detect_leaks=0 # LeakSanitizer fails under strace
	start doctor strace -f -qq -o trace -e trace=network "$VCAT" --doctor
	finish doctor
	expect "$status" 0
	expect_in trace 'bind('
	run -1 grep -vE '(socket|bind)\(|AF_UNIX' <(grep -E '\(' trace)
}

@test "cid: the loopback alone is 1, for an ordinary user too" {
	prints 1 "$VCAT" --cid
	prints "1 local" "$VCAT" --cid -v
	prints 1 "${AS_USER[@]}" "$VCAT" --cid
	make_container
	prints 1 ./in-container "$VCAT" --cid
}

into_full() {
	vcat "$@" >/dev/full
}

@test "doctor and cid: a full stdout is an error, status 1" {
	for words in "--doctor" "--doctor --json" "--cid"; do
		# shellcheck disable=SC2086 # words
		run -1 --separate-stderr into_full $words
		expect "$stderr" "vcat: stdout: write: No space left on device"
	done
}

# on_terminal COMMAND: runs it on a terminal of its own. TERM=dumb has no
# colours.
on_terminal() {
	TERM=${terminal-xterm} script -qec "$1" /dev/null </dev/null
}

@test "doctor: colours on a terminal only, and not with NO_COLOR" {
	run -0 on_terminal "$VCAT --doctor"
	[[ $output == $'\e[32mok  \e[0m  kernel '* ]]
	run -0 on_terminal "NO_COLOR=1 $VCAT --doctor"
	[[ $output != *$'\e'* ]]
	terminal=dumb run -0 on_terminal "$VCAT --doctor"
	[[ $output != *$'\e'* ]]
	run -0 on_terminal "$VCAT --doctor --json"
	[[ $output != *$'\e'* ]]
	run -0 on_terminal "NO_COLOR= $VCAT --doctor"
	[[ $output == *$'\e'* ]]
}
