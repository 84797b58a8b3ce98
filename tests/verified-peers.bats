# machine: here
# needs: socat
# Receivers and streams that mean harm, peers without end, and plain ones.
bats_require_minimum_version 1.5.0
load helper
load transfer-files

@test "receivers: frames that are spoilt, out of order or not theirs" {
	local what
	new_world
	each_row sender_fails < <(
		for what in magic header-hash payload-hash version=2 zero=1 type=0 \
			type=17 number=0 number=2 length=1 length=4294967295; do
			echo "${RECEIVES[*]} spoil $what go 0 gives-up"
		done
		cat <<-END
			hello 0 gives-up
			hello 1 gives-up
			hello 3 gives-up
			spoil version=2 hello 2 gives-up
			go 0 gives-up
			${RECEIVES[*]} hello 2 gives-up
			${RECEIVES[*]} go 7 gives-up
			${RECEIVES[*]} go 1 gives-up
			${RECEIVES[*]} go 18446744073709551615 gives-up
			${RECEIVES[*]} go 0 go 0 gives-up
			${RECEIVES[*]} go 0 refuse 0 no gives-up
			${RECEIVES[*]} refuse 7 no gives-up
			${RECEIVES[*]} stored 0 gives-up
			${RECEIVES[*]} stored 7 gives-up
			${RECEIVES[*]} failed 0 no gives-up
			${RECEIVES[*]} go 0 await end:5 stored 0 stored 0 gives-up
			${RECEIVES[*]} go 0 await end:5 stored 1 gives-up
			${RECEIVES[*]} go 0 await end:5 refuse 0 no gives-up
			${RECEIVES[*]} result 0 0 gives-up
			${RECEIVES[*]} result 1 0 gives-up
			${RECEIVES[*]} go 0 await end:5 seen finish result 1 0 gives-up
			${RECEIVES[*]} bye gives-up
			${RECEIVES[*]} file x 5 gives-up
			${RECEIVES[*]} begin 0 gives-up
			${RECEIVES[*]} data 0 x gives-up
			${RECEIVES[*]} same 0 x gives-up
			${RECEIVES[*]} end 5 gives-up
			${RECEIVES[*]} abort no gives-up
			${RECEIVES[*]} finish 0 gives-up
			${RECEIVES[*]} frame have 0 EMPTY gives-up
			${RECEIVES[*]} frame have 0 12345678 gives-up
			${RECEIVES[*]} frame have 0 123456781234567 gives-up
			${RECEIVES[*]} frame have 0 12345678123456781 gives-up
			${RECEIVES[*]} go 0 have 0 0 hello gives-up
			${RECEIVES[*]} close
			${RECEIVES[*]} half-close gives-up
			${RECEIVES[*]} go 0 close
			${RECEIVES[*]} go 0 await end:5 close
			${RECEIVES[*]} go 0 await end:5 stored 0 close
			${RECEIVES[*]} go 0 await end:5 stored 0 seen finish close
			${RECEIVES[*]} go 0 await end:5 stored 0 seen finish half-close gives-up
		END
	)
}

@test "receivers: an answer or a result that says no is our failure" {
	local text
	new_world
	printf -v text %0512d 0
	each_row sender_fails <<-END
		${RECEIVES[*]} refuse 0 no seen finish result 1 1 expect bye
		${RECEIVES[*]} refuse 0 no seen finish result 1 0 ends
		${RECEIVES[*]} refuse 0 EMPTY seen finish result 1 1 expect bye
		${RECEIVES[*]} refuse 0 $text seen finish result 1 1 expect bye
		${RECEIVES[*]} refuse 0 \x1b[31mred\x0d\x0aline\x07\x00\x9b\xff seen finish result 1 1 expect bye
		${RECEIVES[*]} go 0 await end:5 failed 0 \x1b[31mred\x0aline seen finish result 1 1 expect bye
		${RECEIVES[*]} go 0 await end:5 failed 0 $text seen finish result 1 1 expect bye
		${RECEIVES[*]} go 0 await end:5 failed 0 no seen finish result 1 0 ends
		${RECEIVES[*]} go 0 await end:5 stored 0 seen finish result 1 1 ends
		${RECEIVES[*]} go 0 await end:5 stored 0 seen finish result 2 0 ends
		${RECEIVES[*]} go 0 await end:5 stored 0 seen finish result 0 0 ends
		${RECEIVES[*]} go 0 await end:5 stored 0 seen finish result 1 18446744073709551615 ends
		${RECEIVES[*]} fatal no
		${RECEIVES[*]} fatal \x1b[31mred\x0aline\x0a\x0d
		${RECEIVES[*]} fatal $text
		${RECEIVES[*]} go 0 await end:5 fatal EMPTY
	END
}

@test "receivers: what they say is shown, without its control characters" {
	new_world
	sender_fails "${RECEIVES[@]}" refuse 0 '\x1b[31mno room\x0ahere' seen finish \
		result 1 1 expect bye
	expect_in vcat.err "no room"
	expect_in vcat.err a:
}

@test "receivers: hashes of blocks that the file does not have change nothing" {
	new_world
	local row
	for row in "have 0 1 x" "have 0 18446744073709551615 x" "have 0 0 x" \
		"have 0 0 hello!" "have 0 17592186044416 x" "have 0 0 x have 0 0 x" \
		"have 1 0 x" "have-all 0"; do
		sender
		# it sends the bytes, or gives up
		# shellcheck disable=SC2086 # words
		if courier "${RECEIVES[@]}" $row go 0 await data:0:hello expect end:5 \
			stored 0 seen finish result 1 0 expect bye; then
			ends_with vcat 0
		else
			grep -q ^fatal courier.out
			ends_with vcat 1
		fi
	done
}

@test "receivers: a block that they have is not sent" {
	new_world
	sender
	courier "${RECEIVES[@]}" have 0 0 hello go 0 await same:0 expect end:5 stored 0 \
		seen finish result 1 0 expect bye
	ends_with vcat 0
}

@test "receivers: hashes of one file that come while another is sent" {
	new_world
	"$PATTERN" 1 4194304 >out/a
	truncate -s 1T out/b
	start vcat "$VCAT" -l -w 5 -i 5 --files out/a out/b unix:s </dev/null
	# more than both ends hold back, before it reads what is sent to it
	courier "${RECEIVES[@]}" expect entry:1:b go 0 ignore 1 repeat 1000 have-all 1 ignore 0 \
		refuse 1 no await end:4194304 stored 0 seen finish result 2 1 expect bye
	ends_with vcat 1
	expect_in vcat.err "out/b: no"
}


@test "memory: entries without end, answered or not" {
	new_world
	watch_memory
	receiver
	courier "${SENDS[@]}" repeat 100000 link l x run ./memory \
		finish 0 ends
	ends_with vcat 0
	held_little
	# answers that nobody reads
	new_world
	receiver -i 2
	run courier patience 4 "${SENDS[@]}" ignore 1 repeat 0 file ../a 5
	finish vcat 20
	[[ $status == 1 || $status == 3 ]]
}

@test "memory: directories without end, one in the other, all refused" {
	new_world
	receiver
	courier "${SENDS[@]}" repeat 128 dir ../x repeat 128 rejects % \
		dir ../x gives-up
	finish vcat
	expect "$status" 1 "status"
}

@test "memory: while nobody reads its answers a receiver takes in little" {
	new_world
	watch_memory
	receiver -i 8
	start courier "$COURIER" connect unix:s patience 3 "${SENDS[@]}" ignore 1 \
		repeat 0 file ../a 5
	finish courier 20
	running vcat && ./memory && held_little
	[[ ! -s vcat.status ]] || expect "$(<vcat.status)" 1
}

@test "memory: content without end, beyond the size" {
	new_world
	receiver
	courier "${SENDS[@]}" file a 5 expect go:0 begin 0 data 0 hello \
		repeat 0 zeros 1048576 1048576 gives-up
	ends_with vcat 1
	has ""
}

@test "memory: a frame that says it is 4 GiB long" {
	new_world
	receiver
	courier "${SENDS[@]}" spoil length=4294967295 file a 5 repeat 0 raw \
		0123456789012345678901234567890123456789 gives-up
	ends_with vcat 1
}

@test "memory: hashes without end" {
	new_world
	watch_memory
	sender
	courier "${RECEIVES[@]}" repeat 10000 have 0 0 x \
		run ./memory
	finish vcat
	[[ $status == 1 ]]
	held_little
	sender
	courier "${RECEIVES[@]}" repeat 10000 have-all 0 \
		run ./memory
	finish vcat
	[[ $status == 1 ]]
	held_little
}

@test "memory: files of any size, of which nothing comes" {
	new_world
	watch_memory
	receiver
	courier "${SENDS[@]}" repeat 64 file a% 1099511627776 run ./memory \
		repeat 64 await go:% close
	ends_with vcat 1
	held_little
	has ""
}

@test "keep-open: a receiver goes on after all kinds of peers" {
	new_world
	receiver -k
	courier hello 3 gives-up
	courier raw 'GET / HTTP/1.0\x0d\x0a\x0d\x0a' gives-up
	courier "${SENDS[@]}" spoil header-hash file a 5 gives-up
	courier "${SENDS[@]}" file ../a 5 rejects 0 finish 0 ends
	courier "${SENDS[@]}" file b 5 expect go:0 begin 0 data 0 he close
	courier "${SENDS[@]}" file a 5 "${HELLO[@]}" finish 0 ends
	has a:f
	outside_is_as_before
	running vcat
	run ! grep -q '[[:cntrl:]]' vcat.err
}

@test "keep-open: a peer that is silent holds up no other" {
	new_world
	receiver -k
	start idle "$COURIER" connect unix:s "${SENDS[@]}" file b 5 expect go:0 silence
	wait_until 5 grep -q ^go idle.out
	courier "${SENDS[@]}" file a 5 "${HELLO[@]}" finish 0 ends
	has a:f
	running idle
}


# plain_peer STATUS HINT COMMAND...: a vcat that sends, or receives, or a stream
# ends with STATUS and a hint with the text if COMMAND connects to its socket s.
plain_peer() {
	local wanted=$1 hint=$2 what
	shift 2
	for what in receiver sender streamer; do
		new_world
		$what -w 1 </dev/null
		wait_until 5 test -S s
		timeout 20 "$@" >peer.out 2>peer.err </dev/null || true
		finish vcat 20
		expect "$status" "$wanted" "status of $what" &&
			expect "$(wc -l <vcat.err)" 2 "lines of $what" &&
			expect "$(grep -c '^hint: .' vcat.err)" 1 "hints of $what" &&
			expect_in vcat.err "$hint" &&
			expect "$(LC_ALL=C grep -c '[[:cntrl:]]' vcat.err)" 0 || {
			cat -A vcat.err
			return 1
		}
		has ""
	done
}

@test "plain peers: text instead of frames is a failure with a hint" {
	plain_peer 1 "" socat -u 'SYSTEM:echo hello; sleep 3' UNIX-CONNECT:s
	plain_peer 1 "" "$COURIER" connect unix:s \
		raw 'HTTP/1.0 400 Bad\x0d\x0a\x1b[31m\x0d\x0a' silence
}

@test "plain peers: one that sends back what it receives" {
	local what
	for what in receiver sender; do
		new_world
		$what
		wait_until 5 test -S s
		timeout 20 socat EXEC:cat UNIX-CONNECT:s
		ends_with vcat 1
	done
}

@test "plain peers: a vcat without the option, and one that is silent" {
	plain_peer 3 "" "$VCAT" -d -q 8 unix:s
	plain_peer 3 "" socat -u UNIX-CONNECT:s STDOUT
}

@test "plain peers: one that closes at once" {
	local what
	for what in receiver sender streamer; do
		new_world
		$what </dev/null
		wait_until 5 test -S s
		timeout 20 socat -u /dev/null UNIX-CONNECT:s
		finish vcat 20
		expect "$status" 1
		expect "$(grep -c '^vcat: ' vcat.err)" 1
	done
}

@test "streams: frames that are spoilt, out of order or not theirs" {
	local what
	each_row stream_fails < <(
		for what in magic header-hash payload-hash version=2 zero=1 type=0 \
			type=17 number=0 number=2 length=4 length=1048577 \
			length=4294967295 at=18446744073709551615 at=1; do
			echo "${STREAMS[*]} spoil $what data 0 hello end 5 gives-up"
		done
		cat <<-END
			hello 1 gives-up
			hello 2 gives-up
			${STREAMS[*]} hello 3 gives-up
			${STREAMS[*]} file a 5 gives-up
			${STREAMS[*]} begin 0 gives-up
			${STREAMS[*]} same 0 hello gives-up
			${STREAMS[*]} finish 0 gives-up
			${STREAMS[*]} go 0 gives-up
			${STREAMS[*]} result 0 0 gives-up
			${STREAMS[*]} have 0 0 x gives-up
			${STREAMS[*]} bye gives-up
			${STREAMS[*]} failed 0 no gives-up
			${STREAMS[*]} data 0 hello data 0 hello gives-up
			${STREAMS[*]} data 0 hello data 6 hello gives-up
			${STREAMS[*]} data 0 hello end 4 gives-up
			${STREAMS[*]} data 0 hello end 6 gives-up
			${STREAMS[*]} data 0 hello wrong-end 5 gives-up
			${STREAMS[*]} data 0 hello end 5 end 5 gives-up
			${STREAMS[*]} data 0 hello end 5 data 5 x gives-up
			${STREAMS[*]} expect end:0 stored 1 gives-up
			${STREAMS[*]} expect end:0 stored 0 stored 0 gives-up
			${STREAMS[*]} zeros 1000000 100000 gives-up
			${STREAMS[*]} abort \x1b[31mno\x0a
			${STREAMS[*]} fatal \x1b[31mno\x0a
			${STREAMS[*]} data 0 hello close
			${STREAMS[*]} data 0 hello half-close gives-up
			${STREAMS[*]} data 0 hello end 5 close
			${STREAMS[*]} data 0 hello end 5 await stored:0 half-close gives-up
		END
	)
}

@test "streams: STORED before our END is a failure" {
	silence
	streamer <silent
	courier "${STREAMS[@]}" stored 0 gives-up
	ends_with vcat 1
}

@test "streams: one without harm is taken" {
	streamer <<<answer
	courier "${STREAMS[@]}" data 0 hel data 3 lo end 5 await end:7 stored 0 \
		seen stored bye
	ends_with vcat 0
	expect "$(<vcat.out)" hello
}

@test "disks: one that fails when it is synced leaves no file" {
	local after
	for after in 0 1; do
		new_world
		start vcat env LD_PRELOAD="$TOOLS/fsync-fails.so" \
			ASAN_OPTIONS=verify_asan_link_order=0 FSYNC_FAILS_AFTER=$after \
			"$VCAT" -l --into world/in unix:s
		run timeout 20 "$VCAT" --retry=5 --files out/a unix:s
		expect "$status" 1 "status of the sender"
		finish vcat 20
		expect "$status" 1 "status of the receiver"
		expect_in vcat.err "Input/output error"
		((after > 0)) || has ""
	done
	new_world
	start vcat env LD_PRELOAD="$TOOLS/fsync-fails.so" \
		ASAN_OPTIONS=verify_asan_link_order=0 \
		"$VCAT" -l --no-sync --into world/in unix:s
	timeout 20 "$VCAT" --retry=5 --files out/a unix:s
	ends_with vcat 0
	has a:f
}
