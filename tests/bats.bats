# machine: here
# needs: developer
bats_require_minimum_version 1.5.0
load helper

# In the test machine tests/vm/bats runs in place of bats.

# alike: both give the same results and status for the file on stdin.
alike() {
	local theirs=0 ours=0
	# bats would take them for tests of this file
	{
		echo bats_require_minimum_version 1.5.0
		sed "s/^TEST /@test /"
	} >it.bats
	bats --tap it.bats >theirs.tap 2>&1 || theirs=$?
	"$TOP/tests/vm/bats" it.bats >ours.tap 2>&1 || ours=$?
	diff <(grep -v '^#' theirs.tap) <(grep -v '^#' ours.tap)
	expect "$ours" "$theirs" "status"
}

@test "results: tests that pass, fail or are skipped, in various ways" {
	alike <<-'END'
		TEST "passes" { true; }
		TEST "fails at the end" { false; }
		TEST "fails amid" {
			false
			true
		}
		TEST "fails by a comparison"   { [[ a == b ]]; true; }
		TEST "fails in a function" { inner; true; }
		inner() { false; true; }
		TEST "an or is no failure" { false || true; }
		TEST "is skipped" { skip "for a reason"; false; }
		TEST "fails by an exit" { exit 3; }
		TEST "has a \"quote\" and (brackets)" { true; }
		TEST "reads a variable that is not set" { [[ -z ${none-} ]]; }
	END
	expect "$(grep -c '^not ok' ours.tap)" 5
}

@test "results: the status is 0 if all pass" {
	alike <<-'END'
		TEST "one" { true; }
		TEST "two" {
			true
		}
	END
}

@test "run: status, output, lines and an expected status" {
	alike <<-'END'
		both() { echo out; echo; echo more; echo err >&2; return 3; }
		TEST "status and lines" {
			run both
			[[ $status == 3 && ${#lines[@]} == 3 && ${lines[1]} == more ]]
		}
		TEST "an expected status" { run -3 both; }
		TEST "another than expected" { run -0 both; }
		TEST "stderr apart" {
			run -3 --separate-stderr both
			[[ $stderr == err && $output == $'out\n\nmore' ]]
			[[ ${#stderr_lines[@]} == 1 && ${#lines[@]} == 2 ]]
		}
		TEST "a failure after run is one" { run both; false; true; }
		TEST "no failure within run is one" { run eval 'false; echo on'; [[ $output == on ]]; }
		TEST "a command that is not there" { run -127 nothing_of_the_kind; }
		TEST "a failure that is captured" { [[ -z "$(false)" && -z "$(false || true)" ]]; }
	END
}

@test "setup and teardown: around each test, and around the file" {
	alike <<-'END'
		setup_file() { export FROM_FILE=yes; echo file >>"$LOG"; }
		setup() { echo setup >>"$LOG"; mine=1; }
		teardown() { echo teardown >>"$LOG"; }
		teardown_file() { echo end >>"$LOG"; }
		LOG=$BATS_TEST_DIRNAME/log
		TEST "one" { [[ $mine == 1 && $FROM_FILE == yes ]]; mine=2; }
		TEST "fails" { [[ $mine == 1 ]]; false; }
		TEST "skips" { skip today; }
		TEST "knows itself" { [[ $BATS_TEST_NUMBER == 4 && $BATS_TEST_DESCRIPTION == "knows itself" ]]; }
	END
	expect "$(tr '\n' ' ' <log)" "$(printf '%s ' \
		file setup teardown setup teardown setup teardown setup teardown end \
		file setup teardown setup teardown setup teardown setup teardown end)"
}

@test "setup: if it fails, the test fails and is torn down" {
	alike <<-'END'
		setup() { false; }
		teardown() { touch "$BATS_TEST_DIRNAME/torn"; }
		TEST "never begins" { touch "$BATS_TEST_DIRNAME/begun"; }
	END
	[[ -e torn && ! -e begun ]]
}

@test "machines: a file for another machine does not run here" {
	cat >it.bats <<-END
		# machine: loopback
		load "$TOP/tests/helper"
		@ test "runs" { touch ran; }
	END
	sed -i 's/@ test/@test/' it.bats
	run bats --tap it.bats
	[[ $status != 0 && ! -e ran ]]
	[[ $output == *"needs the machine 'loopback'"* ]]
}
