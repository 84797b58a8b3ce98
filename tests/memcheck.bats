# machine: here
# needs: developer
# Each kind of job under valgrind; `make memcheck` has the unit tests, too.
bats_require_minimum_version 1.5.0
load helper

@test "memcheck: no job reads what it has not written, or loses memory" {
	[[ $BUILD != asan ]] || skip "valgrind and a sanitizer do not go together"
	run "$TOP/tests/memcheck/run" jobs
	[[ $status == 0 ]] || {
		printf '%s\n' "${lines[@]}" | grep -v '^ok'
		return 1
	}
	expect "${lines[-1]}" \
		"$(grep -c '^job_' "$TOP/tests/faults/jobs.bash") ok, 0 not ok"
}
