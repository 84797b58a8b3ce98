# machine: loopback
# Debian's test that wants a machine of its own.
bats_require_minimum_version 1.5.0
load helper

# The machine has the module already, and not where modprobe would look.
loopback_test() {
	mkdir bin
	ln -s "$(type -P true)" bin/modprobe
	PATH=$PWD/bin:$PATH VCAT=$1 AUTOPKGTEST_TMP=$PWD sh "$TOP/debian/tests/loopback"
}

@test "autopkgtest: the loopback test moves its data" {
	run -0 loopback_test "$VCAT"
	[[ $output == *"stream: ok"*"in/file: ok"* ]]
}

@test "autopkgtest: the loopback test fails with a program that does nothing" {
	run -1 loopback_test true
}
