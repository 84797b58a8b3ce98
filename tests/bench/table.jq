# build/bench.json as lines of fields for the table: the first field says
# which format of tests/bench/summary the others fill.

def number:
	if . == null then "-"
	elif . == 0 then "0"
	elif . >= 999.5 then (round | tostring
		| [match("^(\\d+?)((?:\\d{3})*)$").captures[].string]
		| .[0] as $head | .[1] as $tail
		| [$head] + [range(0; $tail | length; 3) as $i | $tail[$i:$i + 3]]
		| join(","))
	elif . >= 99.95 then round | tostring
	elif . >= 9.995 then . * 10 | round / 10 | tostring
	else . * 100 | round / 100 | tostring end;

def place:
	if . == "native" then "here"
	elif . == "pair" then "host and guest"
	else "in the guest, \(sub("^guest-"; ""))" end;

def tool_line:
	if .good == 0 then ["bad", .name, .bad]
	else ["tool", .name, (.median | number),
		"\(.least | number) - \(.most | number)",
		(if .tool == "vcat" then "" else (.vcat_to_it | number) end)]
		+ (.others | map(number)) + [range(.others | length; 4) | ""]
		+ [[if .good < .runs then "\(.runs - .good) \(.bad)" else empty end,
			.promise | select(. != "")] | join("; ")]
	end;

(.sizes[] | ["size", .group, (.where | place), .best]),
(.cases[]
	| ["case", .group, .title, (.where | place),
	   (if .more then "more is better" else "less is better" end)],
	(["head", .columns[0], "least - most", "vcat/it"]
		+ .columns[1:] + [range(.columns | length; 5) | ""]),
	(.tools[] | tool_line))
| join("\t")
