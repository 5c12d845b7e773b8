// Command gen writes kernel_amd64.s.
package main

import (
	"log"
	"os"

	"crossgrant/internal/md5lanes/kernel"
)

func main() {
	if err := os.WriteFile("kernel_amd64.s", []byte(kernel.Source()), 0o644); err != nil {
		log.Fatal(err)
	}
}
