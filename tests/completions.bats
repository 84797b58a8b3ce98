# machine: here
# needs: fish script zsh
bats_require_minimum_version 1.5.0
load helper

# Each shell completes what is typed on a terminal, by the file that make
# installs for it, and runs a vcat that only writes its words down.

setup_file() {
	export INSTALLED=$BATS_FILE_TMPDIR/root
	make -s -C "$TOP" BUILD="$BUILD" PREFIX=/usr DESTDIR="$INSTALLED" install
}

SHARE=$INSTALLED/usr/share
FISH=$SHARE/fish/vendor_completions.d/vcat.fish

# The vcat that writes, paths to complete, and each shell's settings.
prepare() {
	need_terminal
	mkdir -p bin home run/vms
	: >run/vm3.vsock
	printf '#!/bin/bash\nprintf "<%%s>" "$@" >%q\n' "$T/words" >bin/vcat
	chmod 755 bin/vcat
	printf 'PATH=%q:$PATH\n' "$T/bin" | tee home/.bashrc >home/.zshrc
	echo ". $SHARE/bash-completion/completions/vcat" >>home/.bashrc
	printf 'fpath=(%q $fpath)\nautoload -Uz compinit\ncompinit -u -D\n' \
		"$SHARE/zsh/site-functions" >>home/.zshrc
}

# types LINE SHELL...: LINE, a tab and a return to that shell.
types() {
	local line=$1
	shift
	rm -f words
	printf '%s\t\nexit\n' "$line" | HOME=$T/home TERM=dumb ZDOTDIR=$T/home \
		timeout 30 script -qec "$*" /dev/null >screen
}

# in_bash, in_zsh LINE WANTED: the words that the shell makes of it, each in <>.
in_bash() {
	types "$1" bash --noprofile --rcfile "$T/home/.bashrc" -i
	expect "$(<words)" "$2" "bash: $1"
}

in_zsh() {
	types "$1" zsh -d -i
	expect "$(<words)" "$2" "zsh: $1"
}

# fish tells what it would offer.
in_fish() {
	expect "$(fish -N -c "source $FISH; complete -C '$1'" | cut -f 1)" "$2" \
		"fish: $1"
}

# each LINE WORDS OFFER: the first shells make WORDS of it, fish offers OFFER.
each() {
	in_bash "$1" "$2" && in_zsh "$1" "$2" && in_fish "$1" "$3"
}

@test "completions: options" {
	prepare
	each 'vcat --doc' '<--doctor>' --doctor
	each 'vcat -v 3:1 --qui' '<-v><3:1><--quit-after>' --quit-after
	each 'vcat --key' '<--key>' ''
}

@test "completions: every option of the help text" {
	"$VCAT" --help | sed -n '/^Options:/,/^$/p' |
		grep -oE '^ +(-.(, )?)?(--[a-z-]+)?' | tr -s ' ,' '\n' |
		grep . | sort >wanted
	bash -c ". $SHARE/bash-completion/completions/vcat
		printf '%s\n' \"\${_vcat_options[@]}\"" | sort >bash
	diff -u wanted bash
	sed -nE "s/^\t'\([^)]*\)([-a-zA-Z]+)[^]]*\[.*/\1/p" \
		"$SHARE/zsh/site-functions/_vcat" | sed 's/-$//' | sort >zsh
	diff -u wanted zsh
	fish -N -c "source $FISH; complete -C 'vcat -'; complete -C 'vcat --'" |
		cut -f 1 | sort -u >fish
	diff -u wanted fish
}

@test "completions: the kinds of addresses, and what CIDs are called" {
	prepare
	each 'vcat vs' '<vsock:>' vsock:
	each 'vcat -v vsock:ho' '<-v><vsock:host:>' vsock:host:
	each 'vcat -l loc' '<-l><local:>' local:
	each 'vcat -t mu' '<-t><mux:>' mux:
	each 'vcat --to=tc' '<--to=tcp:>' --to=tcp:
	each 'vcat -s ho' '<-s><host>' host
	each 'vcat -l --allow loc' '<-l><--allow><local>' local
}

@test "completions: the paths of sockets" {
	prepare
	each 'vcat mux:run/vm3' '<mux:run/vm3.vsock>' mux:run/vm3.vsock
	each 'vcat unix:run/vm3' '<unix:run/vm3.vsock>' unix:run/vm3.vsock
	each 'vcat -l 1 -t mux:run/vm3' '<-l><1><-t><mux:run/vm3.vsock>' \
		mux:run/vm3.vsock
	each 'vcat --to=unix:run/vm3' '<--to=unix:run/vm3.vsock>' \
		--to=unix:run/vm3.vsock
	# as far as both go on alike
	in_bash 'vcat mux:ru' '<mux:run/>'
	in_zsh 'vcat mux:run/v' '<mux:run/vm>'
	in_fish 'vcat mux:run/v' $'mux:run/vm3.vsock\nmux:run/vms/'
}

@test "completions: files to send, and the address behind them" {
	prepare
	: >disk.img
	each 'vcat --files dis' '<--files><disk.img>' disk.img
	each 'vcat --files -v run/vm3' '<--files><-v><run/vm3.vsock>' \
		run/vm3.vsock
	each 'vcat --files disk.img vs' '<--files><disk.img><vsock:>' vsock:
	each 'vcat --files disk.img mux:run/vm3' \
		'<--files><disk.img><mux:run/vm3.vsock>' mux:run/vm3.vsock
	each 'vcat --files disk.img -s ho' '<--files><disk.img><-s><host>' host
	each 'vcat dis' '<dis>' ''
}

@test "completions: the directory of --into" {
	prepare
	: >run/vms.txt
	mkdir run/vms/all
	# zsh takes the slash back when the line ends there
	in_bash 'vcat --into run/vm' '<--into><run/vms/>'
	in_zsh 'vcat --into run/vm' '<--into><run/vms>'
	in_fish 'vcat --into run/vm' run/vms/
	in_bash 'vcat -l --into=run/vms/a' '<-l><--into=run/vms/all/>'
	in_zsh 'vcat -l --into=run/vms/a' '<-l><--into=run/vms/all>'
	in_fish 'vcat -l --into=run/vms/a' --into=run/vms/all/
	each 'vcat --into run/vms.' '<--into><run/vms.>' ''
}

@test "completions: the units of a size" {
	prepare
	each 'vcat --into . --max-size 10G' '<--into><.><--max-size><10GiB>' 10GiB
	each 'vcat --buffer 64K' '<--buffer><64KiB>' 64KiB
	each 'vcat --buffer K' '<--buffer><K>' ''
}

@test "completions: the command of -e" {
	prepare
	: >bin/serve-vm-images
	chmod 755 bin/serve-vm-images
	in_bash 'vcat -l 1 -e serve-vm' '<-l><1><-e><serve-vm-images>'
	in_zsh 'vcat -l 1 -e serve-vm' '<-l><1><-e><serve-vm-images>'
	PATH=$T/bin:$PATH in_fish 'vcat -e serve-vm' serve-vm-images
}

@test "install: uninstall leaves nothing behind" {
	(cd "$INSTALLED" && find . -type f | sort) >installed
	cat >wanted <<-'END'
		./usr/bin/vcat
		./usr/lib/systemd/system/vcat-forwards.service
		./usr/lib/systemd/system/vcat@.service
		./usr/lib/systemd/system/vcat@.socket
		./usr/share/bash-completion/completions/vcat
		./usr/share/fish/vendor_completions.d/vcat.fish
		./usr/share/man/man1/vcat.1
		./usr/share/man/man5/vcat-frames.5
		./usr/share/zsh/site-functions/_vcat
	END
	find "$TOP/examples" -type f \
		-printf './usr/share/doc/vcat/examples/%f\n' >>wanted
	diff -u <(sort wanted) installed
	diff -u <(cd "$TOP" && find examples -type f -perm -100 | sort) \
		<(cd "$INSTALLED/usr/share/doc/vcat" && find examples -type f -perm -100 | sort)
	cp -r "$INSTALLED" root
	make -s -C "$TOP" BUILD="$BUILD" PREFIX=/usr DESTDIR="$T/root" uninstall
	expect "$(find root -type f)" ""
}
