//go:build cgo

package main

/*
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef M_ARENA_MAX

// The cache of the metadata engine with its blocks' overhead, in bytes: a heap beyond that has pages of the usual size.
static const size_t expected = 96 << 20;
static const size_t huge = 2 << 20;
// What is at least as large as this has pages of its own, which go back to the system with it. A memory table is, and would
// leave a hole in the heap that blocks then break up; no block is.
static const int apart = 1 << 20;

// huge_pages extends the heap to what is expected, and asks for huge pages there. No memory is taken before it is used.
static void huge_pages(void) {
	mallopt(M_TRIM_THRESHOLD, 1 << 30); // the end of the heap is needed again at once
	mallopt(M_TOP_PAD, expected);
	void *first = malloc(1);
	uintptr_t from = ((uintptr_t)first + huge - 1) / huge * huge, to = (uintptr_t)sbrk(0) / huge * huge;
	if (first != NULL && from < to && to - from <= expected)
		madvise((void *)from, to - from, MADV_HUGEPAGE); // a kernel without them says so, and goes on
	free(first);
	mallopt(M_TOP_PAD, 1 << 20);
}

// It has to run before the Go runtime makes threads: a thread that has a heap of its own keeps it.
__attribute__((constructor)) static void one_heap(void) {
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, apart);
	huge_pages();
}

#endif
*/
import "C"

// The cache of the metadata engine lies in memory of C, where it is built with it. With glibc each thread may get a heap of
// its own, in which blocks, which come and go, together take more than twice the room that they have; that they
// share one costs no time that could be measured. A read of one of millions of keys touches a hundred places all
// over the cache, each of which the processor looks up in the page tables: with huge pages that takes a tenth less of its
// time.
