package md5lanes

import "golang.org/x/sys/cpu"

//go:generate go run ./gen

// fast says that the processor can do lanes at a time.
var fast = cpu.X86.HasAVX512F

// blocks16 adds blocks of 64 bytes, at least one, of each lane to its state.
//
//go:noescape
func blocks16(state *state, data *[lanes]*byte, blocks int)
