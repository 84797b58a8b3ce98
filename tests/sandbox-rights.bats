# machine: here
# needs: loopback pgrep setpriv strace unshare
# The rights of vcat's processes and of its commands; and what vcat says of its
# sandbox.
# shellcheck disable=SC2154,SC2016,SC2030,SC2031 # set by helpers; expanded by inner shells
bats_require_minimum_version 1.5.0
load sandbox

need_root() {
	[[ $(id -u) == 0 ]] || skip "only root has rights to lose"
}

# rights: of the process pid: what it may do, and whether it can get more.
rights() {
	sed -nE 's/^(CapPrm|CapEff|CapInh|CapAmb|NoNewPrivs|Seccomp):\s+0*(.+)/\1=\2/p' \
		"/proc/$pid/status" | paste -sd ' '
}

# has_rights CAPABILITIES: those and no more, and it is filtered.
has_rights() {
	expect "$(rights)" "CapInh=0 CapPrm=$1 CapEff=$1 CapAmb=0 NoNewPrivs=1 Seccomp=2"
}

# In hexadecimal, capabilities(7).
NONE=0
OVERRIDE=2   # CAP_DAC_OVERRIDE
READ=6       # and CAP_DAC_READ_SEARCH
OWN=e        # and CAP_FOWNER

@test "root: keeps what its job needs, and nothing of it for a relay" {
	need_root
	need_filter
	silence
	start relay "$VCAT" -l unix:s <silent
	entered relay 1
	has_rights $OVERRIDE
	start client "$VCAT" --retry=20 unix:s <silent
	entered relay 2
	has_rights $NONE
	entered client 2
	has_rights $NONE
	start tcp "$VCAT" --retry=20 tcp:127.0.0.1:1 <silent
	entered tcp 1
	has_rights $NONE
	start forward "$VCAT" -l -k tcp:any -t unix:t
	entered forward 1
	has_rights $OVERRIDE
	start sender "$VCAT" -l --files /etc/passwd unix:s2 <silent
	entered sender 1
	has_rights $READ
	mkdir got
	start receiver "$VCAT" -l --into got unix:s3 <silent
	entered receiver 1
	has_rights $OWN
	start commands "$VCAT" -l -k unix:s4 -e cat <silent
	pid_of commands
	wait_until 10 pgrep -P "$pid"
	expect "$(rights)" "$(pid=$$ && rights)" "who runs the commands"
	pid=$(pgrep -P "$pid")
	wait_until 10 has_filters 1
	has_rights $OVERRIDE
}

@test "root: still opens what others own" {
	need_root
	local other=65534
	# a socket to connect to
	start target "$VCAT" -l -k unix:t -e 'echo hello'
	wait_until 10 test -S t
	chown $other t
	chmod 000 t
	run -0 vcat unix:t </dev/null
	expect "$output" hello
	# to forward to; a directory that another's socket file lies in
	mkdir dir
	chown $other dir
	chmod 500 dir
	start forward "$VCAT" -l -k unix:dir/s -t unix:t
	wait_until 10 test -S dir/s
	run -0 vcat unix:dir/s </dev/null
	expect "$output" hello
	pid_of forward
	kill "$pid"
	finish forward
	[[ ! -e dir/s ]]
	# a file to send, a directory to receive into
	echo secret >file
	mkdir tree
	echo more >tree/file
	chown -R $other file tree
	chmod 000 file tree tree/file
	for options in "" "--resume --overwrite" --overwrite; do
		# shellcheck disable=SC2086 # words
		start receiver "$VCAT" -l --into dir $options unix:s </dev/null
		wait_until 10 test -S s
		run -0 vcat --files file tree unix:s
		finish receiver
		expect "$status" 0
		chown $other dir/file dir/tree
	done
	expect "$(<dir/file)" secret
	expect "$(<dir/tree/file)" more
}

@test "root: a sticky directory loses its socket file, too" {
	need_root
	mkdir dir
	chown 65534 dir
	chmod 1777 dir
	start listener "$VCAT" -l unix:dir/s </dev/null
	wait_until 10 test -S dir/s
	run -0 vcat unix:dir/s </dev/null
	finish listener
	expect "$status" 0
	[[ ! -e dir/s ]]
}

# What a command can tell about itself.
tell='exec grep -E "^(Cap|NoNewPrivs|Seccomp|SigBlk|SigIgn|Uid|Gid|Groups)" /proc/self/status'

# as_without COMMAND...: what it prints of such a command is what it is without
# vcat.
as_without() {
	expect "$("$@" bash -c "$tell")" "$(<said)" "its rights"
}

commands_keep() {
	rm -f s t
	start once env --default-signal "$@" ./vcat -l unix:s -e "$tell" </dev/null
	wait_until 10 test -S s
	timeout "$LIMIT" "$PEER" connect unix:s save said read-eof
	as_without env --default-signal "$@"
	rm said
	start many env --default-signal "$@" ./vcat -l -k unix:s -e "$tell" </dev/null
	wait_until 10 test -S s
	timeout "$LIMIT" "$PEER" connect unix:s save said read-eof
	as_without env --default-signal "$@"
	stop many
	rm said
	umask 0
	start target "$PEER" -r up listen unix:t save said read-eof
	umask 22
	wait_until 10 test -e up
	timeout "$LIMIT" env --default-signal "$@" ./vcat unix:t -e "$tell"
	finish target
	as_without env --default-signal "$@"
	rm said up
}

@test "commands: their rights are those that vcat was started with" {
	cp "$VCAT" vcat
	chmod 777 .
	commands_keep
	[[ $(id -u) == 0 ]] || return 0
	commands_keep setpriv --reuid=65534 --regid=65534 --clear-groups
	commands_keep setpriv --bounding-set=-sys_admin --inh-caps=-all
	commands_keep setpriv --no-new-privs
}

@test "commands: a setuid program works" {
	need_root
	cp "$VCAT" vcat
	cp /usr/bin/id id
	chmod 4755 id
	chmod 777 .
	local other=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	[[ $("${other[@]}" ./id -u) == 0 ]] || skip "setuid has no effect here"
	start listener "${other[@]}" ./vcat -l -k unix:s -e './id -u' </dev/null
	wait_until 10 test -S s
	run -0 vcat unix:s </dev/null
	expect "$output" 0
	# and in a sandbox it would not
	run -0 "${other[@]}" setpriv --no-new-privs ./id -u
	expect "$output" 65534
}

@test "commands: a once-only command is in vcat's process group" {
	start listener "$VCAT" -l unix:s -e 'cut -d" " -f5 /proc/self/stat' </dev/null
	wait_until 10 test -S s
	pid_of listener
	local group
	group=$(cut -d' ' -f5 "/proc/$pid/stat")
	run -0 vcat unix:s </dev/null
	expect "$output" "$group"
}

@test "told: -v says what is in force, and --no-sandbox that nothing is" {
	start listener "$VCAT" -v -l unix:s </dev/null
	wait_until 10 test -S s
	run -0 vcat unix:s </dev/null
	finish listener
	run -0 grep -cE '^vcat: sandbox: (no )?seccomp.*Landlock' listener.err
	expect "$output" 1
	start listener "$VCAT" -v --no-sandbox -l unix:s </dev/null
	wait_until 10 test -S s
	run -0 vcat unix:s </dev/null
	finish listener
	run -1 grep -i sandbox listener.err
}

# lacks CALL ERROR TEXT: with a kernel that answers so, a listener says TEXT, and
# works.
lacks() {
	start listener strace -f -qq -o calls -e "inject=$1:error=$2" \
		"$VCAT" -v -l unix:s </dev/null
	wait_until 10 test -S s
	run -0 vcat unix:s <<<hello
	finish listener
	expect "$status" 0
	expect "$(<listener.out)" hello
	expect "$(sed -n 's/^vcat: sandbox: //p' listener.err)" "$3"
	mkdir -p got
	start receiver strace -f -qq -o calls -e "inject=$1:error=$2" \
		"$VCAT" -l --into got --overwrite unix:s </dev/null
	wait_until 10 test -S s
	run -0 vcat --files listener.out unix:s
	finish receiver
	expect "$status" 0
	start commands strace -f -qq -o calls -e "inject=$1:error=$2" \
		"$VCAT" -l unix:s -e cat </dev/null
	wait_until 10 test -S s
	run -0 vcat unix:s <<<hello
	expect "$output" hello
	finish commands
}

@test "told: -v names what the kernel lacks, and the job is done" {
	need_filter
	need_strace
	need_landlock
	local all
	all=$(sandbox_line)
	lacks seccomp EINVAL "no seccomp (Invalid argument)${all#seccomp}"
	lacks seccomp ENOSYS "no seccomp (Function not implemented)${all#seccomp}"
	lacks landlock_create_ruleset ENOSYS \
		"seccomp, no Landlock (Function not implemented)"
	lacks landlock_create_ruleset EOPNOTSUPP \
		"seccomp, no Landlock (Operation not supported)"
	lacks landlock_restrict_self E2BIG \
		"seccomp, no Landlock (Argument list too long)"
	lacks landlock_create_ruleset,seccomp EPERM \
		"no seccomp (Operation not permitted), no Landlock (Operation not permitted)"
}

# A mount namespace, with or without being root.

@test "names: --retry has a sandbox while it waits until the name is known" {
	need_filter
	silence
	start server "$VCAT" -l tcp:127.0.0.1:any </dev/null
	port_of server
	knows start "files dns" -v --retry=20 "tcp:late.example:$port" <silent
	entered client 1
	has_rights $NONE
	expect "$(grep -c '^vcat: sandbox: seccomp' client.err)" 1
	echo "127.0.0.1 late.example" >>etc/hosts
	entered client 2
	has_rights $NONE
	echo hello >silent
	wait_until 10 grep -q hello server.out
	stop client
}

@test "names: one that does not exist is an error at once" {
	local options
	for options in tcp:late.example:1 "--retry=60 tcp:late.example:1" \
		"-l -k unix:s -t tcp:late.example:1" "-z tcp:late.example:1" \
		"tcp:late.example:1 -e true"; do
		# shellcheck disable=SC2086 # words
		knows start files -v $options </dev/null
		finish client
		expect "$status" 1 "status of $options"
		expect "$(<client.err)" \
			"vcat: tcp:late.example:1: resolve: Name or service not known"
		[[ ! -e s ]]
	done
}
