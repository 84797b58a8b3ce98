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

@test "doctor: an ordinary user may not open /dev/vsock, and vsock is usable all the same" {
	golden doctor-user 0 "${AS_USER[@]}" "$VCAT" --doctor
}

@test "doctor: the fix of /dev/vsock fixes it" {
	run -0 "${AS_USER[@]}" "$VCAT" --doctor --json
	"${AS_USER[@]}" "$VCAT" --doctor --json >before
	jq -r 'select(.check == "/dev/vsock").fix' before >fix
	expect "$(jq -r 'select(.check == "/dev/vsock").status' before)" no
	sh ./fix
	"${AS_USER[@]}" "$VCAT" --doctor --json >after
	expect "$(jq -r 'select(.check == "/dev/vsock").status' after)" ok
	chmod 0600 /dev/vsock
}

# make_container: ./in-container COMMAND... runs it where /dev has the usual
# nodes and no other.
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

@test "doctor: the fix of a missing /dev/vsock fixes it" {
	make_container
	# shellcheck disable=SC2016 # the inner shell's
	run -0 ./in-container sh -ec '
		eval "$("$1" --doctor --json |
			jq -r "select(.check == \"/dev/vsock\").fix")"
		"$1" --doctor --json |
			jq -r "select(.check == \"/dev/vsock\").status"' sh "$VCAT"
	expect "$output" ok
}

@test "doctor: a container whose filter forbids the socket, as Docker's does" {
	golden doctor-filter 1 "$TOOLS/without-vsock" "$VCAT" --doctor
}

@test "doctor: a node that is there before its driver is not opened: that might load it" {
	export ASAN_OPTIONS=detect_leaks=0 # it does not go with strace
	mknod -m 0666 /dev/vhost-vsock c 10 241
	golden doctor-loopback 0 strace -f -qq -o trace -e trace=openat,open \
		"$VCAT" --doctor
	rm /dev/vhost-vsock
	expect_in trace '"/dev/vsock"'
	run -1 grep -F '"/dev/vhost-vsock"' trace
}

@test "doctor: no packet is sent" {
	export ASAN_OPTIONS=detect_leaks=0 # it does not go with strace
	start doctor strace -f -qq -o trace -e trace=network "$VCAT" --doctor
	finish doctor
	expect "$status" 0
	expect_in trace 'bind('
	run -1 grep -vE '(socket|bind)\(|AF_UNIX' <(grep -E '\(' trace)
}

@test "cid: the loopback's is 1, as an ordinary user too" {
	run -0 --separate-stderr vcat --cid
	expect "$output" 1
	run -0 --separate-stderr vcat --cid -v
	expect "$output" "1 local"
	run -0 --separate-stderr "${AS_USER[@]}" "$VCAT" --cid
	expect "$output" 1
	make_container
	run -0 --separate-stderr ./in-container "$VCAT" --cid
	expect "$output" 1
	expect "$stderr" ""
}

into_full() {
	vcat "$@" >/dev/full
}

@test "doctor and cid: a stdout that takes nothing is status 1 and a message" {
	for words in "--doctor" "--doctor --json" "--cid"; do
		# shellcheck disable=SC2086 # words
		run -1 --separate-stderr into_full $words
		expect "$stderr" "vcat: stdout: write: No space left on device"
	done
}

# on_terminal COMMAND: its output, on a terminal of its own; a dumb one has no
# colours.
on_terminal() {
	TERM=${terminal-xterm} script -qec "$1" /dev/null </dev/null
}

@test "doctor: colours on a terminal, and nowhere else" {
	run -0 on_terminal "$VCAT --doctor"
	[[ $output == $'\e[32mok\e[0m    kernel '* ]]
	run -0 on_terminal "NO_COLOR=1 $VCAT --doctor"
	[[ $output != *$'\e'* ]]
	terminal=dumb run -0 on_terminal "$VCAT --doctor"
	[[ $output != *$'\e'* ]]
	run -0 on_terminal "$VCAT --doctor --json"
	[[ $output != *$'\e'* ]]
	run -0 on_terminal "NO_COLOR= $VCAT --doctor"
	[[ $output == *$'\e'* ]]
}
