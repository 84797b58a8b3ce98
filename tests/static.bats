# machine: here
# needs: developer
# make static: one file that needs nothing but a kernel.
bats_require_minimum_version 1.5.0
load helper

STATIC=$TOP/build/static/vcat

setup_file() {
	env -u MAKEFLAGS -u MAKELEVEL -u CFLAGS -u CPPFLAGS -u LDFLAGS -u BUILD \
		make -s -j2 -C "$BATS_TEST_DIRNAME/.." static \
		>"$BATS_FILE_TMPDIR/made" 2>&1
}

# ran NAME LINE...: the guest's run of that name has printed these lines.
ran() {
	local name=$1 line
	shift
	sed -n "/^run $name\$/,/^run /p" guest >this
	for line in "$@"; do
		grep -qxF -- "$line" this || {
			echo "no '$line' in the guest's run '$name':"
			cat this
			return 1
		}
	done
}

# guest NAME=FILE...: boots one with vcat and these files.
guest() {
	"$TOP/tests/vm/bare" "init=$TOOLS/bare-init" "vcat=$STATIC" "$@" >guest
}

@test "static: it needs no library, and only names may want one" {
	# names of hosts, and the users and groups of --owner
	expect "$(sed -nE "s/.*warning: Using '(\w+)' in static.*/\1/p" \
		"$BATS_FILE_TMPDIR/made" | sort -u | grep -vxE \
		'getaddrinfo|get(pwnam|pwuid|grnam)')" "" "functions that want NSS"
	expect "$(grep warning: "$BATS_FILE_TMPDIR/made" | grep -v ' in static')" "" \
		"other warnings"
	[[ $(tail -n 1 "$BATS_FILE_TMPDIR/made") =~ \
		^build/static/vcat:\ [0-9]+\ bytes$ ]]
	[[ $(readelf -l "$STATIC") != *INTERP* ]]
}

@test "static: a transfer over TCP, by name, in the sandbox" {
	mkdir in
	echo hello >file
	start listener "$STATIC" -v -l --into in tcp:any
	port_of listener
	run -0 "$STATIC" --files file "tcp:localhost:$port"
	finish listener
	expect "$status" 0
	cmp file in/file
	grep -q '^vcat: sandbox: seccomp, ' listener.err
}

@test "static: as the only file of a guest, without /dev, /etc and /proc" {
	guest
	ran cid 1 "status 0"
	ran stream "status 0" "peer 0" "same yes" \
		"vcat: sandbox: seccomp, Landlock for files"
	ran files "status 0" "peer 0" "same yes"
	ran port 1:1002 "status 0" "peer 0"
	ran "no port" "vcat: local(1):1003: connect: Connection refused" "status 1"
	ran command "vcat: sh: No such file or directory" "peer 1"
	ran number "vcat: tcp:127.0.0.1:9: connect: Network is unreachable" "status 1"
	grep -q '^vcat: tcp:localhost:9: resolve: ' guest
	ran doctor "vsock is usable here: loopback"
}

@test "static: in a guest that has a sh, -e runs commands" {
	guest "bin/sh=$(command -v busybox)"
	ran command "status 0" "peer 0"
	expect_in guest "answer <hello>"
}
