# machine: here
# A sender that sends nonsense, or nothing, or less than it should.
bats_require_minimum_version 1.5.0
load helper
load transfer-files

@test "hello: one that is spoilt, of another version, or none is refused" {
	each_row refused <<-'END'
		spoil magic hello 1 gives-up
		spoil header-hash hello 1 gives-up
		spoil payload-hash hello 1 gives-up
		spoil version=0 hello 1 gives-up
		spoil version=2 hello 1 gives-up
		spoil version=255 hello 1 gives-up
		spoil zero=1 hello 1 gives-up
		spoil type=0 hello 1 gives-up
		spoil type=17 hello 1 gives-up
		spoil type=255 hello 1 gives-up
		spoil number=1 hello 1 gives-up
		spoil at=1 hello 1 gives-up
		spoil length=129 hello 1 gives-up
		spoil length=2147483648 hello 1 gives-up
		spoil length=4294967295 hello 1 gives-up
		hello 0 gives-up
		hello 2 gives-up
		hello 3 gives-up
		hello 255 gives-up
		frame hello 0 EMPTY gives-up
		frame hello 0 \x01 gives-up
		frame hello 0 \x01\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff gives-up
		hello 1 hello 1 gives-up
		file a 5 gives-up
		frame go 0 EMPTY gives-up
		bye gives-up
		finish 0 gives-up
		fatal no gives-up
	END
}

@test "hello: a version that we do not speak is named" {
	refused spoil version=7 hello 1 gives-up
	expect_in vcat.err "version"
	grep -q '^fatal .*version' courier.out
}

@test "frames: one that is spoilt ends it" {
	local what
	each_row refused < <(for what in magic header-hash payload-hash version=2 \
		zero=1 type=0 type=17 type=255 number=0 number=2 number=4294967295 \
		length=8219 length=16777216 length=4294967295; do
		echo "${SENDS[*]} spoil $what file a 5 gives-up"
	done)
	each_row refused < <(for what in magic header-hash payload-hash version=2 \
		zero=1 type=0 number=2 number=4 length=4 length=6 length=1048577 \
		length=4294967295 at=18446744073709551615 at=1 at=1048576; do
		echo "${SENDS[*]} file a 5 expect go:0 begin 0 spoil $what data 0 hello end 5 gives-up"
	done)
}

@test "frames: those that are out of order, or not a sender's, end it" {
	each_row refused <<-END
		${SENDS[*]} hello 1 gives-up
		${SENDS[*]} begin 0 gives-up
		${SENDS[*]} data 0 hello gives-up
		${SENDS[*]} same 0 hello gives-up
		${SENDS[*]} end 0 gives-up
		${SENDS[*]} abort no gives-up
		${SENDS[*]} have 0 0 hello gives-up
		${SENDS[*]} go 0 gives-up
		${SENDS[*]} refuse 0 no gives-up
		${SENDS[*]} stored 0 gives-up
		${SENDS[*]} failed 0 no gives-up
		${SENDS[*]} result 0 0 gives-up
		${SENDS[*]} bye gives-up
		${SENDS[*]} id 1 file a 5 gives-up
		${SENDS[*]} id 18446744073709551615 file a 5 gives-up
		${SENDS[*]} file a 5 id 0 file b 5 gives-up
		${SENDS[*]} file a 5 id 2 file b 5 gives-up
		${SENDS[*]} id 1 finish 0 gives-up
		${SENDS[*]} file a 5 expect go:0 id 0 finish 0 gives-up
		${SENDS[*]} file a 5 expect go:0 begin 1 gives-up
		${SENDS[*]} file a 5 expect go:0 begin 0 begin 0 gives-up
		${SENDS[*]} file a 5 expect go:0 data 0 hello gives-up
		${SENDS[*]} file a 5 expect go:0 end 5 gives-up
		${SENDS[*]} file a 5 expect go:0 bye gives-up
		${SENDS[*]} file a 5 expect go:0 begin 0 begin 0 gives-up
		${SENDS[*]} file a 5 expect go:0 begin 0 bye gives-up
		${SENDS[*]} file a 5 expect go:0 begin 0 go 0 gives-up
		${SENDS[*]} file a 5 expect go:0 frame begin 0 x gives-up
		${SENDS[*]} file a 5 expect go:0 begin 0 data 0 hello frame end 5 EMPTY gives-up
		${SENDS[*]} file a 5 expect go:0 begin 0 data 0 hello frame end 5 123456789012345 gives-up
		${SENDS[*]} file a 5 expect go:0 begin 0 data 0 hello frame end 5 12345678901234567 gives-up
		${SENDS[*]} frame finish 0 EMPTY gives-up
		${SENDS[*]} frame finish 0 1234567 gives-up
		${SENDS[*]} frame entry 0 EMPTY gives-up
		${SENDS[*]} frame entry 0 x gives-up
	END
}

@test "content: offsets that go back, beyond the size or over a block end it" {
	each_row refused <<-END
		${SENDS[*]} file a 5 expect go:0 begin 0 data 2 ll data 0 he gives-up
		${SENDS[*]} file a 5 expect go:0 begin 0 data 0 hel data 2 lo end 5 rejects 0
		${SENDS[*]} file a 5 expect go:0 begin 0 data 0 hello data 0 hello end 5 rejects 0
		${SENDS[*]} file a 5 expect go:0 begin 0 data 0 hello, end 6 rejects 0
		${SENDS[*]} file a 5 expect go:0 begin 0 data 5 x end 6 rejects 0
		${SENDS[*]} file a 5 expect go:0 begin 0 data 18446744073709551615 xx end 5 rejects 0
		${SENDS[*]} file a 5 expect go:0 begin 0 data 9223372036854775807 xx end 5 rejects 0
		${SENDS[*]} file a 5 expect go:0 begin 0 data 18446744073708503040 xx end 5 rejects 0
		${SENDS[*]} file a 2000000 expect go:0 begin 0 zeros 1000000 100000 end 2000000 rejects 0
		${SENDS[*]} file a 2000000 expect go:0 begin 0 zeros 0 1048577 end 2000000 rejects 0
		${SENDS[*]} file a 5 expect go:0 begin 0 same 0 hello end 5 rejects 0
		${SENDS[*]} file a 5 expect go:0 begin 0 same 1048576 hello end 5 rejects 0
	END
}

@test "content: a wrong digest or size is FAILED, and leaves no file" {
	each_row refused <<-END
		${SENDS[*]} file a 5 expect go:0 begin 0 data 0 hello wrong-end 5 finish 0 await failed:0 await result:1 bye
		${SENDS[*]} file a 5 expect go:0 begin 0 data 0 hello wrong-end 5 finish 0 rejects 0 ends
		${SENDS[*]} file a 5 expect go:0 begin 0 data 0 hell end 4 finish 0 rejects 0 ends
		${SENDS[*]} file a 5 expect go:0 begin 0 data 0 hello end 4 finish 0 rejects 0 ends
		${SENDS[*]} file a 5 expect go:0 begin 0 data 0 hello end 6 finish 0 rejects 0 ends
		${SENDS[*]} file a 5 expect go:0 begin 0 data 0 hello end 18446744073709551615 finish 0 rejects 0 ends
		${SENDS[*]} file a 0 expect go:0 begin 0 wrong-end 0 finish 0 rejects 0 ends
		${SENDS[*]} file a 5 expect go:0 begin 0 data 0 hel abort gone finish 0 rejects 0 ends
		${SENDS[*]} file a 5 expect go:0 begin 0 abort \x1b[31m\x0agone finish 0 rejects 0 ends
	END
}

@test "content: after one that failed the others arrive" {
	case_of "" 1 b:f "${SENDS[@]}" file a 5 expect go:0 begin 0 data 0 hello \
		wrong-end 5 file b 5 await go:1 begin 1 data 0 world end 5 finish 0 \
		seen failed ends
	expect "$(<world/in/b)" world
}

@test "entries: facts that cannot be are refused, and those that can are not" {
	each_row name_is_refused <<-'END'
		odd 0 0 a EMPTY
		odd 5 0 a EMPTY
		odd 255 0 a EMPTY
		odd 2 1 a EMPTY
		odd 3 1 a b
		odd 1 5 a b
		odd 2 0 a b
		odd 3 0 a EMPTY
		odd 4 0 a b
		link a x\x00y
		file a 9223372036854775808
		file a 18446744073709551615
		mode 01000 file a 5
		mode 04755 file a 5
		mode 06777 dir a
		mode 65535 file a 5
		time 0 1000000000 file a 5
		time 0 4294967295 file a 5
	END
}

@test "entries: lengths that the payload does not have are refused" {
	local facts='\x01\x00\x01\xa4\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00'
	facts+='\x00\x00\x00\x00\x00\x00\x00\x05'
	each_row name_is_refused <<-END
		frame entry 0 $facts\x00\x02\x00\x00a
		frame entry 0 $facts\xff\xff\x00\x00a
		frame entry 0 $facts\x00\x01\xff\xffa
		frame entry 0 $facts\x00\x01\x00\x00ab
		frame entry 0 $facts\x00\x00\x00\x00
		frame entry 0 $facts\x00\x01\x00
	END
}

@test "entries: a time before 1970 and one of the far future do no harm" {
	local seconds
	for seconds in -1 -9223372036854775808 9223372036854775807 253402300800; do
		new_world
		receiver
		courier "${SENDS[@]}" time $seconds 999999999 file a 5 \
			expect go:0 begin 0 data 0 hello end 5 finish 0 ends
		finish vcat 20
		[[ $status == 0 || $status == 1 ]]
		outside_is_as_before
	done
}

@test "entries: no set-user-id bit, whatever the umask" {
	new_world
	receiver
	courier "${SENDS[@]}" mode 0777 file a 5 expect go:0 begin 0 data 0 hello \
		end 5 finish 0 ends
	ends_with vcat 0
	expect "$((0$(stat -c %a world/in/a) & 07000))" 0
}

@test "ends: a sender that goes in mid-frame or between frames leaves nothing" {
	each_row refused <<-END
		close
		half-close gives-up
		raw vcat close
		raw v half-close gives-up
		${SENDS[*]} close
		${SENDS[*]} half-close gives-up
		${SENDS[*]} raw vcat\x01\x02 half-close gives-up
		${SENDS[*]} file a 5 close
		${SENDS[*]} file a 5 expect go:0 close
		${SENDS[*]} file a 5 expect go:0 begin 0 half-close gives-up
		${SENDS[*]} file a 5 expect go:0 begin 0 data 0 hello close
		${SENDS[*]} file a 5 expect go:0 begin 0 spoil length=10 data 0 hello half-close gives-up
		${SENDS[*]} file a 5 expect go:0 begin 0 data 0 he fatal \x1b[31mno\x0a gives-up
	END
}

@test "ends: with --resume, a file of which nothing has come leaves nothing" {
	case_of --resume 1 "" "${SENDS[@]}" file a 5 file b 5 await go:1 close
}

# silent OPTIONS WORD...: a vcat with the options ends by its time limit after the
# words, to which nothing is added.
silent() {
	local options=$1
	shift
	empty_world
	# shellcheck disable=SC2086 # words
	against 3 -w 1 -i 1 $options -- "$@" silence && has ""
}

@test "silence: a peer that says nothing more is left, wherever that is" {
	each_row silent '--into world/in' <<-END
		raw EMPTY
		raw vcat
		hello 1
		${SENDS[*]} raw vcat
		${SENDS[*]} file a 5
		${SENDS[*]} file a 5 expect go:0 begin 0
		${SENDS[*]} file a 5 expect go:0 begin 0 data 0 he
		${SENDS[*]} file a 5 expect go:0 begin 0 spoil length=10 data 0 hello
	END
	each_row silent '--files out/a' <<-END
		raw EMPTY
		raw vcat
		hello 2
		${RECEIVES[*]}
		${RECEIVES[*]} go 0
		${RECEIVES[*]} go 0 await end:5
		${RECEIVES[*]} go 0 await end:5 stored 0
		${RECEIVES[*]} go 0 await end:5 stored 0 seen finish
	END
	each_row silent --verified <<-END
		raw EMPTY
		raw vcat
		${STREAMS[*]}
		${STREAMS[*]} data 0 hello
		${STREAMS[*]} data 0 hello end 5
		${STREAMS[*]} expect end:0 stored 0
	END
}

@test "silence: after its RESULT a receiver does not wait for ever for BYE" {
	new_world
	receiver -i 1
	courier "${SENDS[@]}" file a 5 "${HELLO[@]}" finish 0 await result:1 silence
	finish vcat 20
	has a:f
	expect "$(<world/in/a)" hello
}

@test "silence: a peer that stays after FATAL is left" {
	new_world
	receiver
	courier "${SENDS[@]}" bye gives-up silence
	ends_with vcat 1
}
