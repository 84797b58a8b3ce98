# The jobs of vcat in which faults are injected, and which valgrind watches; a
# function each, and for some another one that starts what all its cases use.
#
# A job runs in an empty directory, with the vcat that is looked at behind
# "${under[@]}"; all others are sound. It sets status to that vcat's, and whole to
# yes if each byte is where it should be.
#
# shellcheck shell=bash disable=SC2034,SC2154,SC2153,SC2317 # shared with session.bash

readonly jobs=(connect_unix connect_tcp listen_unix listen_tcp forward_unix
	forward_tcp forward_name mux_dial scan ping exec_listen exec_dial exec_many
	detached pass_fd activation forwards dial_again lines dumped notified files
	into resume into_many verified_send verified_receive seqpacket
	seqpacket_listen bench sink)

before_connect_unix() { serve_echo; }
before_connect_tcp() { serve_tcp_echo; }
before_forward_unix() { serve_tcp_echo; }
before_forward_tcp() { serve_tcp_echo; }
before_forward_name() { serve_tcp_echo; }
before_pass_fd() { serve_echo; }
before_forwards() { serve_tcp_echo; }
before_dumped() { serve_echo; }
before_notified() { serve_tcp_echo; }

before_mux_dial() {
	serve socat -t 10 "UNIX-LISTEN:$home/guest_52,fork,backlog=64" EXEC:cat
	serve "$TOOLS/fake-vmm" -s ch53 -w 1200 "$home/v" "$home" >"$home/vmm.out"
	until [[ -S $home/guest_52 && -S $home/v ]]; do nap; done
}

before_scan() {
	before_mux_dial
	serve_tcp_echo
}

before_ping() {
	serve "$VCAT" -l -k --echo "unix:$home/echoes"
	until [[ -S $home/echoes ]]; do nap; done
}

before_bench() {
	serve "$VCAT" -l -k --sink "unix:$home/sink"
	until [[ -S $home/sink ]]; do nap; done
}

before_exec_dial() {
	serve "$PEER" -w 1200 -k 100000 listen "unix:$home/give" \
		may-fail file "$home/data" may-fail shutdown may-fail read-eof
	until [[ -S $home/give ]]; do nap; done
}

before_seqpacket() {
	serve "$PEER" -s -w 1200 -k 100000 listen "unix:$home/sq" may-fail echo
	until [[ -S $home/sq ]]; do nap; done
}

# What a partial file of a transfer that was cut off looks like.
before_resume() {
	local pid under=(strace -D -f -qq -o /dev/null -e "trace=pwrite64"
		-e "inject=pwrite64:signal=KILL:when=2") status
	cd "$home" && mkdir left
	suspect -l --into left --resume unix:r 2>/dev/null
	until [[ -S r ]]; do nap; done
	"$VCAT" --files tree/big unix:r 2>/dev/null
	ended
	rm -f r
}

job_connect_unix() {
	suspect "unix:$home/echo" < <(cat "$home/data") 2>err \
		> >(cat >out; : >written)
	ended
	until [[ -e written ]]; do nap; done
	judge same out "$home/data"
}

job_connect_tcp() {
	suspect -v "tcp:127.0.0.1:$tcp" <"$home/data" >out 2>err
	ended
	judge same out "$home/data"
}

both_came() {
	same out "$home/back" && same got "$home/data"
}

# speak ADDRESS: a sound client sends back, and gets data in got. If it is let in
# only to be closed on, it comes again, as clients do.
# shellcheck disable=SC2016 # for the inner shell
speak() {
	peer_of bash -c 'for i in 1 2 3; do
		rm -f got
		"$0" connect "$1" save got file "$2" shutdown read-eof && [[ -s got ]] &&
			exit
	done
	exit 1' "$PEER" "$1" "$home/back" 2>peer.err
}

job_listen_unix() {
	suspect -l unix:s <"$home/data" >out 2>err
	await test -S s && nap && speak unix:s
	ended
	peer_ended
	judge both_came
}

job_listen_tcp() {
	: >err
	suspect -l tcp:127.0.0.1:any <"$home/data" >out 2>err
	await says_port && speak "tcp:127.0.0.1:$port"
	ended
	peer_ended
	judge both_came
}

came_back() {
	[[ $peer_status == 0 ]] && same got "$home/back"
}

# Ends a suspect that serves for good. That its peer was killed is as bad as if it
# had been itself.
dismiss() {
	kill "$pid" 2>/dev/null
	ended
	[[ $peer_status != 137 ]] || status=137
}

# One client at ADDRESS, and then the end of the one that serves it for good.
serve_one() {
	peer_status=1
	if alive; then
		speak "$1"
		peer_status=0
		wait "$peer" || peer_status=$?
	fi
	dismiss
	judge came_back
}

job_forward_unix() {
	suspect -l -k unix:s -t "tcp:127.0.0.1:$tcp" 2>err
	await test -S s
	nap
	serve_one unix:s
}

job_forward_tcp() {
	: >err
	suspect -l -k tcp:any -t "tcp:127.0.0.1:$tcp" 2>err
	await says_port
	serve_one "tcp:127.0.0.1:$port"
}

# A process of its own waits to look the name up again.
job_forward_name() {
	suspect -l -k unix:s -t "tcp:localhost:$tcp" 2>err
	await test -S s
	nap
	serve_one unix:s
}

job_mux_dial() {
	suspect --shutdown "mux:$home/v:52" <"$home/data" >out 2>err
	ended
	judge same out "$home/data"
}

scanned() {
	grep -q ':52 open' out && grep -q ':53 ' out
}

job_scan() {
	suspect -z -v "mux:$home/v:52-53" >out 2>err </dev/null
	ended
	judge scanned
	# a port that does not answer is an answer: it stands on stdout
	[[ $status == 0 ]] || cat out >>err
}

pinged() {
	grep -q '^--- .*: 3 sent' out
}

job_ping() {
	suspect --ping=3 --interval 0 "unix:$home/echoes" >out 2>err </dev/null
	ended
	judge pinged
	# a ping that is lost has its reason on stdout
	[[ $status == 0 ]] || cat out >>err
}

measured() {
	grep -q '^to ' "$1" && grep -q '^from ' "$1"
}

job_bench() {
	suspect -w "$patience" --bench="$seconds" --both "unix:$home/sink" >out 2>err </dev/null
	ended
	judge measured out
}

# The socket is there before anybody listens at it.
sank() {
	"$VCAT" -w "$patience" --bench="$seconds" --both unix:s >out 2>theirs ||
		! grep -q 'Connection refused' theirs
}

job_sink() {
	suspect -l --sink unix:s 2>err </dev/null
	await test -S s && await sank
	ended
	judge measured out
}

# A command that answers only if it is told who is there.
# shellcheck disable=SC2016 # for sh(1)
readonly told=': "${VCAT_PEER:?}"; exec cat'

job_exec_listen() {
	suspect -l unix:s -e "$told" 2>err </dev/null
	await test -S s && nap && speak unix:s
	ended
	peer_ended
	judge came_back
}

job_exec_dial() {
	suspect "unix:$home/give" -e "$told >got" 2>err
	ended
	judge same got "$home/data"
}

job_exec_many() {
	suspect -l -k unix:s -e "$told" 2>err </dev/null
	await test -S s
	nap
	serve_one unix:s
}

twice_came() {
	cat "$home/back" "$home/back" | cmp -s - out
}

job_detached() {
	suspect -l -k -d unix:s 2>err >out </dev/null
	await test -S s
	nap
	for _ in 1 2; do
		alive || break
		"$PEER" -w "$limit" connect unix:s file "$home/back" shutdown \
			read-eof 2>peer.err || break
	done
	kill "$pid" 2>/dev/null
	ended
	judge twice_came
}

job_pass_fd() {
	status=0
	timeout -s KILL "$limit" "$TOOLS/take-fd" "${under[@]}" "$VCAT" \
		"${vcat_options[@]}" -F "unix:$home/echo" <"$home/data" >out 2>err ||
		status=$?
	whole=no
	if [[ $status != 137 ]]; then
		status=$(sed -nE '1s/.* status ([0-9]+)$/\1/p' out)
		tail -n +2 out | cmp -s - "$home/data" && whole=yes
	fi
}

job_activation() {
	timeout -s KILL "$limit" systemd-socket-activate -l "$PWD/s" "${under[@]}" \
		"$VCAT" "${vcat_options[@]}" -l - <"$home/data" >out 2>err &
	pid=$!
	await test -S s && nap && speak unix:s
	ended
	peer_ended
	judge both_came
}

# Two forwards, and one client of each.
job_forwards() {
	printf '%s\n' "-l -k unix:s1 -t tcp:127.0.0.1:$tcp" \
		"-l -k unix:s2 -t tcp:127.0.0.1:$tcp" >forwards
	suspect -f forwards 2>err
	await test -S s1 && await test -S s2 && nap
	if alive; then
		speak unix:s1
		wait "$peer" && mv got first
	fi
	serve_one unix:s2
	[[ $whole == yes ]] && judge same first "$home/back"
}

# What it gets of a server that ends and is there again.
job_dial_again() {
	local i
	suspect -k -d unix:far >out 2>err </dev/null
	for i in 1 2; do
		alive || break
		timeout -s KILL "$limit" "$PEER" listen unix:far file "$home/back" \
			shutdown read-eof 2>peer.err || break
		rm -f far
	done
	kill "$pid" 2>/dev/null
	ended
	judge twice_came
}

job_lines() {
	local i
	suspect -l -k -d --lines unix:s >out 2>err </dev/null
	await test -S s
	nap
	for i in 1 2; do
		alive || break
		"$PEER" -w "$limit" connect unix:s file "$home/text" shutdown \
			read-eof 2>peer.err || break
	done
	kill "$pid" 2>/dev/null
	ended
	judge both_texts
}

before_lines() { seq 20000 >"$home/text"; }

both_texts() {
	cat "$home/text" "$home/text" | cmp -s - out
}

dumped_all() {
	same out "$home/data" &&
		awk '/^[<>]/ { way = $1; next } way == ">"' dump | xxd -r |
		cmp -s - "$home/data"
}

job_dumped() {
	suspect --hex-dump=dump "unix:$home/echo" <"$home/data" >out 2>err
	ended
	judge dumped_all
}

# A service manager listens; that it hears nothing is no failure.
job_notified() {
	local manager
	socat -u UNIX-RECVFROM:"$PWD/n",fork - >heard 2>/dev/null &
	manager=$!
	until [[ -S n ]]; do nap; done
	export NOTIFY_SOCKET=$PWD/n
	suspect -l -k unix:s -t "tcp:127.0.0.1:$tcp" 2>err
	unset NOTIFY_SOCKET
	await test -S s
	nap
	serve_one unix:s
	kill "$manager" 2>/dev/null
	wait "$manager" 2>/dev/null
}

same_trees() {
	[[ $peer_status == 0 ]] && diff -r --no-dereference "$1" "$2" >/dev/null
}

job_files() {
	mkdir got
	peer_of "$VCAT" -l --into got unix:s 2>peer.err
	until [[ -S s ]]; do nap; done
	suspect --files --sums "$home/tree" unix:s >out 2>err </dev/null
	ended
	peer_ended
	judge same_trees got/tree "$home/tree"
}

# If only the last confirmation is lost, all is stored, vcat(1).
stored() {
	diff -r --no-dereference got/tree "$home/tree" >/dev/null
}

# take_in OPTION...: the suspect receives the tree.
take_in() {
	suspect -l --into got "$@" unix:s >out 2>err </dev/null
	await test -S s && nap &&
		peer_of "$VCAT" --files "$home/tree" unix:s 2>peer.err
	ended
	peer_ended
	judge stored
}

job_into() {
	mkdir got
	take_in --sums
}

job_resume() {
	cp -a "$home/left" got
	suspect -l --into got --resume unix:s >out 2>err </dev/null
	await test -S s && nap &&
		peer_of "$VCAT" --files "$home/tree/big" unix:s 2>peer.err
	ended
	peer_ended
	judge same got/big "$home/tree/big"
}

job_into_many() {
	mkdir got
	suspect -l -k --into got unix:s 2>err >out </dev/null
	await test -S s
	nap
	peer_status=0
	alive && { timeout -s KILL "$limit" "$VCAT" --files "$home/tree" unix:s \
		2>peer.err || peer_status=$?; }
	dismiss
	judge stored
}

job_verified_send() {
	peer_of "$VCAT" -l --verified unix:s <"$home/back" >got 2>peer.err
	until [[ -S s ]]; do nap; done
	suspect --verified unix:s <"$home/data" >out 2>err
	ended
	peer_ended
	judge both_came
}

job_verified_receive() {
	suspect -l --verified unix:s <"$home/data" >out 2>err
	await test -S s && nap &&
		peer_of "$VCAT" --verified unix:s <"$home/back" >got 2>peer.err
	ended
	peer_ended
	judge both_came
}

job_seqpacket() {
	suspect --seqpacket "unix:$home/sq" <"$home/data" >out 2>err
	ended
	judge same out "$home/data"
}

all_messages() {
	same out wanted && same got "$home/data"
}

job_seqpacket_listen() {
	suspect -l --seqpacket unix:s <"$home/data" >out 2>err
	await test -S s && nap && peer_of "$PEER" -s connect unix:s save got \
		message 1000 message 65536 message 1 shutdown read-eof 2>peer.err
	ended
	peer_ended
	"$PATTERN" 1 66537 >wanted
	judge all_messages
}

# Jobs in which not all that strace follows is vcat's: a command.
follow() {
	case $1 in
	exec_*) under+=(-f -b execve) ;;
	*) under+=(-f) ;;
	esac
}
