# From what strace -f has written of a job without faults, the calls and the
# places where faults go: a line each, CALL WHEN KIND, where WHEN is strace's
# when= and KIND is once, often (every other call) or always.
#
# The first process is vcat once it asks for the flags of stdin: what was before
# belongs to the dynamic linker. A process that has become a command is vcat no
# more. strace counts the calls of each thread by itself, and the fault meets all
# of them: so the numbers of the linker's calls are left out in all threads.
#
# One place for each kind of call, such as fcntl(F_GETFL) and fcntl(F_SETFL),
# and the first, the middle and the last.

function places(call, first, last,   i, of, site) {
	mark(call, first)
	mark(call, int((first + last) / 2))
	mark(call, last)
	for (i = first; i <= last; i++) {
		site = sites[process, call, i]
		if (!((call, site) in known) && ++kinds[call] <= most) {
			known[call, site] = 1
			mark(call, i)
		}
	}
}

function mark(call, number) {
	if (!((call, number) in marked))
		print call, number, "once"
	marked[call, number] = 1
}

function spread(call,   first, last) {
	first = begin[order[1], call] + 1
	last = count[process, call]
	if (last < first)
		return
	places(call, first, last)
	if (last == first || (call in spreads))
		return
	spreads[call] = 1
	print call, first ".." last "+2", "often"
	print call, first ".." last, "always"
}

BEGIN { most = few ? 2 : 8 }

!($1 in seen) {
	seen[$1] = 1
	order[++processes] = $1
	mine[$1] = processes > 1
}

# That by which strace starts vcat is not counted.
NR == 1 { next }

$2 ~ /^[a-z_0-9]+\(/ && !gone[$1] {
	call = $2
	sub(/\(.*/, "", call)
	if (!mine[$1] && $0 ~ / fcntl\(0, F_GETFD/) {
		mine[$1] = 1
		for (name in calls)
			begin[$1, name] = count[$1, name]
	}
	if (call == "execve" && mine[$1])
		gone[$1] = 1
	calls[call] = 1
	number = ++count[$1, call]
	site = $0
	sub(/^[0-9]+ +/, "", site)
	sub(/ *= .*/, "", site)
	gsub(/"[^"]*"\.*/, "S", site)
	gsub(/0x[0-9a-f]+|[0-9]+/, "N", site)
	sites[$1, call, number] = substr(site, 1, 48)
}

END {
	for (i = 1; i <= processes; i++) {
		process = order[i]
		for (call in calls)
			spread(call)
	}
}
