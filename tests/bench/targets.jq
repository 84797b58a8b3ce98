# What the project wants of vcat, as lines: each with the ratio that was measured
# and whether it is met. A case that was not measured has no line.

# The median of column $i of the tool; 0 is what the heading names.
def column($tool; $i):
	[.tools[] | select(.tool == $tool)
		| if $i == 0 then .median else .others[$i - 1] end] | .[0];

def ratio(a; b): if a == null or (b // 0) == 0 then empty else a / b end;

# Time is the reverse of what a case with "more is better" counts.
def time($of): ratio(column($of; 0); column("vcat"; 0));
def times($of): ratio(column("vcat"; 0); column($of; 0));
def cpu($of): ratio(column("vcat"; 1); column($of; 1));

def short: . * 100 | round / 100;

def at_most($most; what):
	what as $got
	| "\(if $got <= $most then "met    " else "not met" end) " +
	  "\($got | short), at most \($most)";
def at_least($least; what):
	what as $got
	| "\(if $got >= $least then "met    " else "not met" end) " +
	  "\($got | short), at least \($least)";

def targets:
	. as $case
	| "\(.title) (\(.where | sub("^guest-"; "") | sub("native"; "here")))" as $title
	| if .group == "vsock" and (.title | endswith("one way")) then
		("time of the limit's: "
			+ at_most(if .title | startswith("pipe to pipe") | not then 1
				elif .where == "guest-6.1" then 0.97 else 0.9 end;
				time("limit"))),
		("CPU time of the limit's: " + at_most(1; cpu("limit")))
	  elif .group == "rate" and .where == "native" and (.title | endswith("64 at once")) then
		("connections of socat's: " + at_least(5; times("socat"))),
		("connections of systemd-socket-proxyd's: "
			+ at_least(2; times("proxyd")))
	  elif .group == "delay" then
		"p50 of socat's: " + at_most(1; times("socat"))
	  else empty end
	| "  \($case.group): \($title): \(.)";

[.cases[] | targets] | if length > 0 then "targets:", .[], "" else empty end
