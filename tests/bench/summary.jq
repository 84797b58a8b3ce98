# The raw lines of tests/bench/measure.sh as one object: each run, and of each
# tool in each case the median, the least and the most, and vcat's ratio to it.

def line:
	split("\t") as [$where, $group, $title, $kind, $tool, $name, $said,
		$promise]
	| ($said | split(" ") | map(select(. != ""))) as $words
	| { where: $where, group: $group, title: $title, kind: $kind,
	    tool: $tool, name: $name, promise: $promise }
	+ ([range(0; $words | length; 2) as $i
	    | { ($words[$i]): ($words[$i + 1]
		| if test("^[-+.0-9e]+$") then tonumber else . end) }] | add // {});

def median: sort | if length == 0 then null
	elif length % 2 == 1 then .[length / 2 | floor]
	else (.[length / 2 - 1] + .[length / 2]) / 2 end;

def cpu: if .user then .user + .sys else null end;
def per(what): if . == null or (what // 0) == 0 then null else . / what end;
def gib: .bytes / 1073741824;

# What is looked at: its name, and up to four further columns.
def kinds: {
	bytes: { columns: ["MiB/s", "CPU s/GiB", "RSS MiB"], more: true },
	files: { columns: ["files/s", "CPU us/file", "RSS MiB"], more: true },
	rate: { columns: ["conn/s", "CPU us/conn", "RSS MiB"], more: true },
	delay: { columns: ["p50 us", "p99 us", "CPU us/trip"], more: false },
	start: { columns: ["ms", "CPU ms", "RSS MiB"], more: false },
	calls: { columns: ["calls/MiB"], more: false },
	scan: { columns: ["us/port", "CPU us/port"], more: false },
	idle: { columns: ["MiB", "idle CPU %", "p50 us", "open ms", "CPU us/new"],
		more: false },
	ready: { columns: ["ms", "MiB", "us/conn", "CPU us/conn"], more: false }
};

def values:
	. as $run
	| if .kind == "bytes" then
		[.bytes / 1048576 / .seconds, (cpu | per($run | gib)),
		 (.rss_kib | per(1024))]
	elif .kind == "files" then
		[.files / .seconds, (cpu | per($run.files / 1e6)),
		 (.rss_kib | per(1024))]
	elif .kind == "rate" then
		[.connections / .seconds, (cpu | per($run.connections / 1e6)),
		 (.rss_kib | per(1024))]
	elif .kind == "delay" then
		[.p50_us, .p99_us, (cpu | per($run.rounds / 1e6))]
	elif .kind == "start" then
		[.seconds / .times * 1000, (cpu | per($run.times / 1000)),
		 (.rss_kib | per(1024))]
	elif .kind == "scan" then
		[.seconds / .ports * 1e6, (cpu | per($run.ports / 1e6))]
	elif .kind == "calls" then [.calls / (.bytes / 1048576)]
	elif .kind == "idle" then
		[.memory_kib / 1024, .idle_cpu_percent, .p50_us, .seconds * 1000,
		 .visit_cpu_us]
	elif .kind == "ready" then
		[.ready_ms, .memory_kib / 1024, .visit_us, .visit_cpu_us]
	else [] end;

def tool_summary:
	.[0] as $first
	| map(select(.result == "ok")) as $good
	| ($good | map(values)) as $values
	| ($first.kind as $kind | kinds[$kind]) as $kind
	| { tool: $first.tool, name: $first.name, promise: $first.promise,
	    runs: length,
	    good: ($good | length),
	    bad: (map(.result) | map(select(. != "ok")) | unique | join(", ")),
	    median: ($values | map(.[0]) | median),
	    least: ($values | map(.[0]) | min),
	    most: ($values | map(.[0]) | max),
	    others: [range(1; $kind.columns | length) as $i
		| $values | map(.[$i]) | map(select(. != null)) | median] };

# The order of first appearance, which group_by would lose.
def in_groups(key):
	reduce .[] as $item ([]; ($item | key) as $key
		| (map(.key == $key) | index(true)) as $at
		| if $at == null then . + [{ key: $key, items: [$item] }]
		else .[$at].items += [$item] end)
	| map(.items);

def case_summary:
	.[0] as $first
	| (in_groups(.tool) | map(tool_summary)) as $tools
	| ($tools | map(select(.tool == "vcat")) | .[0].median) as $vcat
	| { where: $first.where, group: $first.group, title: $first.title,
	    kind: $first.kind } + ($first.kind as $kind | kinds[$kind])
	+ { tools: ($tools | map(. + { vcat_to_it:
		(if $vcat == null or .median == null or .median == 0 then null
		 else $vcat / .median end) })) };

# What must not fail: vcat and the limit. A peer may; its line says so.
def failures:
	.[] | . as $case | .tools[]
	| select(.good < .runs and (.tool | IN("vcat", "before", "limit", "direct",
		"pipes", "piped", "apart")))
	| "\($case.group) (\($case.where)): \($case.title): " +
	  "\(.name): \(.runs - .good) of \(.runs) \(.bad)";

[inputs | select(. != "") | line] as $runs
| ($runs | in_groups([.where, .group, .title]) | map(case_summary)) as $cases
| $facts + { sizes: ($sizes | split("\n") | map(select(. != "") | split("\t")
	| { where: .[0], group: .[1], best: .[2] })),
    failed: ([$cases | failures] + ($empty | split("\n") | map(select(. != "")
	| "\(.): nothing was measured, or not to the end"))),
    cases: $cases,
    runs: $runs }
