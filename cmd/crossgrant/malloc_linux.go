//go:build cgo

package main

/*
#include <malloc.h>

// With glibc each thread may get a heap of its own, and each of them keeps what was freed in it.
static void one_heap(void) {
#ifdef M_ARENA_MAX
	mallopt(M_ARENA_MAX, 1);
#endif
}
*/
import "C"

// The cache of the metadata engine lies in memory of C, where it is built with it. In several heaps its blocks, which
// come and go, take more than twice the room that they have; that they share one costs no time that could be measured.
func init() { C.one_heap() }
