# For bats files on the machine host: a guest with CID 3, in a QEMU of its own,
# with busybox, vcat and the tools peer and pattern. Whatever goes on in the guest
# is told to a shell there, through vcat; its console has the rest. It is slow:
# to start a program there takes a third of a second.
#
# shellcheck shell=bash disable=SC2034,SC2154

LIMIT=300 # also when the machine does much else
load helper
# shellcheck source=tests/vm/guest.bash
. "$TOP/tests/vm/guest.bash"

GUEST=$BATS_FILE_TMPDIR/guest
CONTROL=3:1024
# A client that waits for so long until a slow guest has accepted it.
CLIENT=("$VCAT" -w 120)
ANY=vsock:4294967295:4294967295
MANY=$((3 * 1024 * 1024))

# Of the peer's seeds 1 and 2; the guest has the same in /tmp.
OURS=$BATS_FILE_TMPDIR/ours
THEIRS=$BATS_FILE_TMPDIR/theirs

setup_file() {
	mkdir "$GUEST"
	"$PATTERN" 1 $MANY >"$OURS"
	"$PATTERN" 2 $MANY >"$THEIRS"
}

teardown_file() {
	! guest_lives || kill_guest
}

# guest_is_up: notes that tests can use it from now on.
guest_is_up() {
	touch "$GUEST/up"
}

# Fails quickly and clearly after a start that failed, or a death.
need_guest() {
	if [[ ! -e $GUEST/up ]] || ! guest_lives; then
		guest_trouble
	fi
}

# control: a shell in the guest runs the script on stdin, in /tmp; what it prints
# is here, too.
control() {
	need_guest || return
	timeout 200 "$VCAT" -w 120 $CONTROL || guest_trouble
}

# guest SCRIPT: the same; fails if the script does.
guest() {
	control >guest.said <<-END || return
		set -e
		$1
		echo done
	END
	[[ $(tail -n 1 guest.said) == "done" ]] || {
		cat guest.said >&2
		guest_trouble
		return
	}
	head -n -1 guest.said
}

# For scripts in the guest: until COMMAND succeeds, for a minute or so. (To ask more
# often would be most of what a slow guest does.)
# shellcheck disable=SC2016 # expanded there
GUEST_FUNCTIONS='
	try() {
		left=200
		until "$@"; do
			left=$((left - 1))
			[ $left -gt 0 ]
			usleep 300000
		done
	}
	port_of() {
		port=$(sed -n "s/^listening on .*:\|^port //p" $1.err $1.out)
		[ "$port" ]
	}'

# guest_job NAME SCRIPT: runs it there in the background.
guest_job() {
	guest "$(guest_job_script "$@")"
}

# Its status goes through a fifo, so that nobody need ask again and again.
guest_job_script() {
	printf '%s\n' "rm -f $1.*" "mkfifo $1.end" ": >$1.out" ": >$1.err" \
		"{ set +e; $2" "echo \$? >$1.end; } >$1.out 2>$1.err &"
}

# guest_listens NAME SCRIPT: the same, of what listens there; sets port.
guest_listens() {
	port=$(guest "$GUEST_FUNCTIONS
		$(guest_job_script "$@")
		try port_of $1
		echo \$port")
}

# guest_finish NAME: waits for its end there, and sets status. Its output is then
# here, in NAME.out and NAME.err.
guest_finish() {
	control >guest.tar <<-END || return
		set -e
		cat $1.end >$1.status
		tar -c $1.status $1.out $1.err
	END
	tar -xf guest.tar || guest_trouble || return
	finish "$1"
}

# guest_ended NAME STATUS [STDERR]: the same, in the guest.
guest_ended() {
	guest_finish "$1"
	ended "$@"
}

# guest_got NAME FILE: the output of NAME there, sent through sha256sum, is FILE.
guest_got() {
	expect "$(<"$1.out")" "$(sum_of "$2")" "sum that $1 got"
}

# sum_word FILE: its SHA-256, as the peer prints it.
sum_word() {
	local sum
	sum=$(sum_of "$1")
	echo "${sum%% *}"
}

# holds FILE COUNT: it has COUNT bytes or more.
holds() {
	(($(stat -c %s "$1") >= $2))
}
