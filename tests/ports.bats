# machine: here
# needs: developer
# Unit tests on other machines; `make ports` has all of them, and compilers, too.
bats_require_minimum_version 1.5.0
load helper

# What has to do with the width of numbers, or the order of their bytes.
readonly some=(frame_test frame_entry_test address_test value_test json_test
	channel_part_test flow_test deposit_test)

passes() {
	run "$TOP/tests/ports/run" "$1" -- "${some[@]}"
	[[ $status == 0 ]] || {
		printf '%s\n' "${lines[@]}"
		return 1
	}
	[[ ${lines[-1]} == "$1: ${#some[@]} programs, "[1-9]*" tests passed" ]]
}

@test "ports: 32 bits" {
	passes i386
}

@test "ports: the other byte order" {
	passes s390x
}

@test "ports: clang, without optimization" {
	passes clang-O0
}
