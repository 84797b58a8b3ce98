# machine: here
# needs: developer
# A host and its guests, with a real hybrid socket between them: this machine
# is the host, where all is AF_UNIX; vhost-device-vsock is the VMM's device;
# two guests of tests/vm, CID 3 and 4, have the kernel's virtio-vsock driver.
bats_require_minimum_version 1.5.0
load helper

MIB=$((1024 * 1024))
MANY=$((256 * MIB))
SOME=$((32 * MIB))
jobs=0

# What the guests run: the scripts NAME.sh of their directory, each in the
# background; NAME.out, NAME.err and, at its end, NAME.status tell of it.
# shellcheck disable=SC2317 # it runs in the guest
serve_jobs() {
	local script name
	shopt -s nullglob
	cd "$1" || exit
	touch up
	until [[ -e quit ]]; do
		for script in *.sh; do
			name=${script%.sh}
			mv "$script" "$name.script"
			: >"$name.out" 2>"$name.err"
			{
				status=0
				bash "$name.script" </dev/null >"$name.out" \
					2>"$name.err" || status=$?
				echo $status >"$name.status"
			} &
		done
		nap
	done
}

# boot NAME OPTION...: a guest that serves the jobs of $PAIR/NAME; the
# directory lies in the tree, which guests see.
boot() {
	mkdir "$PAIR/$1"
	LIMIT=280 start "$1" "$TOP/tests/vm/run" -t 270 -m virtio -c 1 -M 512 \
		"${@:2}" -- bash -c "$(declare -f nap serve_jobs); serve_jobs '$PAIR/$1'"
}

await_boot() {
	wait_until 100 eval "[[ -e $PAIR/$1/up ]] || ! running $1"
	[[ -e $PAIR/$1/up ]] || {
		cat "$1.err"
		return 1
	}
}

# Ends the guest NAME in order, as far as it will.
end_boot() {
	[[ -d $PAIR/$1 ]] || return 0
	touch "$PAIR/$1/quit"
	wait_until 10 test -s "$1.status" || kill -- "-$(<"$1.pid")" || true
}

# guest CID SCRIPT: starts it in that guest. $job is then a name for finish and
# port_of; never one of before: the guest may still know that as a file.
guest() {
	job=$PAIR/guest$1/$BATS_TEST_NUMBER.$((++jobs))
	printf 'VCAT=%q PEER=%q PATTERN=%q\n%s\n' "$VCAT" "$PEER" "$PATTERN" "$2" \
		>"$job.new"
	: >"$job.err"
	: >"$job.out"
	mv "$job.new" "$job.sh"
}

# job_ended NAME STATUS [STDOUT]: a job or a program has, and like that.
job_ended() {
	finish "$1" 50
	expect "$status" "$2" "status of $1, stderr '$(<"$1.err")'"
	[[ $# -lt 3 ]] || expect "$(<"$1.out")" "$3" "output of $1"
}

sum_of_stream() {
	local sum
	sum=$("$PATTERN" "$1" "$2" | sha256sum)
	echo "${sum%% *}"
}

setup_file() {
	local status=0 daemon
	export PAIR HOST
	daemon=$("$TOP/tests/vm/run" -P) || status=$?
	# to skip in here would count as a failure
	export NO_PACKAGE=$((status == 77))
	((!NO_PACKAGE)) || return 0
	expect $status 0 "status of fetching the daemon"
	mkdir -p "$TOP/build/$BUILD"
	PAIR=$(mktemp -d "$TOP/build/$BUILD/pair.XXXXXX")
	# sockets need a short path
	HOST=$(mktemp -d /tmp/vcat.XXXXXX)
	cd "$HOST" || return
	LIMIT=280 start daemon "$daemon" \
		--vm guest-cid=3,socket=ctl3,uds-path=vm3,groups=pair \
		--vm guest-cid=4,socket=ctl4,uds-path=vm4,groups=pair
	wait_until 10 test -S ctl3 -a -S ctl4
	boot guest3 -D ctl3
	boot guest4 -D ctl4
	await_boot guest3
	await_boot guest4
}

setup() {
	((!NO_PACKAGE)) || skip "a package that Debian stable does not carry"
	T=$(mktemp -d /tmp/vcat.XXXXXX)
	cd "$T" || return
}

teardown_file() {
	[[ ${HOST-} ]] || return 0
	cd "$HOST" || return
	end_boot guest3
	end_boot guest4
	stop daemon
	cd / && rm -rf "$HOST" "$PAIR"
}

@test "mux: to guest: 256 MiB arrive, with equal sums" {
	guest 3 "\$VCAT -l -d any | sha256sum"
	port_of "$job"
	"$PATTERN" 1 $MANY | vcat --send-only "mux:$HOST/vm3:$port"
	job_ended "$job" 0 "$(sum_of_stream 1 $MANY)  -"
}

@test "guest to mux: 256 MiB arrive at the host that connected, with equal sums" {
	guest 3 "\$PATTERN 2 $MANY | \$VCAT -l --send-only any"
	port_of "$job"
	run -0 eval 'vcat -d "mux:$HOST/vm3:$port" | sha256sum'
	expect "$output" "$(sum_of_stream 2 $MANY)  -"
	job_ended "$job" 0
}

@test "guest to mux: 32 MiB that the guest brings, with equal sums" {
	start host bash -c '"$0" -l -d "mux:$HOST/vm3:700" | sha256sum' "$VCAT"
	wait_until 10 test -S "$HOST/vm3_700"
	guest 3 "\$PATTERN 3 $SOME | \$VCAT --send-only host:700"
	job_ended host 0 "$(sum_of_stream 3 $SOME)  -"
	job_ended "$job" 0
}

@test "mux: to guest: 32 MiB that the guest fetches, with equal sums" {
	"$PATTERN" 4 $SOME >sent
	start host "$VCAT" -l --send-only "mux:$HOST/vm3:701" <sent
	wait_until 10 test -S "$HOST/vm3_701"
	guest 3 "\$VCAT -d host:701 | sha256sum"
	job_ended "$job" 0 "$(sum_of_stream 4 $SOME)  -"
	job_ended host 0
}

# Not at once: when both ways are full the daemon stops serving a connection now
# and then, for socat, too (rust-vmm/vhost-device, issue 494).
@test "both ways: 16 MiB there, then back over one connection, and OK is no part of it" {
	local size=$((16 * MIB))
	guest 3 "\$PEER listen vsock:4294967295:4294967295 \
		read $size print seed 6 send $size"
	port_of "$job"
	"$PATTERN" 5 $size >sent
	vcat "mux:$HOST/vm3:$port" <sent >got
	expect "$(sum_of got)" "$(sum_of_stream 6 $size)  -"
	job_ended "$job" 0
	expect_in "$job.out" "received $size $(sum_of_stream 5 $size)"
}

@test "request: the guest's answer comes, two seconds after our input's end" {
	guest 3 "\$PEER listen vsock:4294967295:4294967295 \
		read 8 sleep 2 text answer"
	port_of "$job"
	run -0 --separate-stderr vcat "mux:$HOST/vm3:$port" <<<"request"
	expect "$output" answer
	expect "$stderr" ""
	job_ended "$job" 0
}

@test "request: the guest's, and the host's answer a second after it" {
	mkfifo input
	start answerer bash -c 'exec >input
		until grep -q request host.out; do sleep 0.02; done
		sleep 1; echo answer'
	start host "$VCAT" -l -q 1 "mux:$HOST/vm3:702" <input
	wait_until 10 test -S "$HOST/vm3_702"
	guest 3 '"$VCAT" host:702 <<<request'
	job_ended "$job" 0 answer
	job_ended host 0 request
}

@test "refused: a port that nobody serves in the guest, in one line" {
	fails 1 "mux:$HOST/vm3:5555: handshake: Connection refused" \
		"nobody listens on port 5555 in the guest" "$VCAT" "mux:$HOST/vm3:5555"
}

@test "no answer: a guest to a port of the host without a socket, or a dead one" {
	start dead "$VCAT" -l "mux:$HOST/vm3:704"
	wait_until 10 test -S "$HOST/vm3_704"
	pid_of dead
	kill -KILL "$pid"
	finish dead
	for port in 703 704; do
		guest 3 "\"\$VCAT\" -w 1 host:$port"
		job_ended "$job" 3 ""
		expect_in "$job.err" \
			"vcat: host(2):$port: connect: Connection timed out"
		expect_in "$job.err" "hint: nobody answered"
		expect "$(wc -l <"$job.err")" 2 "lines on stderr"
	done
}

@test "listening: messages of both guests arrive, and -k takes the next" {
	local i
	for i in 3 4; do
		start "host$i" "$VCAT" -l -k -d "mux:$HOST/vm$i:9999"
		wait_until 10 test -S "$HOST/vm${i}_9999"
	done
	guest 3 'echo READY=3 | "$VCAT" --send-only host:9999'
	guest 4 'echo READY=4 | "$VCAT" --send-only host:9999'
	wait_until 20 grep -qx READY=4 host4.out
	wait_until 20 grep -qx READY=3 host3.out
	guest 3 'echo STOPPING=3 | "$VCAT" --send-only host:9999'
	job_ended "$job" 0
	wait_until 20 grep -qx STOPPING=3 host3.out
	expect "$(<host3.out)" $'READY=3\nSTOPPING=3'
	expect "$(<host4.out)" READY=4
	running host3
	running host4
}

@test "listening: socat in the guest brings a file" {
	start host "$VCAT" -l -d "mux:$HOST/vm3:705"
	wait_until 10 test -S "$HOST/vm3_705"
	guest 3 "\$PATTERN 7 $MIB | socat -u - VSOCK-CONNECT:2:705"
	job_ended "$job" 0
	job_ended host 0
	expect "$(sum_of host.out)" "$(sum_of_stream 7 $MIB)  -"
}

# vhost-device-vsock 0.3 drops a packet between its guests that does not fit
# into one receive buffer of the guest: from 3733 bytes on, and without a sign.
# A receiver with room for less keeps them small.
@test "siblings: files go from guest to guest both ways, with equal sums" {
	local size=$((4 * MIB)) listener
	guest 4 "\$PATTERN 9 $size | \$VCAT -l -v --buffer 3KiB any | sha256sum"
	listener=$job
	port_of "$listener"
	guest 3 "\$PATTERN 8 $size | \$VCAT --sibling --buffer 3KiB 4:$port |
		sha256sum"
	job_ended "$job" 0 "$(sum_of_stream 9 $size)  -"
	job_ended "$listener" 0 "$(sum_of_stream 8 $size)  -"
	expect_in "$listener.err" "vm(3):"
}

@test "siblings: a CID that no guest of theirs has does not answer" {
	guest 3 '"$VCAT" -w 1 --sibling 5:1024'
	job_ended "$job" 3 ""
	expect_in "$job.err" "vcat: vm(5):1024: connect: Connection timed out"
}

@test "retry: from before the daemon is there until the guest listens" {
	start client "$VCAT" -d --retry=60 mux:uds:1024
	start guest "$TOP/tests/vm/run" -t 60 -m virtio -c 1 -M 512 -d 5 -u . \
		-- bash -c "echo up | '$VCAT' -l --send-only 1024"
	job_ended client 0 up
	expect "$(<client.err)" ""
	job_ended guest 0
}

@test "death: of a guest ends its stream, and --strict tells" {
	# nothing in the guest closes its sockets: it is reset like a machine
	start guest "$TOP/tests/vm/run" -t 60 -m virtio -c 1 -M 512 -d 5 -u . \
		-- bash -c "'$PEER' listen vsock:4294967295:1024 text hello sleep 0.5 \
			touch /tmp/sent sleep 30 &
			until [[ -e /tmp/sent ]]; do sleep 0.1; done
			echo b >/proc/sysrq-trigger"
	start client "$VCAT" -d --strict --retry=60 mux:uds:1024
	job_ended client 1 hello
	expect_in client.err "it may be truncated"
	job_ended guest 125
}
