# machine: here
# Files and streams from and to a peer that means harm, or speaks nonsense.
bats_require_minimum_version 1.5.0
load helper
load transfer-files

SENDS=(hello 1 expect hello:0)
RECEIVES=(hello 2 expect hello:0 expect entry:0:a)
STREAMS=(hello 3 expect hello:0)
# The content of a file that was let in, and its end.
HELLO=(expect go:0 begin 0 data 0 hello end 5)

# parts COUNT LENGTH: a name of so many parts, of that length each.
parts() {
	local part name
	printf -v part "%0$2d" 0
	name=$(printf "/$part%.0s" $(seq "$1"))
	echo "${name#/}"
}

# within NAME WORD...: the words for all directories that a name lies in, around
# the words.
within() {
	local rest=$1 path="" before=() after=()
	while [[ $rest == */* ]]; do
		path+=${path:+/}${rest%%/*}
		rest=${rest#*/}
		before+=(dir "$path")
		after=(leave "$path" "${after[@]}")
	done
	shift
	echo "${before[@]}" "$@" "${after[@]}"
}

# Until it has made the directory d.
AWAIT_D=(run 'until test -d world/in/d; do sleep 0.01; done')

@test "courier: what it does without harm is taken" {
	case_of "" 0 a:f "${SENDS[@]}" file a 5 "${HELLO[@]}" finish 0 \
		await stored:0 ends
	expect "$(<world/in/a)" hello
}

@test "courier: what it takes without harm is sent" {
	new_world
	sender
	courier "${RECEIVES[@]}" go 0 await data:0:hello expect end:5 stored 0 \
		seen finish result 1 0 expect bye
	ends_with vcat 0
}

# name_is_refused KIND...: NAME in the words is that; TARGET is of a link.
name_is_refused() {
	refused "${SENDS[@]}" "$@" rejects 0 finish 0 ends
}

@test "names: those that lead out of the directory, or are none, are refused" {
	local name
	each_row name_is_refused < <(
		while read -r name; do
			echo "file $name 5"
			echo "dir $name"
			echo "link $name target"
		done <<-'END'
			..
			.
			EMPTY
			/
			../x
			../outside/file
			../outside/new
			../in2
			a/../../x
			a/..
			/tmp/x
			//x
			./x
			a/.
			a/./b
			x/
			a//b
			x\x00y
			..\x00
		END
	)
}

@test "names: an absolute one of a file that we could write is refused" {
	name_is_refused file "$T/world/file" 5
	expect "$(<world/file)" secret
	name_is_refused file "$T/world/in/a" 5
	name_is_refused dir "$T/world/outside/dir"
}

@test "names: those that are too long or too deep are refused" {
	local long
	printf -v long %0256d 0
	each_row name_is_refused <<-END
		file $long 5
		dir $long
		link $long x
		file $(parts 129 1) 5
		file $(parts 129 31) 5
		dir $(parts 129 1)
		file $(parts 17 255) 5
		link x $(parts 17 255)
	END
}

@test "names: the longest and the deepest are taken" {
	local name id
	for name in "$(parts 1 255)" "$(parts 128 31)" "$(parts 15 255)" ... ..x x..; do
		new_world
		receiver
		id=$(tr -dc / <<<"$name" | wc -c)
		# shellcheck disable=SC2046 # words
		courier "${SENDS[@]}" $(within "$name" file "$name" 5 await "go:$id" \
			begin "$id" data 0 hello end 5) finish 0 ends
		ends_with vcat 0
		(
			cd world/in
			while [[ $name == */* ]]; do
				cd "${name%%/*}"
				name=${name#*/}
			done
			expect "$(<"$name")" hello
		)
		chmod -R u+rwx world/in
	done
}

@test "names: control characters and odd bytes in them are taken" {
	new_world
	receiver
	courier "${SENDS[@]}" file 'a\x0a\x1b[31m\xff' 5 "${HELLO[@]}" finish 0 ends
	ends_with vcat 0
	expect "$(cat world/in/$'a\n\e[31m\xff')" hello
}

@test "names: control characters and odd bytes in one that is refused are not printed" {
	refused "${SENDS[@]}" file '../\x0a\x1b[31m\xff\x9b' 5 rejects 0 finish 0 ends
}

@test "links: there is no way through one that the sender has just made" {
	local row
	for row in "file l/x 5" "file l/file 5" "dir l/new" "dir l/dir" "link l/x y" \
		"dir l" "leave l" "file l/dir/x 5" "leave l/dir"; do
		# shellcheck disable=SC2086 # words
		case_of "" 1 l:l "${SENDS[@]}" link l ../outside $row \
			rejects last finish 0 ends || {
			echo "FAILED: $row"
			return 1
		}
	done
	case_of --overwrite 1 l:l "${SENDS[@]}" link l ../outside file l/file 5 \
		rejects 1 finish 0 ends
	# a line on stderr for each entry
	for row in "file l/x 5" "file l/file 5" "dir l/dir" "link l/x y"; do
		new_world
		receiver
		# shellcheck disable=SC2086 # words
		courier "${SENDS[@]}" link l ../outside dir l rejects 1 $row \
			rejects last finish 0 ends
		finish vcat 20
		expect "$status" 1
		has l:l
		outside_is_as_before
	done
	new_world
	receiver
	courier "${SENDS[@]}" dir d link d/l ../../outside dir d/l rejects 2 \
		file d/l/x 5 rejects 3 leave d/l leave d finish 0 ends
	finish vcat 20
	expect "$status" 1
	has "d:d d/l:l"
	outside_is_as_before
	case_of "" 1 "l:l" "${SENDS[@]}" link l "$T/world/outside" \
		file l/x 5 rejects 1 finish 0 ends
	case_of "" 1 "l:l" "${SENDS[@]}" link l . file l/x 5 rejects 1 finish 0 ends
}

# planted OPTION WORD...: the same where somebody else has put l there.
planted() {
	local option=$1
	shift
	new_world
	ln -s ../outside world/in/l
	ln -s ../outside/file world/in/f
	# shellcheck disable=SC2086 # words
	receiver $option
	courier "${SENDS[@]}" "$@" rejects last finish 0 ends
	finish vcat 20
	expect "$status" 1
	has "f:l l:l"
	outside_is_as_before
}

@test "links: there is no way through one that somebody else has put there" {
	local option
	for option in "" --overwrite --resume; do
		planted "$option" file l/x 5
		planted "$option" file l/file 5
		planted "$option" dir l/new
		planted "$option" link l/x y
		planted "$option" leave l
		planted "$option" dir l
		planted "$option" dir l file l/x 5
		planted "$option" dir l file l/file 5
		planted "$option" dir l link l/x y
	done
	planted "" file f 5
	planted --resume file f 5
}

@test "links: with --overwrite one is replaced, and its target is as before" {
	new_world
	ln -s ../outside/file world/in/f
	receiver --overwrite
	courier "${SENDS[@]}" file f 5 "${HELLO[@]}" finish 0 ends
	ends_with vcat 0
	has f:f
	expect "$(<world/in/f)" hello
	outside_is_as_before
}

@test "links: a directory that becomes one before its first file leads nowhere" {
	new_world
	receiver
	courier "${SENDS[@]}" dir d "${AWAIT_D[@]}" run 'rmdir world/in/d' \
		run 'ln -s ../outside world/in/d' file d/x 5 rejects 1 close
	# it also says that the courier has gone
	finish vcat 20
	expect "$status" 1
	has d:l
	outside_is_as_before
}

@test "links: a directory that becomes one while a file is sent leads nowhere" {
	local option
	for option in "" --resume --overwrite; do
		new_world
		# shellcheck disable=SC2086 # words
		receiver $option
		courier "${SENDS[@]}" dir d "${AWAIT_D[@]}" file d/file 5 await go:1 \
			run 'mv world/in/d world/in/moved' \
			run 'ln -s ../outside world/in/d' begin 1 data 0 hello end 5 \
			leave d finish 0 ends
		finish vcat 20
		# where it was let in, or nowhere
		[[ ! -e world/in/moved/file || $(<world/in/moved/file) == hello ]]
		outside_is_as_before
	done
}

@test "links: a directory that becomes one before its end leads nowhere" {
	new_world
	receiver
	courier "${SENDS[@]}" mode 0777 time 1 1 dir d "${AWAIT_D[@]}" \
		run 'rmdir world/in/d' run 'ln -s ../outside world/in/d' leave d \
		finish 0 ends
	finish vcat 20
	outside_is_as_before
}

@test "kinds: nothing goes beneath a file, and no directory takes its place" {
	local row
	for row in "file f/x 5" "dir f/x" "dir f" "link f/x y" "leave f" "file f 5" \
		"link f x"; do
		# shellcheck disable=SC2086 # words
		case_of "" 1 f:f "${SENDS[@]}" file f 5 "${HELLO[@]}" \
			run 'until test -e world/in/f; do sleep 0.01; done' \
			$row rejects 1 finish 0 ends || {
			echo "FAILED: $row"
			return 1
		}
	done
}

@test "kinds: no file takes the place of a directory, whatever is allowed" {
	local option row
	for option in "" --overwrite --resume; do
		for row in "file d 5" "link d x"; do
			# shellcheck disable=SC2086 # words
			case_of "$option" 1 d:d "${SENDS[@]}" dir d $row rejects 1 \
				leave d finish 0 ends
		done
	done
}

@test "kinds: the end of a directory that is not the last one begun is refused" {
	new_world
	each_row case_of "" 1 <<-END
		a:d ${SENDS[*]} dir a leave b gives-up
		EMPTY ${SENDS[*]} leave a gives-up
		a:d ${SENDS[*]} dir a leave .. gives-up
		a:d ${SENDS[*]} dir a leave a leave a gives-up
	END
	case_of "" 1 "a:d a/b:d" "${SENDS[@]}" dir a dir a/b leave a gives-up
}

@test "overwriting: without the option an existing file is refused, and stays" {
	local row
	for row in "file old 5" "link old x" "dir old"; do
		new_world
		echo old >world/in/old
		receiver
		# shellcheck disable=SC2086 # words
		courier "${SENDS[@]}" $row rejects 0 finish 0 ends
		ends_with vcat 1
		expect "$(<world/in/old)" old
	done
}

@test "overwriting: one that comes to be there during the transfer stays" {
	new_world
	receiver
	courier "${SENDS[@]}" file a 5 expect go:0 run 'echo mine >world/in/a' \
		begin 0 data 0 hello end 5 finish 0 rejects 0 ends
	ends_with vcat 1
	expect "$(<world/in/a)" mine
}

@test "size: what is larger than --max-size is refused before it is sent" {
	case_of "--max-size 4" 1 "" "${SENDS[@]}" file a 5 rejects 0 finish 0 ends
	case_of "--max-size 5" 0 a:f "${SENDS[@]}" file a 5 "${HELLO[@]}" finish 0 ends
}

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
