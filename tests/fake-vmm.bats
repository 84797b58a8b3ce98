# machine: here
# needs: socat
# Hybrid sockets (mux:) through the muxers of three VMMs, as tests/tools/fake-vmm
# plays them: what vcat makes of their ways, and of their faults. Here the
# guest's port N is the AF_UNIX socket ./guest_N, and ./host_N is how the guest
# reaches port N of the host.
bats_require_minimum_version 1.5.0
load helper

STYLES=(firecracker ch ch53 vdv)
MIB=$((1024 * 1024))
MANY=$((64 * MIB))

# vmm OPTION...: one more on ./v, when the last one is gone.
vmm() {
	start vmm "$TOOLS/fake-vmm" "$@" v .
	wait_until 5 grep -qx ready vmm.out
}

end_vmm() {
	kill "$(<vmm.pid)"
	finish vmm
}

# guest PEER_OPTION... ACTION...: serves port 52 of the guest.
guest() {
	rm -f ready
	start guest "$PEER" -r ready listen unix:guest_52 "$@"
	wait_until 5 test -e ready
}

# received SIZE SEED: the guest got exactly that stream.
received() {
	local sum
	finish guest
	sum=$("$PATTERN" "$2" "$1" | sha256sum)
	expect_in guest.out "received $1 ${sum%% *}"
}

# push SEED BYTES ARG...: that stream is vcat's stdin; got is what came back.
push() {
	"$PATTERN" "$1" "$2" >sent
	timeout "$LIMIT" "$VCAT" "${@:3}" <sent >got
}

@test "styles: 1 MiB each way through every VMM, and OK is no part of it" {
	"$PATTERN" 2 $MIB >wanted
	for style in "${STYLES[@]}"; do
		vmm -s "$style"
		guest read $MIB seed 2 send $MIB print
		run -0 push 1 $MIB mux:v:52
		expect "$output" ""
		same_bytes wanted got
		received $MIB 1
		end_vmm
	done
}

@test "styles: a port that nobody serves is refused, with one line and one hint" {
	for style in "${STYLES[@]}"; do
		vmm -s "$style"
		fails 1 "mux:v:52: handshake: Connection refused" \
			"nobody listens on port 52 in the guest" "$VCAT" mux:v:52
		end_vmm
	done
}

@test "styles: --send-only pushes a file, and the guest sees its end" {
	for style in "${STYLES[@]}"; do
		vmm -s "$style"
		guest read-eof print
		run -0 push 3 $((8 * MIB)) --send-only mux:v:52
		expect "$output" ""
		received $((8 * MIB)) 3
		end_vmm
	done
}

@test "styles: a guest's answer to all of stdin comes, however late" {
	for style in "${STYLES[@]}"; do
		vmm -s "$style"
		guest read 8 sleep 0.7 text answer
		run -0 vcat mux:v:52 <<<"request"
		expect "$output" answer
		end_vmm
	done
}

@test "styles: a guest that closes ends vcat, though stdin stays open" {
	silence
	for style in "${STYLES[@]}"; do
		vmm -s "$style"
		guest text bye close
		run -0 vcat mux:v:52 <silent
		expect "$output" bye
		end_vmm
	done
}

@test "sizes: 64 MiB each way, one after the other, with equal sums" {
	vmm
	"$PATTERN" 2 $MANY >wanted
	guest seed 2 send $MANY read $MANY print
	run -0 push 1 $MANY mux:v:52
	same_bytes wanted got
	received $MANY 1
}

@test "sizes: 64 MiB each way at the same time, with equal sums" {
	vmm -s ch53
	"$PATTERN" 2 $MANY >wanted
	guest seed 2 both $MANY print
	run -0 push 1 $MANY --shutdown mux:v:52
	same_bytes wanted got
	received $MANY 1
}

@test "half-close: where it is kept, --shutdown ends the guest's input" {
	vmm -s ch53
	guest read-eof text answer
	run -0 vcat --shutdown mux:v:52 <<<"request"
	expect "$output" answer
}

@test "half-close: the guest's arrives where it is kept, and our data still goes" {
	vmm -s ch53
	guest text first shutdown touch over read-eof print
	mkfifo stdin
	# shellcheck disable=SC2016 # expanded by the inner shell
	start feed bash -c 'exec >stdin; until [[ -e go ]]; do sleep 0.02; done
		exec "$0" 4 "$1"' "$PATTERN" $MIB
	start client "$VCAT" --shutdown mux:v:52 <stdin
	wait_until 5 test -e over
	wait_until 5 grep -q first client.out
	touch go
	received $MIB 4
	finish client
	expect "$status" 0
}

@test "half-close: where it closes all, --shutdown ends at once, without the answer" {
	for options in "-s firecracker" "-s ch" "-s vdv" "-s ch53 -f full-close"; do
		# shellcheck disable=SC2086 # options are words
		vmm $options
		guest read-eof may-fail text lost
		run -0 vcat --shutdown mux:v:52 <<<"request"
		expect "$output" ""
		end_vmm
	done
}

@test "half-close: --strict believes the guest's where it is kept, and no other end" {
	vmm -s ch53
	guest text all shutdown sleep 0.3
	run -0 vcat -d --strict mux:v:52
	expect "$output" all
	end_vmm
	finish guest
	vmm -s firecracker
	guest text all shutdown sleep 0.3
	run -1 --separate-stderr vcat -d --strict mux:v:52
	expect "$output" all
	[[ $stderr == *"it may be truncated"* ]]
}

@test "answer: 8 MiB, the first of them in one packet with it, all arrive" {
	vmm -f joined-ok
	"$PATTERN" 2 $((8 * MIB)) >wanted
	guest seed 2 send $((8 * MIB))
	run -0 push 1 0 mux:v:52
	same_bytes wanted got
}

@test "answer: a byte at a time is as good, and none of it is output" {
	vmm -f split-ok
	guest text hello
	run -0 vcat mux:v:52 </dev/null
	expect "$output" hello
}

@test "answer: none, but the guest's own words: they are shown" {
	vmm -f no-ok
	guest text $'SSH-2.0-OpenSSH_9.2\r\n' read-eof
	fails 1 'mux:v:52: handshake: Protocol error: the answer was "SSH-2.0-OpenSSH_9.2\r"' \
		"not a hybrid vsock socket" "$VCAT" mux:v:52
}

@test "answer: none, and a guest that waits: the time limit ends it" {
	vmm -f no-ok
	guest read-eof
	fails 3 "mux:v:52: handshake: Connection timed out" "does not answer" \
		"$VCAT" -w 0.5 mux:v:52
}

@test "answer: noise is refused with a line that is fit to print" {
	vmm -f garbage
	run -1 --separate-stderr vcat mux:v:52 </dev/null
	expect "$output" ""
	expect "${#stderr_lines[@]}" 2
	[[ ${stderr_lines[0]} == "vcat: mux:v:52: handshake: Protocol error: "* ]]
	run -1 grep -q '[^[:print:]]' <<<"${stderr_lines[0]}"
}

@test "answer: a line of 100 digits is none" {
	vmm -f long-ok
	guest read-eof
	run -1 --separate-stderr vcat mux:v:52 </dev/null
	expect "${stderr_lines[0]}" \
		'vcat: mux:v:52: handshake: Protocol error: the answer was "OK 00000000000000000000000000000"'
}

@test "refusal: by a close and by a reset, it is the same" {
	for fault in refuse reset; do
		vmm -f $fault
		fails 1 "mux:v:52: handshake: Connection refused" \
			"nobody listens on port 52 in the guest" "$VCAT" mux:v:52
		end_vmm
	done
}

@test "time: silence ends with the time limit, status 3" {
	vmm -f silence
	timed fails 3 "mux:v:52: handshake: Connection timed out" \
		"does not answer" "$VCAT" -w 0.5 mux:v:52
	((ms >= 500))
}

@test "time: a full backlog is waited for, as long as -w says" {
	silence
	vmm -f backlog
	# it has room for one
	start first "$VCAT" -w 30 mux:v:52 <silent
	full() {
		run "$VCAT" -w 0.1 mux:v:52 </dev/null
		[[ $output == *": connect: "* ]]
	}
	wait_until 10 full
	timed fails 3 "mux:v:52: connect: Connection timed out" "" \
		"$VCAT" -w 0.5 mux:v:52
	((ms >= 500))
	running first
}

@test "retry: through a VMM that refuses at first, by a close or by a reset" {
	for fault in refuse reset; do
		vmm -f $fault -n 3
		guest text hello
		run -0 vcat --retry=30 mux:v:52 </dev/null
		expect "$output" hello
		end_vmm
	done
}

@test "retry: until the VMM is there, and then the guest's listener" {
	start client "$VCAT" --retry=30 mux:v:52 </dev/null
	sleep 0.3
	vmm
	sleep 0.3
	running client
	guest text hello
	finish client
	expect "$status" 0
	expect "$(<client.out)" hello
	expect "$(<client.err)" ""
}

@test "retry: an attempt that is never answered does not end it" {
	vmm -f silence -n 2
	guest text hello
	run -0 vcat -w 0.3 --retry=30 mux:v:52 </dev/null
	expect "$output" hello
}

@test "many: 20 at once through one VMM, and each has its own" {
	local i
	vmm -s vdv
	start guest socat UNIX-LISTEN:guest_52,fork,backlog=64 EXEC:cat,nofork
	wait_until 5 test -S guest_52
	for i in {1..20}; do
		"$PATTERN" "$i" $MIB >"sent.$i"
		start "client.$i" bash -c '"$0" mux:v:52 <"$1" | head -c "$2" >"$3"' \
			"$VCAT" "sent.$i" $MIB "got.$i"
	done
	for i in {1..20}; do
		wait_until 30 cmp -s "sent.$i" "got.$i"
	done
}

@test "socat: as the guest, in both roles" {
	"$PATTERN" 2 $((8 * MIB)) >wanted
	for style in "${STYLES[@]}"; do
		vmm -s "$style" -g 700
		start guest socat -u OPEN:wanted UNIX-LISTEN:guest_52
		wait_until 5 test -S guest_52
		run -0 push 1 0 mux:v:52
		same_bytes wanted got
		start host "$VCAT" -l -d mux:v:700
		wait_until 5 test -S v_700
		socat -u OPEN:wanted UNIX-CONNECT:host_700
		finish host
		expect "$status" 0
		same_bytes wanted host.out
		end_vmm
	done
}

@test "listening: a guest's 64 MiB arrive, and 64 MiB go back" {
	vmm -g 700
	"$PATTERN" 1 $MANY >sent
	"$PATTERN" 2 $MANY >wanted
	start host "$VCAT" -l mux:v:700 <sent
	wait_until 5 test -S v_700
	start guest "$PEER" connect unix:host_700 seed 2 send $MANY read $MANY print
	received $MANY 1
	finish host
	expect "$status" 0
	same_bytes wanted host.out
}

@test "listening: a guest's message arrives from every VMM, and nothing else" {
	for style in "${STYLES[@]}"; do
		vmm -s "$style" -g 700
		start host "$VCAT" -l -d mux:v:700
		wait_until 5 test -S v_700
		"$PEER" connect unix:host_700 text "READY=1"
		finish host
		expect "$status" 0
		expect "$(<host.out)" "READY=1"
		expect "$(grep -v '^listening on ' host.err)" ""
		end_vmm
	done
}

@test "listening: -k takes one guest's connection after the other" {
	vmm -g 700
	start host "$VCAT" -l -k -d mux:v:700
	wait_until 5 test -S v_700
	for i in {1..5}; do
		"$PEER" connect unix:host_700 text "message $i;"
		wait_until 5 grep -q "message $i;" host.out
	done
	running host
}

@test "listening: --recv-only lets a guest go that half-closes and waits" {
	vmm -s ch53 -g 700
	start host "$VCAT" -l --recv-only mux:v:700 </dev/null
	wait_until 5 test -S v_700
	start guest "$PEER" connect unix:host_700 text enough shutdown read-eof touch over
	wait_until 10 test -e over
	finish host
	expect "$status" 0
	expect "$(<host.out)" enough
}
