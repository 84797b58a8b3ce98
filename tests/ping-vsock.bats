# machine: loopback loopback-6.12 loopback-7
# --ping and --echo on VM sockets; ping.bats and echo.bats have the rest.
bats_require_minimum_version 1.5.0
load helper

# echo_at PORT OPTION...: vcat -l -k --echo, until it listens.
echo_at() {
	start "echo$1" "$VCAT" -l -k --echo "${@:2}" "1:$1" </dev/null
	wait_until 10 vcat -z "1:$1"
}

@test "vsock: round trips to an echo, a refusal, and a peer that is none" {
	echo_at 7100
	run -0 --separate-stderr vcat --ping=5 --interval 0.02 1:7100
	[[ ${lines[0]} == "1:7100: echo: seq=1 time="*"(connected in "*" ms)" ]]
	expect "${lines[5]}" "--- 1:7100: 5 sent, 5 answered, 0 lost (0 %)"
	[[ ${lines[6]} == "echo: 5, min/"* ]]
	expect "$stderr" ""
	run -0 --separate-stderr vcat --ping=2 --interval 0.02 1:7101
	[[ ${lines[0]} == "1:7101: refused: seq=1 time="*"(it answers; nobody listens on that port)" ]]
	[[ ${lines[3]} == "refused: 2, min/"* ]]
	start other socat -u VSOCK-LISTEN:7102,fork OPEN:got,creat,append
	wait_until 10 vcat -z 1:7102
	run -0 --separate-stderr vcat --ping=2 --interval 0.02 1:7102
	[[ ${lines[3]} == "connected: 2, min/"* ]]
	[[ ! -s got ]]
}

@test "vsock: an echo that is stopped is silent, one that is killed loses one ping" {
	echo_at 7110
	start ping "$VCAT" --ping --interval 0.02 -w 0.5 1:7110
	wait_until 10 grep -q seq=3 ping.out
	pid_of echo7110
	kill -STOP "$pid"
	wait_until 10 grep -q "no answer: seq=" ping.out
	kill -CONT "$pid"
	kill -KILL "$pid"
	finish echo7110
	wait_until 10 grep -q refused ping.out
	echo_at 7110
	wait_until 10 grep -q "refused.*" ping.out
	wait_until 10 bash -c 'sed -n "/refused/,\$p" ping.out | grep -q "echo: "'
	pid_of ping
	kill -INT "$pid"
	finish ping
	expect "$status" 0
	expect_in ping.out " answered, "
}

@test "vsock: a machine that is not there is said at once" {
	run -1 --separate-stderr vcat --ping=5 77:7120
	expect "$output" ""
	[[ ${stderr_lines[0]} == "vcat: vm(77):7120: connect: "* ]]
}

@test "vsock: an echo sends back what socat and python3 send" {
	"$PATTERN" 5 3000000 >sent
	echo_at 7130 -i 20
	timeout 40 socat -t 20 - VSOCK-CONNECT:1:7130 <sent >got
	tail -n +2 got >back
	same_bytes back sent
	[[ $(head -n 1 got) == "VCAT echo 1 linux=$(uname -r) vcat="* ]]
	timeout 40 python3 -c 'import socket, sys, threading
s = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
s.connect((1, 7130))
def send():
    s.sendall(open("sent", "rb").read())
    s.shutdown(socket.SHUT_WR)
threading.Thread(target=send).start()
while data := s.recv(65536):
    sys.stdout.buffer.write(data)' >got
	tail -n +2 got >back
	same_bytes back sent
	run -0 vcat 1:7130 <sent
}
