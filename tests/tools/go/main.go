// vsock-go: dial or listen with github.com/mdlayher/vsock and copy standard
// input and output, half-closing at the end of standard input.
package main

import (
	"fmt"
	"io"
	"log"
	"os"
	"strconv"

	"github.com/mdlayher/vsock"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("vsock-go: ")
	conn, err := open(os.Args[1:])
	if err == nil {
		err = exchange(conn)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func open(args []string) (*vsock.Conn, error) {
	switch {
	case len(args) == 3 && args[0] == "dial":
		cid, port := number(args[1]), number(args[2])
		return vsock.Dial(cid, port, nil)
	case len(args) == 2 && args[0] == "listen":
		return acceptOne(number(args[1]))
	}
	fmt.Fprintln(os.Stderr, "usage: vsock-go dial CID PORT | listen PORT")
	os.Exit(2)
	return nil, nil
}

func number(text string) uint32 {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		log.Print(err)
		os.Exit(2)
	}
	return uint32(n)
}

// acceptOne listens on every local CID; the library takes port 0 for any port.
func acceptOne(port uint32) (*vsock.Conn, error) {
	listener, err := vsock.ListenContextID(anyCID, port, nil)
	if err != nil {
		return nil, err
	}
	defer listener.Close()
	fmt.Printf("port %d\n", listener.Addr().(*vsock.Addr).Port)
	conn, err := listener.Accept()
	if err != nil {
		return nil, err
	}
	return conn.(*vsock.Conn), nil
}

const anyCID = 0xffffffff

// exchange returns when both directions have ended.
func exchange(conn *vsock.Conn) error {
	sent := make(chan error, 1)
	go func() {
		_, err := io.Copy(conn, os.Stdin)
		if err == nil {
			err = conn.CloseWrite()
		}
		sent <- err
	}()
	_, err := io.Copy(os.Stdout, conn)
	if err != nil {
		return err
	}
	if err := <-sent; err != nil {
		return err
	}
	return conn.Close()
}
