# What vcat --doctor says, held whole against tests/golden/NAME.txt. With
# VCAT_GOLDEN=update the files are written instead: look at the difference.
#
# shellcheck shell=bash disable=SC2154,SC2034

GOLDEN=$TOP/tests/golden

# What differs from one kernel to the next: its release, and its minors.
normalised() {
	local text
	text=$(cat)
	echo "${text//"$(uname -r)"/RELEASE}" | sed -E 's/ c 10 [0-9]+/ c 10 MINOR/'
}

# as_text: the objects of --json on stdin, laid out as the text is.
as_text() {
	jq -r 'def pad(n): . + " " * (n - length);
		def line(name): if .[name] then " " * 24 + name + ": " + .[name]
			else empty end;
		if .check == "verdict" then .text else
			"\(.status | pad(4))  \(.check | pad(16))  \(.text)",
			line("fix"), line("note") end'
}

# golden NAME STATUS COMMAND...: what it prints is in that file, and nothing
# goes to stderr; with --json, jq reads the same from it.
golden() {
	local name=$1 wanted=$2 got=0
	shift 2
	timeout "$LIMIT" "$@" >said 2>complaint || got=$?
	expect "$got" "$wanted" "status" && expect "$(<complaint)" "" "stderr"
	normalised <said >"$name.txt"
	[[ ${VCAT_GOLDEN-} != update ]] || cp "$name.txt" "$GOLDEN/$name.txt"
	diff -u "$GOLDEN/$name.txt" "$name.txt"
	# what asking has loaded stays, and is not told again
	timeout "$LIMIT" "$@" >said || true
	got=0
	timeout "$LIMIT" "$@" --json >json || got=$?
	expect "$got" "$wanted" "status with --json"
	as_text <json | diff -u said -
}

# Before a command: it runs as one who owns no node.
AS_USER=(setpriv --reuid nobody --regid nogroup --clear-groups --no-new-privs)

# The directory of this guest's kernel, for modprobe -d: the modules that the
# machine did not load are there to be loaded.
kernel_directory() {
	echo "$TOP"/build/vm/kernels/*/lib/modules/"$(uname -r)" |
		sed 's,/lib/modules/[^/]*$,,'
}
