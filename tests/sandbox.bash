# For bats files about what vcat can still do when its job is set up. It loads
# helper.
#
# shellcheck shell=bash disable=SC2034,SC2154

load helper

GENERATE=$TOP/build/$BUILD/filters/generate
INTRUDE=$TOOLS/intrude

# need_filter: skips the test in a build that has no seccomp filter.
need_filter() {
	[[ $BUILD != asan ]] || skip "no seccomp filter under AddressSanitizer"
}

# need_strace: skips the test where no process may look at another.
need_strace() {
	strace -o /dev/null true 2>strace.err || skip "no strace: $(<strace.err)"
}

# need_landlock: skips the test on a kernel without Landlock.
need_landlock() {
	run -0 sandbox_line
	[[ $output != *"no Landlock"* ]] || skip "$output"
}

# sandbox_line: what vcat -v says that is in force.
sandbox_line() {
	"$VCAT" -v -z unix:none 2>&1 </dev/null | sed -n 's/^vcat: sandbox: //p'
}

# trace NAME COMMAND...: as start, and strace writes its system calls down.
trace() {
	local name=$1
	shift
	rm -f "$name".calls.*
	start "$name" strace -ff -qq -o "$name.calls" "$@"
}

# traced_pid NAME: sets pid to that of the program that is traced.
traced_pid() {
	pid_of "$1" || return
	wait_until 5 pgrep -P "$pid" || return
	pid=$(pgrep -P "$pid")
}

# made_only NAME STAGE...: what NAME did in its sandbox was allowed, and no call
# failed for want of a right. It entered as many filters as there are STAGEs, the
# needs of each.
made_only() {
	local name=$1
	shift
	"$GENERATE" --list >allowed
	printf '%s\n' "$@" >stages
	awk '
	FILENAME == "allowed" {
		for (i = 2; i <= NF; i++)
			allowed[$1, $i] = 1
		next
	}
	FILENAME == "stages" {
		needs[++stages] = "all " $0 (NF > 0 ? " threads" : "")
		next
	}
	FNR == 1 { pid = FILENAME; sub(/.*\./, "", pid); processes[pid] }
	{ lines[pid, ++count[pid]] = $0 }
	/^(clone|clone3|fork|vfork)\(.* = [0-9]+$/ { is_child[$NF] = 1 }

	function judge(call, line, stage,   words, n, i) {
		n = split(needs[stage], words, " ")
		for (i = 1; i <= n; i++)
			if ((words[i], call) in allowed)
				break
		if (i > n || line ~ / = -1 (EPERM|EACCES|ENOSYS) / &&
		    call != "clone3") {
			print "stage " stage " (" needs[stage] "): " line
			bad = 1
		}
	}

	function follow(pid, stage,   i, line, call) {
		for (i = 1; i <= count[pid]; i++) {
			line = lines[pid, i]
			if (!match(line, /^[a-z0-9_]+\(/))
				continue
			call = substr(line, 1, RLENGTH - 1)
			if (stage > 0 && call != "clone3")
				judge(call, line, stage)
			if (line ~ /^seccomp\(SECCOMP_SET_MODE_FILTER.* = 0$/)
				stage++
			if (stage > most)
				most = stage
			if (call ~ /^(clone|clone3|fork|vfork)$/ &&
			    line ~ / = [0-9]+$/) {
				sub(/.* /, "", line)
				follow(line, stage)
			}
		}
	}

	END {
		for (pid in processes)
			if (!(pid in is_child))
				follow(pid, 0)
		if (most != stages)
			print "entered " most + 0 " filters, not " stages
		exit bad || most != stages
	}' allowed stages "$name".calls.* || {
		echo "$name made calls that are not allowed"
		return 1
	}
}

# ends NAME STATUS STAGE...: it ends so, and made_only that.
ends() {
	local name=$1 wanted=$2
	shift 2
	finish "$name"
	expect "$status" "$wanted" "status of $name" || {
		cat "$name.err"
		return 1
	}
	made_only "$name" "$@"
}

# need_intrusion: skips the test where no process can be made to try calls.
need_intrusion() {
	start sleeper sleep 60
	pid_of sleeper
	wait_until 5 "$INTRUDE" "$pid" >intrusion 2>&1 || skip "$(tail -n 1 intrusion)"
}

# each_user FUNCTION: calls it with the vcat that begin starts as this user's, and then,
# if this is root, as another's.
each_user() {
	as=()
	"$1"
	[[ $(id -u) == 0 ]] || return 0
	echo "as another user:"
	chmod 777 .
	as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	"$1"
}

# begin NAME OPTION...: starts vcat, as the user of each_user, with the stdin.
begin() {
	local name=$1
	shift
	[[ -x vcat ]] || cp "$VCAT" vcat
	rm -f s
	start "$name" "${as[@]}" ./vcat "$@"
}

# filters PID: how many it has entered, besides those of the test itself.
filters() {
	local of='s/^Seccomp_filters:\t//p'
	echo $(($(sed -n "$of" "/proc/$1/status") - $(sed -n "$of" "/proc/$$/status")))
}

# has_filters COUNT: the process pid has entered so many.
has_filters() {
	[[ $(filters "$pid") == "$1" ]]
}

# entered NAME COUNT: waits until it has entered so many filters; sets pid.
entered() {
	wait_until 10 pid_of "$1"
	wait_until 10 has_filters "$2" || {
		echo "$1 has not entered $2 filters"
		grep Seccomp "/proc/$pid/status"
		cat "$1.err"
		return 1
	}
}

# left WANTED: what an intruder in the process pid can still try, of all that
# the tool knows, separated by commas.
left() {
	"$INTRUDE" "$pid" >tried
	expect "$(grep -c . tried)" "$(grep -c '^	{ "' "$TOP/tests/tools/intrude.c")" \
		"attempts"
	expect_in tried "clone3: ENOSYS"
	expect "$(sed -E '/: EPERM$/d; /^clone3:/d; s/: .*//' tried |
		paste -sd ,)" "$1" "what is left"
}

# knows START HOSTS ARG...: starts vcat as client, by start or trace, where etc/hosts
# says which names there are, and the servers that are asked for others cannot be
# reached.
knows() {
	local start=$1 unshare=(unshare --mount)
	[[ $(id -u) == 0 ]] || unshare+=(--map-root-user)
	run "${unshare[@]}" true
	[[ $status == 0 ]] || skip "no mount namespace can be made here: $output"
	mkdir -p etc
	echo "127.0.0.1 localhost" >etc/hosts
	echo "hosts: $2" >etc/nsswitch.conf
	printf 'nameserver 127.0.0.9\noptions timeout:1 attempts:1\n' >etc/resolv.conf
	shift 2
	# shellcheck disable=SC2016 # expanded by the inner shell
	"$start" client "${unshare[@]}" sh -c \
		'mount --bind etc /etc && exec "$@"' - "$VCAT" "$@"
}
