package audit

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"crossgrant/internal/meta"
)

// operationField is the number of the field of records.RequestRecord with the operation.
const operationField = 7

// PeekOperation reads the Service and the Operation of an entry of the journal, of which they are parts, as Peek does.
func PeekOperation(entry []byte) (service, operation []byte, err error) {
	err = fields(entry, func(number protowire.Number, value []byte) error {
		switch number {
		case serviceField:
			service = value
		case operationField:
			operation = value
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("decode a request record: %w: %w", err, meta.ErrCorrupt)
	}
	return service, operation, nil
}
