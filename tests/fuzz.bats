# machine: here
bats_require_minimum_version 1.5.0
load helper

# A short run of each fuzzer of tests/fuzz: `make fuzz` is the long one. It ends
# after a number of runs, the same ones each time.

# made ARG...: make, without the settings of the make that runs the tests.
made() {
	timeout 300 env -u MAKEFLAGS -u MAKELEVEL -u CFLAGS -u CPPFLAGS \
		-u LDFLAGS make -s -C "$TOP" BUILD=fuzz CC=clang "$@"
}

# fuzz NAME RUNS: so many runs, which begin with the files of its corpus. What
# fails is left in the test's directory, and printed.
fuzz() {
	mkdir found
	run timeout 120 "$TOP/build/fuzz/fuzz/$1" -seed=1 -runs="$2" \
		-max_len=8300 -print_final_stats=1 found "$TOP/tests/fuzz/$1"
	[[ $status == 0 ]] || {
		echo "$output"
		for file in crash-* leak-* oom-* timeout-*; do
			[[ ! -e $file ]] || hexdump -C "$file"
		done
		return 1
	}
}

@test "fuzz: frames, by the corpus and 20000 runs" {
	run -0 made fuzzers
	fuzz frame 20000
	[[ $output =~ number_of_executed_units:\ +20000 ]]
}

@test "fuzz: each fuzzer has a corpus and a test here" {
	for file in "$TOP"/tests/fuzz/*.c; do
		name=$(basename "$file" .c)
		[[ -n $(ls "$TOP/tests/fuzz/$name") ]]
		grep -q "^	fuzz $name " "$TOP/tests/fuzz.bats"
	done
}
