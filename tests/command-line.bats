# machine: here
bats_require_minimum_version 1.5.0
load helper

# mistake ARG...: one line on stderr, nothing on stdout, status 2.
mistake() {
	local got=0 said
	vcat "$@" </dev/null >out 2>err || got=$?
	mapfile -t said <err
	{
		expect "$got" 2 "status" && expect "$(<out)" "" "stdout" &&
			expect "${#said[@]}" 1 "lines on stderr" &&
			[[ $(<err) == "vcat: "?* ]]
	} || {
		printf 'after:'
		printf " '%s'" vcat "$@"
		printf '\non stderr: %s\n' "$(<err)"
		return 1
	}
}

# mistakes: the same for each line of stdin, taken as words.
mistakes() {
	local line words
	while read -r line; do
		read -r -a words <<<"$line"
		mistake "${words[@]}" || return
	done
}

# hello SOCKET: a listener that greets once and ends when its client does.
hello() {
	start hello "$PEER" -r ready listen "unix:$1" text hello shutdown read-eof
	wait_until 10 test -e ready
}

into_full() {
	vcat "$@" >/dev/full
}

into_nothing() {
	vcat "$@" >&-
}

@test "help: -h and --help print the usage on stdout and succeed" {
	for option in -h --help; do
		run -0 --separate-stderr vcat $option
		expect "$stderr" "" "stderr"
		[[ $output == Usage:* ]]
		[[ $output == *"--seqpacket"* ]]
	done
}

@test "help: it is given wherever -h stands" {
	run -0 --separate-stderr vcat unix:/nowhere -w 5 -h
	[[ $output == Usage:* ]]
}

@test "version: -V and --version print one line on stdout and succeed" {
	for option in -V --version; do
		run -0 --separate-stderr vcat $option
		expect "$stderr" "" "stderr"
		expect "${#lines[@]}" 1 "lines"
		[[ $output =~ ^vcat\ [^\ ]+$ ]]
	done
}

@test "help and version: a stdout that takes nothing is status 1 and a message" {
	for option in -h -V; do
		run -1 --separate-stderr into_full $option
		expect "$stderr" "vcat: stdout: write: No space left on device"
		run -1 --separate-stderr into_nothing $option
		[[ $stderr == "vcat: stdout: write: "* ]]
	done
}

@test "usage: an unknown option is a mistake, whatever stands around it" {
	mistakes <<-'END'
		--bogus 1:2
		-Z 1:2
		-vZ 1:2
		1:2 --bogus
		1:2 -Z
		--listen=yes 1
		unix:/nowhere --no-such=5
	END
}

@test "usage: the message names the option that is unknown" {
	mistake --bogus 1:2
	expect "$(<err)" "vcat: --bogus: unknown option (see vcat --help)"
	mistake -vZ 1:2
	expect_in err "-Z"
}

@test "usage: an option without its value is a mistake, and is named" {
	for option in -t -q -w -i -s -p --to --quit-after --timeout \
		--idle-timeout --source --source-port --buffer; do
		mistake 1:2 $option
		expect_in err "vcat: $option"
	done
}

@test "usage: a number that is none, or does not fit, is a mistake in an address" {
	for number in 4294967296 18446744073709551617 99999999999999999999 -2 \
		0x10 +1 1.5 1e3 ' 1' '1 ' 1a ''; do
		mistake "1:$number"
		mistake "$number:1"
		mistake 1 "$number"
		mistake "vsock:1:$number"
		mistake -l "any:$number"
		mistake -l "$number:1"
		mistake -l "vsock:$number"
	done
}

@test "usage: a number that is none, or does not fit, is a mistake in an option" {
	for number in 4294967296 -2 0x10 +1 1.5 ' 1' ''; do
		mistake -p "$number" 1:2
		mistake -s "$number" 1:2
	done
	for seconds in -1 0x10 +1 1e3 ' 1' 1s . '' inf nan 1.2.3 99999999999; do
		mistake -w "$seconds" 1:2
		mistake -i "$seconds" 1:2
		mistake -q "$seconds" 1:2
		mistake "--retry=$seconds" 1:2
	done
	for size in 0 -1 +1MiB 0x1000 1 12q 1TiB 99999999999999999999 ''; do
		mistake --buffer "$size" 1:2
	done
	for size in 0 -1 +1MiB 0x1000 1.5GiB 12q 8388608TiB ''; do
		mistake --into . --max-size "$size" 1:2
	done
}

@test "usage: a value that is not joined is named with its option" {
	for option in --retry --ping --bench; do
		mistake "$option" 3 unix:s
		expect_in err "write $option=3: the value must be joined with '='"
	done
}

@test "usage: the message shows a wrong value as it was typed" {
	for option in -w -i -q; do
		mistake $option -1 1:2
		expect_in err "-1"
	done
}

@test "usage: any is no place to connect to, however it is written" {
	mistakes <<-'END'
		any:5
		-1:5
		4294967295:5
		vsock:any:5
		vsock://-1:5
		any 5
		-1 5
		-- -1 5
		1:any
		1:-1
		1:4294967295
		1 any
		-l 5 -t any:5
		unix:/nowhere -t 1:any
		mux:/nowhere:any
		mux:/nowhere:4294967295
	END
	mistake any:5
	expect_in err any
}

@test "usage: a port alone is no place to connect to" {
	mistake 1234
	mistake vsock:1234
	expect_in err "CID:PORT"
}

@test "usage: what is neither an address nor a port is not taken for a port" {
	mistake foo
	expect_in err "foo: not an address"
	run -1 grep -q "port alone" err
}

@test "usage: -z takes ports in a second word only after a CID" {
	mistake -z unix:nowhere 22,23
	expect_in err "a CID and a port"
	mistake -z mux:nowhere 22
	mistake -z tcp:127.0.0.1 22
}

@test "usage: options that exclude each other are a mistake" {
	mistakes <<-'END'
		-k -F 1:2
		-k --into . unix:/nowhere
		-k --files a b unix:/nowhere
		-k --verified unix:/nowhere
		-k -m 3 unix:/nowhere -t 1:2
		--send-only --recv-only 1:2
		--send-only -d 1:2
		-l --retry 5
		-l --retry=5 unix:/nowhere
		-l --sibling 5
		-l 5 -p 6
		-
		-e true -t 1:2 1:3
		-e true -d 1:2
		-e true -q 1 1:2
		-F -l 5
		-F -i 3 1:2
		-F -e true 1:2
		-l -m 3 5
		-l -k -m 3 5
		-m 3 1:2
		--allow 3 1:2
		--allow-privileged 1:2
		-l --allow 3 unix:/nowhere
		-l --allow-privileged mux:/nowhere:3
		-l --mode 660 5
		--mode 660 unix:/nowhere
	END
}

@test "usage: what does not go with a verified transfer is a mistake" {
	mistakes <<-'END'
		--files . --into . 1:2
		--files . --verified 1:2
		--into . --verified 1:2
		--files . -t 1:2 1:3
		--into . -e true 1:2
		--verified -F 1:2
		--into . --seqpacket unix:/nowhere
		--into . --strict 1:2
		--files . --no-shutdown 1:2
		--verified -q 1 1:2
		--files . --send-only 1:2
		--into . --recv-only 1:2
		-l -k --verified 5
		-l -m 3 --into . 5
		--overwrite 1:2
		--resume --files . 1:2
		--no-sync --verified 1:2
		--max-size 5 1:2
		--sums 1:2
		--sums --verified 1:2
		--json 1:2
		-z --into . 1:2
		--files --cid
	END
}

@test "usage: --files without a file, or without an address, is a mistake" {
	mistakes <<-'END'
		--files
		--files 1:2
		-l --files 5
		-l --files . -p 5
	END
	# the last word is the address, and one word
	mistake --files . 1 2
	expect "$(<err)" "vcat: 2: a port alone is only for listening; to connect, give CID:PORT (see vcat --help)"
}

@test "usage: no address, or a word too many, is a mistake" {
	mistake
	mistake -v
	mistake -l
	mistake -l -k
	mistake -s 1
	mistake ''
	mistakes <<-'END'
		1 2 3
		1:2 3
		1:2 unix:/nowhere
		unix:/nowhere 5
		-l any 5 6
	END
}

@test "usage: addresses of every kind are refused when they are malformed" {
	mistakes <<-'END'
		vsock:
		vsock:1:2:3
		nowhere:5
		HOST:5
		unix:
		unix:@
		mux:
		mux:/nowhere
		mux::5
		mux:/nowhere:4294967296
		tcp:
		tcp:host:
		tcp:host:0
		tcp:host:65536
		tcp:::1:5
		tcp:[::1:5
	END
}

@test "usage: a path longer than sun_path is a mistake, never cut" {
	mkdir a
	path=$T/a/$(printf "%0$((108 - ${#T} - 3))d" 0)
	expect ${#path} 108 "length"
	mistake "unix:$path"
	mistake -l "unix:$path"
	mistake "mux:$path:1"
	mistake unix:short -t "unix:$path"
	expect "$(ls a)" "" "what is in the directory"
	# with its _PORT a shorter one is too long to listen on
	mistake -l "mux:${path%???}:1024"
}

@test "usage: the longest path that fits is taken whole" {
	path=$T/$(printf "%0$((107 - ${#T} - 1))d" 0)
	expect ${#path} 107 "length"
	start listener "$VCAT" -l "unix:$path" </dev/null
	wait_until 10 test -S "$path"
	run -0 vcat "unix:$path" <<<hello
	finish listener
	expect "$(<listener.out)" hello
}

@test "usage: a message stays one line whatever was typed" {
	mistake $'1:2\nhint: all is well'
	mistake $'nowhere\r\n:5'
	mistake "1:$(printf '%05000d' 0 | tr 0 x)"
}

@test "options: they may follow the address" {
	hello s
	run -0 --separate-stderr vcat unix:s -v --recv-only </dev/null
	expect "$output" hello
	[[ $stderr == *"unix:s: connected"* ]]
}

@test "options: after -- nothing is one" {
	hello ./-d
	run -0 vcat -- unix:-d </dev/null
	expect "$output" hello
	mistake -- -v
}

@test "options: with --files, what follows -- are files and the address" {
	: >-d
	mkdir got
	start receiver "$VCAT" -l --into got unix:s
	run -0 vcat --files --retry=10 -- -d unix:s
	finish receiver
	expect "$status" 0 "the receiver's status"
	test -e got/-d
}

@test "options: values may be joined, bundled, or abbreviated as getopt has it" {
	for words in -dw5 "-d -w 5" "-d --timeout=5" "-d --timeout 5" "-dw 0.5" \
		"-d -w .5" "-N -d"; do
		rm -f ready
		hello s
		# shellcheck disable=SC2086 # words
		run -0 vcat $words unix:s
		expect "$output" hello
		finish hello
	done
}

@test "options: --buffer takes bytes, KiB and MiB" {
	for size in 4096 64K 64KiB 1M 1MiB; do
		rm -f ready
		hello s
		run -0 vcat --buffer $size unix:s </dev/null
		expect "$output" hello
		finish hello
	done
}
