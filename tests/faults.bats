# machine: here
# needs: developer
# Each job of vcat with faults in its system calls: it does what it should, or says
# why it does not. These are the most telling faults; `make faults` has all.
bats_require_minimum_version 1.5.0
load helper

faults() {
	[[ $BUILD != asan ]] ||
		skip "the system calls of a sanitizer would fail, too"
	run "$TOP/tests/faults/run" "$@"
	[[ $status == 0 ]] || {
		printf '%s\n' "${lines[@]}"
		return 1
	}
	grep -qE '^[1-9][0-9]* cases: .* 0 findings$' <<<"${lines[-1]}"
}

# One job of each kind.
readonly some=(connect_unix listen_tcp forward_tcp files into seqpacket)

@test "faults: an interrupted call is made again, or is a failure that is told" {
	faults -f -e EINTR "${some[@]}"
}

@test "faults: what cannot be had, descriptors or memory, is told" {
	faults -f -e EMFILE,ENOMEM \
		-c socket,accept4,epoll_create1,signalfd4,eventfd2,openat,clone3,mmap,malloc \
		"${some[@]}"
}

@test "faults: a listener that cannot be watched ends vcat" {
	faults -c epoll_ctl -e ENOSPC listen_unix detached exec_many into
}

@test "faults: reads and writes of a few bytes lose nothing" {
	faults -c short
}

@test "faults: a full disk is told, whichever call meets it" {
	faults -f -e ENOSPC -c writev,pwrite64,fsync,ftruncate,linkat,mkdirat,symlinkat \
		connect_tcp into resume
}

@test "faults: a file whose close fails is not taken for written" {
	faults -c close listen_unix connect_tcp verified_receive
}

@test "faults: a command that cannot be started is told" {
	faults -f -c execve,dup2,getsockname,malloc exec_listen exec_many
}

# shellcheck disable=SC2016 # for the inner shell
# The descriptor that vcat has for its lines is closed by then.
@test "faults: nor is it silent where stderr is a pipe" {
	# LeakSanitizer fails under strace
	export ASAN_OPTIONS=detect_leaks=0
	start server bash -c 'strace -D -qq -o trace -e trace=execve \
		-e inject=execve:error=ENOENT "$@" 2> >(cat >said)' - \
		"$VCAT" -l unix:s -e true
	wait_until 5 test -S s
	run -0 "$PEER" connect unix:s read-eof
	wait_until 5 grep -qx 'vcat: sh: No such file or directory' said
}
