# machine: here
# needs: loopback pgrep
# What an intruder in a running vcat can still reach: files and TCP ports.
# shellcheck disable=SC2154,SC2016,SC2030,SC2031 # set by helpers; expanded by inner shells
bats_require_minimum_version 1.5.0
load sandbox

setup() {
	T=$(mktemp -d /tmp/vcat.XXXXXX)
	cd "$T" || return
	need_filter
	need_landlock
	need_intrusion
	mkdir sock got other
	echo other >other/file
	echo victim >victim
	ln -s "$T/other" got/link
}

# tries WANTED VERB WHAT...: each of these attempts of the process pid has that
# result.
tries() {
	local wanted=$1
	shift
	"$INTRUDE" "$pid" "$@" >tried
	expect "$(sed 's/.*: //' tried | sort -u)" "$wanted" "result of $*" || {
		cat tried
		return 1
	}
}

# nothing_outside: neither open, create nor unlink.
nothing_outside() {
	local wanted=$1
	tries "$wanted" open other/file other victim /etc/passwd / /proc/self/mem \
		got/../victim /dev/null
	tries "$wanted" create other/new new /new got/../new
	tries EACCES unlink other/file victim
	[[ ! -e new && ! -e other/new && -e victim && -e other/file ]]
}

@test "listener: only its socket file's directory can lose files" {
	touch sock/neighbour
	start listener "$VCAT" -l unix:sock/s </dev/null
	entered listener 1
	nothing_outside EPERM
	tries "done" unlink sock/neighbour
	run -0 vcat unix:sock/s <<<hello
	finish listener
	expect "$(<listener.out)" hello
	[[ ! -e sock/s ]]
}

@test "listener: on TCP no directory can, and no port is to be connected to" {
	start listener "$VCAT" -l tcp:any </dev/null
	port_of listener
	entered listener 1
	tries EACCES unlink victim other/file
	tries EPERM tcp "$port"
	run -0 vcat "tcp:127.0.0.1:$port" <<<hello
	finish listener
	expect "$(<listener.out)" hello
}

@test "into: beneath the directory all, elsewhere nothing" {
	echo hello >file
	start receiver "$VCAT" -l -k --into got unix:sock/s </dev/null
	entered receiver 1
	nothing_outside EACCES
	tries "done" create got/new
	tries "done" open got got/new
	tries "done" unlink got/new
	# a link out of it leads nowhere
	tries EACCES open got/link/file
	tries EACCES create got/link/new
	tries EACCES unlink got/link/file
	touch sock/neighbour
	start mute "$PEER" connect unix:sock/s touch in wait-file go
	wait_until 10 test -e in
	wait_until 10 pgrep -P "$pid"
	pid=$(pgrep -P "$pid")
	wait_until 10 has_filters 2
	nothing_outside EACCES
	tries EACCES unlink sock/neighbour sock/s
	tries "done" create got/new
	tries "done" unlink got/new
	tries EACCES open got/link/file
	run -0 vcat --files file unix:sock/s
	cmp file got/file
	touch go
}

@test "into: of root, too, and what others own" {
	[[ $(id -u) == 0 ]] || skip "only root may change what others own"
	chown 65534 got
	chmod 700 got
	echo hello >file
	start receiver "$VCAT" -l -k --into got unix:sock/s </dev/null
	entered receiver 1
	tries "done" create got/new
	tries "done" unlink got/new
	run -0 vcat --files file unix:sock/s
	cmp file got/file
	kill "$pid"
	finish receiver
	[[ ! -e sock/s ]]
}

@test "files: at the transfer only the operands can be opened, to read them" {
	mkdir tree
	rm got/link
	echo in >tree/in
	echo one >one
	ln -s other/file link
	start sender "$VCAT" -l --files tree one link unix:sock/s </dev/null
	entered sender 1
	tries EPERM create new tree/new
	tries EACCES unlink victim one tree/in
	start mute "$PEER" connect unix:sock/s touch in wait-file go
	wait_until 10 test -e in
	entered sender 2
	tries "done" open tree tree/in one
	tries EACCES open link other/file victim /etc/passwd . / tree/..
	tries EPERM create new tree/new
	tries EPERM unlink victim one tree/in
	touch go
	finish sender
	start sender "$VCAT" -l --files tree one link unix:sock/s </dev/null
	wait_until 10 test -S sock/s
	run -0 vcat --into got unix:sock/s
	finish sender
	expect "$status" 0
	cmp one got/one
	cmp tree/in got/tree/in
}

@test "files: a name that leads through '..', '/' and links is the user's to give" {
	mkdir -p tree/sub
	echo in >tree/sub/in
	ln -s tree/sub here
	for name in tree/sub/../sub here/ "$T/here/in" ./tree/../tree; do
		rm -rf got
		mkdir got
		start sender "$VCAT" -l --files "$name" unix:sock/s </dev/null
		wait_until 10 test -S sock/s
		run -0 vcat --into got unix:sock/s
		finish sender
		expect "$status" 0
		expect "$(find got -type f -exec cat {} +)" in
	done
}

@test "forward: only the target's port can be connected to" {
	start other "$VCAT" -l -k -d tcp:any
	port_of other
	local elsewhere=$port
	start target "$VCAT" -l -k tcp:any -e cat
	port_of target
	start forward "$VCAT" -l -k unix:sock/s -t "tcp:127.0.0.1:$port"
	entered forward 1
	tries "done" tcp "$port"
	tries EACCES tcp "$elsewhere" 1 22 65535
	touch sock/neighbour
	tries EACCES unlink victim other/file
	run -0 vcat unix:sock/s <<<hello
	expect "$output" hello
}

@test "scan: only the ports of the list can be connected to" {
	silent_port
	start scan "$VCAT" -z -w 5 "tcp:127.0.0.1:1-3,$port"
	entered scan 1
	tries ECONNREFUSED tcp 1 2 3
	tries EACCES tcp 4 22 65535
	finish scan
	expect_in scan.err "timed out"
}

@test "signals: no other process can be sent one" {
	start receiver "$VCAT" -l -k --into got unix:sock/s </dev/null
	entered receiver 1
	"$INTRUDE" "$pid" >tried
	# since Linux 6.12
	grep -qx "kill: EPERM" tried || skip "Landlock knows no signals here"
	# but those who receive for it can
	start mute "$PEER" connect unix:sock/s touch in read-eof
	wait_until 10 test -e in
	wait_until 10 pgrep -P "$pid"
	kill "$pid"
	finish receiver
	expect "$status" 143
	finish mute
}
