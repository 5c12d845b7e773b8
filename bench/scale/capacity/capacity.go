// Package capacity is the arithmetic of a store: what an object takes in the metadata and in the blob store, what a request
// costs servers, database and network, and how many machines that is. Each figure says whether it is measured, and how, or
// assumed.
package capacity

// What the program writes, in bytes; TestRecordSizes holds them.
const (
	KeyBytes          = 49  // of the key of an object whose name has 40
	EmptyRecordBytes  = 320 // of an object without content
	InlineRecordBytes = 360 // of one with its content in the record, beside the content
	BlobRecordBytes   = 387 // of one whose content is one blob
	BlobKeyBytes      = 33  // of the key that says that a blob is named; its value is empty
)
