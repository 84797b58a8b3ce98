# machine: here
# A sender that means harm by what it offers: names, links, kinds of files.
bats_require_minimum_version 1.5.0
load helper
load transfer-files

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
		chmod -R u+rwx world/in
		(
			cd world/in
			while [[ $name == */* ]]; do
				cd "${name%%/*}"
				name=${name#*/}
			done
			expect "$(<"$name")" hello
		)
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
