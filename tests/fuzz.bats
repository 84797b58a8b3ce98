# machine: here
# needs: developer
bats_require_minimum_version 1.5.0
load helper

# About ten seconds of each fuzzer of tests/fuzz: `make fuzz` is the long run. It ends
# after a number of runs, the same ones each time.

# made ARG...: make, without the settings of the make that runs the tests.
made() {
	timeout 300 env -u MAKEFLAGS -u MAKELEVEL -u CFLAGS -u CPPFLAGS \
		-u LDFLAGS make -s -j2 -C "$TOP" BUILD=fuzz CC=clang "$@"
}

setup_file() {
	made fuzzers
}

# fuzz NAME RUNS: so many runs, which begin with the files of its corpus. What
# fails is left in the test's directory, and printed.
fuzz() {
	mkdir found
	run timeout 120 "$TOP/tests/fuzz/run" "$1" -seed=1 -runs="$2" \
		-timeout=20 -print_final_stats=1 found "$TOP/tests/fuzz/$1"
	[[ $status == 0 ]] || {
		echo "$output"
		for file in crash-* leak-* oom-* timeout-*; do
			[[ ! -e $file ]] || hexdump -C "$file"
		done
		return 1
	}
	[[ $output =~ number_of_executed_units:\ +([0-9]+) ]]
	echo "# $1: ${BASH_REMATCH[1]} runs" >&3
	[[ ${BASH_REMATCH[1]} -ge $2 ]]
}

@test "fuzz: what systemd passes is taken over only if it is for us, and of use" {
	fuzz activation 1500000
}

@test "fuzz: addresses, lists and values are what their texts say" {
	fuzz address 1200000
}

@test "fuzz: whatever a peer of --bench sends, the answer is whole frames, or words" {
	fuzz measure 50000
}

@test "fuzz: frames that are taken for right are" {
	fuzz frame 2000000
}

@test "fuzz: a VMM's answer is heard, and not a byte of what follows it" {
	fuzz hybrid 500000
}

@test "fuzz: JSON is valid, and says what it was given" {
	fuzz json 900000
}

@test "fuzz: command lines that are taken keep to the rules" {
	fuzz options 600000
}

@test "fuzz: a relay delivers all, ends when it must, and says what was lost" {
	fuzz relay 90000
}

@test "fuzz: the words of a line are where they were, and what they were" {
	fuzz words 500000
}

@test "fuzz: each fuzzer has a corpus and a test here" {
	for file in "$TOP"/tests/fuzz/*.c; do
		name=$(basename "$file" .c)
		[[ -n $(ls "$TOP/tests/fuzz/$name") ]]
		grep -q "^	fuzz $name " "$TOP/tests/fuzz.bats"
	done
}
