# machine: here
# What vcat says on stderr, and what a stderr does that nobody reads.
bats_require_minimum_version 1.5.0
load helper
load forward

# unread COMMAND...: starts forwarder with a stderr that is a pipe, full, from
# which nobody reads until read_stderr.
unread() {
	mkfifo err
	exec {err_fd}<>err
	start forwarder bash -c 'exec "$@" 2>err' unread "$@"
}

# stuff: fills that pipe to its last byte.
stuff() {
	timeout 0.5 dd if=/dev/zero of=err bs=4096 oflag=nonblock conv=notrunc status=none || true
	timeout 0.5 dd if=/dev/zero of=err bs=1 oflag=nonblock conv=notrunc status=none || true
}

@test "stderr: one that nobody reads does not stop a forwarder, nor its end" {
	echo_server e
	unread "$VCAT" -l -k -v unix:s -t unix:e
	wait_until 10 test -S s
	stuff
	near=unix:s
	for i in 1 2 3; do
		run -0 client text hello shutdown read 5 read-eof
	done
	pid_of forwarder
	kill -TERM "$pid"
	finish forwarder 10
	expect "$status" 143
}

@test "stderr: messages that are lost are counted, once there is room again" {
	unread "$VCAT" -l -k -v unix:s -t unix:nobody
	wait_until 10 test -S s
	stuff
	near=unix:s
	for i in 1 2 3; do
		run client read-eof
	done
	timeout 2 dd of=drained bs=65536 iflag=nonblock status=none <err || true
	for i in 1 2 3; do
		run client read-eof
	done
	timeout 2 dd of=said bs=65536 iflag=nonblock status=none <err || true
	grep -aqE '^vcat: [1-9][0-9]* messages lost' said || {
		cat -v said
		return 1
	}
}

@test "stderr: a command of -e finds it as it was, and blocking" {
	mkfifo err
	exec {err_fd}<>err
	start listener bash -c 'exec "$@" 2>err' e "$VCAT" -l -k -v unix:s \
		-e "$TOOLS/nonblock-check"
	wait_until 10 test -S s
	near=unix:s
	run -0 client save flags read-eof
	expect "$(<flags)" $'0 blocking\n1 blocking\n2 blocking' "descriptors"
}

@test "control characters: none reaches a terminal, neither C0 nor C1" {
	local path
	path=$(printf 'a\033[31m\302\233b\233c\n')
	run -1 --separate-stderr vcat "unix:$path"
	expect "$stderr" "vcat: unix:a?[31m?b?c: connect: No such file or directory
hint: $(sed -n 's/^hint: //p' <<<"$stderr")"
	run -1 --separate-stderr vcat "unix:$(printf 'caf\303\251 \342\202\254')"
	[[ ${stderr_lines[0]} == "vcat: unix:café €: "* ]]
}

@test "control characters: -z prints none either" {
	local path
	path=$(printf 'a\033[31m\233')
	start listener "$VCAT" -l -k -d "unix:$path"
	wait_until 10 test -S "$path"
	run -0 vcat -z "unix:$path"
	expect "$output" "unix:a?[31m?"
}
