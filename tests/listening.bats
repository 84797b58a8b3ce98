# machine: here
# needs: flock loopback script setpriv socat
bats_require_minimum_version 1.5.0
load helper

# listen NAME PATH OPTION...: vcat -l on the socket of that path, until it is up.
listen() {
	local name=$1 path=$2
	shift 2
	start "$name" "$VCAT" -l "unix:$path" -v "$@"
	wait_until 10 grep -qx "listening on unix:$path" "$name.err" || {
		cat "$name.err"
		return 1
	}
}

# accepted NAME COUNT: so many connections have come in.
accepted() {
	[[ $(grep -c ': accepted$' "$1.err") == "$2" ]]
}

# signal NAME SIGNAL: to the program itself.
signal() {
	pid_of "$1"
	kill -s "$2" "$pid"
}

# leave_stale PATH: a socket file whose listener was killed.
leave_stale() {
	listen dying "$1" -d </dev/null
	signal dying KILL
	finish dying
	[[ -S $1 ]]
}

# The same, without a vcat to bind it.
leave_stale_without_vcat() {
	start dying socat UNIX-LISTEN:"$1",unlink-close=0 STDOUT
	wait_until 10 test -S "$1"
	stop dying
	[[ -S $1 ]]
}

@test "one connection: it is served, and the listener ends with it" {
	listen listener s </dev/null
	run -0 vcat unix:s <<<hello
	finish listener 10
	expect "$status" 0
	expect "$(<listener.out)" hello
}

@test "one connection: a second client is refused while the first is served" {
	silence
	listen listener s </dev/null
	start first "$VCAT" unix:s <silent
	wait_until 10 accepted listener 1
	run -1 vcat unix:s <<<second
	running first
	running listener
}

@test "one connection: a second client is refused when the first has gone" {
	listen listener s </dev/null
	run -0 vcat unix:s <<<first
	finish listener
	run -1 vcat unix:s <<<second
	expect "$(<listener.out)" first
}

@test "one connection: its failure is the listener's exit status" {
	listen listener s < <(head -c 1000000 /dev/zero)
	# it leaves bytes unread behind
	timeout "$LIMIT" "$PEER" connect unix:s read 1 close
	finish listener
	expect "$status" 1
	grep -qE '^vcat: unix:s: (read|write): ' listener.err
}

@test "keep open: it takes one connection after the other" {
	listen listener s -k </dev/null
	for word in one two three; do
		run -0 vcat unix:s <<<$word
	done
	wait_until 10 accepted listener 3
	running listener
	wait_until 10 grep -q three listener.out
	expect "$(<listener.out)" $'one\ntwo\nthree'
}

@test "keep open: a client that comes too early waits for its turn" {
	listen listener s -k </dev/null
	start first "$PEER" connect unix:s text one, wait-file go text two, shutdown read-eof
	wait_until 10 accepted listener 1
	start second "$VCAT" unix:s <<<three
	sleep 0.5
	running second
	accepted listener 1
	touch go
	finish first
	finish second
	expect "$status" 0
	wait_until 10 grep -q three listener.out
	expect "$(<listener.out)" one,two,three
}

@test "keep open: clients that die, reset, or stop in any way harm nobody else" {
	listen listener s -k </dev/null
	for script in close "text x kill" "send 1000000 kill" "text x linger-reset" \
		shutdown-read "shutdown close" "text x shutdown read-eof" \
		"text x shutdown sleep 0.3 kill"; do
		# shellcheck disable=SC2086 # words
		timeout "$LIMIT" "$PEER" connect unix:s $script || true
	done
	run -0 vcat unix:s <<<the-end
	wait_until 10 grep -q the-end listener.out
	running listener
	accepted listener 9
}

@test "keep open: a client that leaves our stdin's bytes unread harms nobody else" {
	head -c 1000000 /dev/zero >zeros
	listen listener s -k <zeros
	timeout "$LIMIT" "$PEER" connect unix:s read 1 close
	wait_until 10 grep -qE '^vcat: unix:s: (read|write): ' listener.err
	run vcat --send-only unix:s <<<the-end
	wait_until 10 grep -q the-end listener.out
	running listener
}

@test "keep open: when stdout takes no more, there is nothing to go on with" {
	# shellcheck disable=SC2016 # expanded by the inner shell
	start listener bash -c 'exec "$0" -l -k -v unix:s >/dev/full' "$VCAT" </dev/null
	wait_until 10 test -S s
	run vcat unix:s <<<hello
	finish listener 10
	expect "$status" 1
	expect_in listener.err "vcat: stdout: write: No space left on device"
	[[ ! -e s ]]
}

@test "socket file: it is for its owner alone, whatever the umask" {
	for mask in 000 022 077 0777; do
		umask $mask
		listen listener s </dev/null
		expect "$(stat -c %a s)" 600 "mode with umask $mask"
		run -0 vcat unix:s </dev/null
		finish listener
	done
}

@test "socket file: --mode lets others in, whatever the umask" {
	local mode mask
	for mode in 666 660 0600 777; do
		for mask in 000 027 077 0777; do
			umask $mask
			start listener "$VCAT" -l --mode "$mode" unix:s -v </dev/null
			umask 022
			wait_until 10 grep -q ^listening listener.err
			expect "$(stat -c %a s)" "${mode#0}" "mode with umask $mask"
			run -0 vcat unix:s </dev/null
			finish listener
		done
	done
	start listener "$VCAT" -l --mode 666 mux:s:700 -v </dev/null
	wait_until 10 grep -q ^listening listener.err
	expect "$(stat -c %a s_700)" 666 "mode of a hybrid socket"
}

@test "socket file: with --mode another user reaches it, without it none" {
	setpriv --reuid=65534 --clear-groups true ||
		skip "only root can become another user"
	chmod 755 .
	start listener "$VCAT" -l -k unix:s </dev/null
	wait_until 10 test -S s
	run -1 setpriv --reuid=65534 --clear-groups "$PEER" connect "unix:$T/s" read-eof
	start open "$VCAT" -l -k --mode 666 unix:s2 </dev/null
	wait_until 10 test -S s2
	run -0 setpriv --reuid=65534 --clear-groups "$PEER" connect "unix:$T/s2" \
		text hello shutdown read-eof
	wait_until 10 grep -q hello open.out
}

@test "socket file: it is gone when the listener has ended" {
	listen listener s </dev/null
	run -0 vcat unix:s </dev/null
	finish listener
	[[ ! -e s ]]
	silence
	listen listener s -i 1 </dev/null
	start client "$VCAT" unix:s <silent
	finish listener
	expect "$status" 3
	[[ ! -e s ]]
}

@test "socket file: a signal that ends the listener removes it as well" {
	for name in TERM INT HUP; do
		# what a shell starts in the background ignores SIGINT
		start listener env --default-signal "$VCAT" -l -k -v unix:s </dev/null
		wait_until 10 grep -q ^listening listener.err
		signal listener $name
		finish listener 10
		expect "$status" $((128 + $(kill -l $name))) "status after SIG$name"
		[[ ! -e s ]]
	done
}

@test "socket file: a listener that was told to ignore a signal does" {
	start listener env --ignore-signal=HUP "$VCAT" -l -v unix:s </dev/null
	wait_until 10 grep -q ^listening listener.err
	signal listener HUP
	run -0 vcat unix:s <<<hello
	finish listener
	expect "$status" 0
	expect "$(<listener.out)" hello
}

@test "socket file: one that has taken its place is left alone" {
	listen first s -k -d </dev/null
	mv s elsewhere
	listen second s -k -d </dev/null
	signal first TERM
	finish first
	[[ -S s ]]
	run -0 vcat unix:s </dev/null
	rm s
	echo precious >s
	signal second TERM
	finish second
	expect "$(<s)" precious
}

@test "socket file: a stale one is replaced" {
	leave_stale s
	listen listener s </dev/null
	run -0 vcat unix:s <<<hello
	finish listener
	expect "$(<listener.out)" hello
}

@test "socket file: of two that find a stale one at once, one has it" {
	local i
	for i in {1..20}; do
		leave_stale s
		for name in one two three; do
			start $name "$VCAT" -l -d -v unix:s
		done
		wait_until 10 eval '[[ $(cat one.status two.status three.status | wc -l) == 2 ]]'
		expect "$(cat one.err two.err three.err | grep -c '^listening')" 1 "listeners"
		expect "$(cat one.err two.err three.err | grep -c 'Address already in use')" 2 "refused"
		run -0 vcat unix:s </dev/null
		for name in one two three; do
			finish $name 5
		done
		rm -f s
	done
}

@test "socket file: only one vcat at a time binds in a directory" {
	start holder flock . bash -c 'touch held; sleep 1; touch released'
	wait_until 5 test -e held
	leave_stale_without_vcat s
	start listener "$VCAT" -l -d -v unix:s
	wait_until 10 grep -q ^listening listener.err
	[[ -e released ]]
	run -0 vcat unix:s </dev/null
	finish listener 5
}

@test "socket file: a live one is refused, and its listener goes on" {
	listen live s -k </dev/null
	before=$(stat -c %i s)
	fails 1 "unix:s: bind: Address already in use" "listens" "$VCAT" -l unix:s
	expect "$(stat -c %i s)" "$before" "inode"
	run -0 vcat unix:s <<<hello
	wait_until 10 grep -q hello live.out
}

@test "socket file: a live listener for one connection does not lose it to us" {
	listen live s </dev/null
	fails 1 "unix:s: bind: Address already in use" "listens" "$VCAT" -l unix:s
	sleep 0.3
	running live
	run -0 vcat unix:s <<<hello
	finish live
	expect "$(<live.out)" hello
}

@test "socket file: a live one of another type is refused" {
	start live socat -u UNIX-RECV:s OPEN:got,creat,append
	wait_until 10 test -S s
	fails 1 "unix:s: bind: Address already in use" "listens" "$VCAT" -l unix:s
	[[ -S s ]]
	socat -u - UNIX-SENDTO:s <<<hello
	wait_until 10 grep -q hello got
}

@test "socket file: what is no socket is never deleted" {
	echo precious >file
	mkdir directory
	ln -s file link
	leave_stale stale
	ln -s stale link-to-stale
	for name in file directory link link-to-stale; do
		fails 1 "unix:$name: bind: Address already in use" "not a socket" \
			"$VCAT" -l "unix:$name"
		[[ -e $name ]]
	done
	expect "$(<file)" precious
	[[ -d directory && -L link && -L link-to-stale && -S stale ]]
}

@test "socket file: a directory that is not there, or not ours, is a failure" {
	fails 1 "unix:no/s: bind: No such file or directory" "" "$VCAT" -l unix:no/s
}

@test "verbose: a line when it listens, one for each connection, and a summary" {
	listen listener s -k </dev/null
	run -0 vcat unix:s <<<hello
	wait_until 10 accepted listener 1
	wait_until 10 grep -q received listener.err
	run -0 --separate-stderr vcat -v unix:s <<<"hello again"
	[[ ${stderr_lines[0]} == "vcat: sandbox: "* ]]
	expect "${stderr_lines[1]}" "vcat: unix:s: connected"
	[[ ${stderr_lines[2]} =~ ^vcat:\ unix:s:\ sent\ 12\ bytes,\ received\ 0\ bytes\ in\ [0-9.]+\ s ]]
	expect ${#stderr_lines[@]} 3 "lines"
	mapfile -t said <listener.err
	expect "${said[0]}" "listening on unix:s"
	[[ ${said[1]} == "vcat: sandbox: "* ]]
	expect "${said[2]}" "vcat: unix:s: accepted"
	[[ ${said[3]} =~ ^vcat:\ unix:s:\ sent\ 0\ bytes,\ received\ 6\ bytes\ in\ [0-9.]+\ s ]]
	expect "${said[4]}" "vcat: unix:s: accepted"
}

@test "verbose: without -v nothing is said" {
	start listener "$VCAT" -l unix:s </dev/null
	wait_until 10 test -S s
	run -0 --separate-stderr vcat unix:s <<<hello
	finish listener
	expect "$stderr" ""
	expect "$(<listener.err)" ""
}

@test "to: each connection dials the target anew" {
	start target "$PEER" -k 2 -r up listen unix:t text hello shutdown read-eof print
	wait_until 10 test -e up
	listen proxy s -k -t unix:t </dev/null
	for number in 1 2; do
		run -0 vcat unix:s <<<"request $number"
		expect "$output" hello
	done
	finish target
	expect "$(grep -c '^received 10 ' target.out)" 2 "requests"
	running proxy
}

@test "to: nobody is dialled before somebody has come" {
	listen proxy s -t unix:t </dev/null
	start target "$PEER" -r up listen unix:t text hello shutdown read-eof
	wait_until 10 test -e up
	run -0 vcat unix:s </dev/null
	expect "$output" hello
	finish proxy
	expect "$status" 0
}

@test "to: a target that is down fails that connection only" {
	listen proxy s -k -t unix:t </dev/null
	run vcat unix:s </dev/null
	expect "$output" ""
	wait_until 10 grep -q '^vcat: unix:t: connect: No such file or directory$' proxy.err
	running proxy
	start target "$PEER" -r up listen unix:t text hello shutdown read-eof
	wait_until 10 test -e up
	run -0 vcat unix:s </dev/null
	expect "$output" hello
	finish target
	running proxy
}

@test "to: without -k, a target that is down is the exit status" {
	listen proxy s -t unix:t </dev/null
	run vcat unix:s </dev/null
	finish proxy
	expect "$status" 1
	expect_in proxy.err "vcat: unix:t: connect: No such file or directory"
	[[ ! -e s ]]
}

@test "to: without -k, a TCP client whose target is down is reset" {
	start proxy "$VCAT" -l tcp:any -t unix:t
	port_of proxy
	"$PEER" connect "tcp:127.0.0.1:$port" expect-reset
	finish proxy
	expect "$status" 1
}
