# The whole output of vcat --doctor is compared with tests/golden/NAME.txt. With
# VCAT_GOLDEN=update the files are written instead: review the difference.
#
# shellcheck shell=bash disable=SC2154,SC2034

GOLDEN=$TOP/tests/golden

# Hides what differs between kernels: the release, and the minor numbers.
normalised() {
	local text
	text=$(cat)
	echo "${text//"$(uname -r)"/RELEASE}" | sed -E 's/ c 10 [0-9]+/ c 10 MINOR/'
}

# as_text: turns the objects of --json on stdin into the text of --doctor.
as_text() {
	jq -r 'def pad(n): . + " " * (n - length);
		def line(name): if .[name] then " " * 24 + name + ": " + .[name]
			else empty end;
		if .check == "verdict" then .text else
			"\(.status | pad(4))  \(.check | pad(16))  \(.text)",
			line("fix"), line("note") end'
}

# golden NAME STATUS COMMAND...: COMMAND prints exactly that file, and nothing on
# stderr; with --json, it prints the same as JSON.
golden() {
	local name=$1 wanted=$2 got=0
	shift 2
	timeout "$LIMIT" "$@" >said 2>complaint || got=$?
	expect "$got" "$wanted" "status" && expect "$(<complaint)" "" "stderr"
	normalised <said >"$name.txt"
	[[ ${VCAT_GOLDEN-} != update ]] || cp "$name.txt" "$GOLDEN/$name.txt"
	diff -u "$GOLDEN/$name.txt" "$name.txt"
	# a module that the first run loaded stays loaded: run again for the text
	timeout "$LIMIT" "$@" >said || true
	got=0
	timeout "$LIMIT" "$@" --json >json || got=$?
	expect "$got" "$wanted" "status with --json"
	as_text <json | diff -u said -
}

# found CHECK MEMBER [PREFIX...]: prints that member of a finding of
# PREFIX vcat --doctor --json.
found() {
	local check=$1 member=$2
	shift 2
	"$@" "$VCAT" --doctor --json |
		jq -r "select(.check == \"$check\").$member"
}

# prints WANTED COMMAND...: it succeeds with that output and says nothing else.
prints() {
	local wanted=$1
	shift
	run -0 --separate-stderr timeout "$LIMIT" "$@"
	expect "$output" "$wanted" && expect "$stderr" "" "stderr"
}

# Before a command: runs it as a user who owns no node.
AS_USER=(setpriv --reuid nobody --regid nogroup --clear-groups --no-new-privs)

# The directory of this guest's kernel, for modprobe -d: it has the modules that
# the machine did not load at boot.
kernel_directory() {
	echo "$TOP"/build/vm/kernels/*/lib/modules/"$(uname -r)" |
		sed 's,/lib/modules/[^/]*$,,'
}
