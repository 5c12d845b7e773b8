package audit

import "testing"

// FuzzPeekOperation holds that whatever Decode reads, PeekOperation reads as well, and finds the same.
func FuzzPeekOperation(f *testing.F) {
	f.Add(encodeSample(f, sample()))
	f.Add(append(encodeSample(f, sample()), encodeSample(f, &Record{Service: "later", Operation: "Later"})...))
	f.Add([]byte{0x3a, 0x02, 's'})
	f.Fuzz(func(t *testing.T, entry []byte) {
		want, err := Decode(entry)
		if err != nil {
			return
		}
		service, operation, err := PeekOperation(entry)
		if err != nil || string(service) != want.Service || string(operation) != want.Operation {
			t.Errorf("PeekOperation finds %q and %q, %v; Decode %q and %q", service, operation, err, want.Service, want.Operation)
		}
	})
}
