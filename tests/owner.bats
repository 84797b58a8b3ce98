# machine: here
# --owner: who may connect to the socket file that a listener makes.
# shellcheck disable=SC2154 # set by helpers
bats_require_minimum_version 1.5.0
load sandbox

OTHER=(setpriv --reuid=4711 --regid=4712 --clear-groups)

need_root() {
	[[ $EUID == 0 ]] || skip "not root"
	setpriv --reuid=4711 true || skip "no other user"
}

# owned FILE OPTION...: a listener there gives it an owner; sets said to its
# owner, group and mode.
owned() {
	local file=$1 address=${2}
	shift 2
	start listener "$VCAT" -l -k -v "$@" "$address" -e 'echo welcome' </dev/null
	wait_until 10 grep -q ^listening listener.err
	said=$(stat -c %u:%g:%a "$file")
}

@test "owner: user and group by number, with the mode" {
	need_root
	chmod 755 .
	owned s unix:s --owner 4711:4712
	expect "$said" 4711:4712:600
	cp "$VCAT" vcat
	run -0 "${OTHER[@]}" ./vcat unix:s </dev/null
	expect "$output" welcome
	run -1 setpriv --reuid=4713 --regid=4712 --clear-groups ./vcat unix:s </dev/null
	stop listener
	[[ ! -e s ]]
	owned s unix:s --owner 0:4712 --mode 660
	expect "$said" 0:4712:660
	run -0 setpriv --reuid=4713 --regid=4712 --clear-groups ./vcat unix:s </dev/null
	expect "$output" welcome
}

@test "owner: a hybrid socket, and a group alone" {
	need_root
	owned m_70 mux:m:70 --owner :4712 --mode 620
	expect "$said" 0:4712:620
}

@test "owner: names, and the login group" {
	need_root
	local user group
	IFS=: read -r user _ _ group _ < <(grep -v ^root: /etc/passwd)
	owned s unix:s --owner "$user:"
	expect "$said" "$(id -u "$user"):$group:600"
}

@test "owner: numbers touch no database of names" {
	need_root
	need_strace
	strace -f -o calls timeout 1 "$VCAT" -l --owner 4711:4712 unix:s </dev/null || true
	run -1 grep -E 'nsswitch|passwd|/etc/group|libnss' calls
}

@test "owner: another user or group that does not exist is wrong usage" {
	each_fails <<-'END'
		2 | --owner: nobody-at-all: there is no such user (see vcat --help) | | -l --owner nobody-at-all unix:s
		2 | --owner: 0:no-group: there is no such group (see vcat --help)   | | -l --owner 0:no-group unix:s
		2 | --owner: :: not a user or a group, such as root:kvm (see vcat --help) | | -l --owner : unix:s
		2 | --owner requires -l (see vcat --help) | | --owner 0 unix:s
	END
	[[ ! -e s ]]
}

@test "owner: who is not root gives away nothing, and leaves no file" {
	need_root
	chmod 777 .
	cp "$VCAT" vcat
	fails 1 "unix:s: chown: Operation not permitted" "only root" \
		"${OTHER[@]}" ./vcat -l --owner 4713 unix:s
	[[ ! -e s ]]
	fails 1 "unix:s: chown: Operation not permitted" "only root" \
		"${OTHER[@]}" ./vcat -l --owner :4714 unix:s
	[[ ! -e s ]]
}

@test "owner: who is not root may give it to a group of their own" {
	need_root
	chmod 777 .
	cp "$VCAT" vcat
	start listener setpriv --reuid=4711 --regid=4712 --groups=4714 \
		./vcat -l -d -v --owner :4714 --mode 660 unix:s
	wait_until 10 grep -q ^listening listener.err
	expect "$(stat -c %u:%g:%a s)" 4711:4714:660
	run -0 setpriv --reuid=4715 --regid=4714 --clear-groups ./vcat unix:s <<<hello
	ended_well
}

ended_well() {
	finish listener
	expect "$status" 0
	expect "$(<listener.out)" hello
	[[ ! -e s ]]
}

@test "owner: in a directory of its own user, root removes it, too" {
	need_root
	mkdir run
	chown 4711 run
	chmod 755 run
	owned run/s unix:run/s --owner 4711
	expect "$said" 4711:0:600
	pid_of listener
	kill "$pid"
	finish listener
	[[ ! -e run/s ]]
}

@test "owner: nobody can connect before the file has its owner and its mode" {
	need_root
	need_filter
	need_strace
	trace listener "$VCAT" -l -d -v --owner 4711 --mode 666 unix:s
	wait_until 10 grep -q sandbox: listener.err
	expect "$(sed -nE 's/^(bind|fchmod|fchownat|chmod|seccomp)\(.*/\1/p' \
		listener.calls.* | paste -sd ' ')" \
		"fchmod bind fchownat chmod seccomp"
	grep -qE '^fchmod\([0-9]+, 000\)' listener.calls.*
	run -0 vcat unix:s <<<hello
	ended_well
	made_only listener accepts ""
}

@test "owner: a stale file is replaced, and a live one is not touched" {
	need_root
	start first "$VCAT" -l -k -d unix:s
	wait_until 10 test -S s
	fails 1 "unix:s: bind: Address already in use" "ss -x" \
		"$VCAT" -l --owner 4711 unix:s
	expect "$(stat -c %u s)" 0
	pid_of first
	kill -KILL "$pid"
	finish first
	owned s unix:s --owner 4711
	expect "$said" 4711:0:600
}
