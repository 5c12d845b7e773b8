package decisions

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"crossgrant/internal/access"
	"crossgrant/internal/audit"
	"crossgrant/internal/authz"
	"crossgrant/internal/meta"
	"crossgrant/internal/policy"
	"crossgrant/internal/records"
)

// maxExplained is how many decisions of one request are kept with their explanations: DeleteObjects may have a
// thousand, of which the outcomes are kept.
const maxExplained = 64

// encode appends a record as an entry of the journal to dst, with at most so many of its decisions; explained: with what
// is needed to explain them and to ask them again. shown is as in Options.
func encode(dst []byte, r *audit.Record, explained bool, most int, shown func(string) string) ([]byte, error) {
	dst = r.AppendTo(dst)
	for i := range r.Decisions[:min(most, len(r.Decisions))] {
		if !explained || i >= maxExplained {
			dst = appendOutcome(dst, &r.Decisions[i])
			continue
		}
		d, err := decision(r, &r.Decisions[i], shown)
		if err == nil {
			dst = protowire.AppendTag(dst, audit.DecisionsField, protowire.BytesType)
			dst = protowire.AppendVarint(dst, uint64(proto.Size(d)))
			dst, err = proto.MarshalOptions{UseCachedSize: true}.MarshalAppend(dst, d)
		}
		if err != nil {
			return nil, fmt.Errorf("encode the decision on %s: %w", r.Decisions[i].Action, err)
		}
	}
	return dst, nil
}

// appendOutcome appends what is kept of a decision that is not explained: that of each request that is logged. It is what
// the generated code makes of a records.RequestDecision with these fields, without making one.
func appendOutcome(dst []byte, d *audit.Decision) []byte {
	var buffer [512]byte
	m := protowire.AppendString(protowire.AppendTag(buffer[:0], 1, protowire.BytesType), d.Action)
	m = protowire.AppendString(protowire.AppendTag(m, 2, protowire.BytesType), d.Resource)
	if d.Input != nil {
		m = protowire.AppendString(protowire.AppendTag(m, 3, protowire.BytesType), string(d.Input.Owner))
	}
	m = protowire.AppendVarint(protowire.AppendTag(m, 4, protowire.VarintType), uint64(d.Effect))
	return protowire.AppendBytes(protowire.AppendTag(dst, audit.DecisionsField, protowire.BytesType), m)
}

// decision returns one decision as it is kept, with what explains it.
func decision(r *audit.Record, d *audit.Decision, shown func(string) string) (*records.RequestDecision, error) {
	out := &records.RequestDecision{Action: d.Action, Resource: []byte(d.Resource), Effect: int32(d.Effect)}
	var err error
	if out.Explanation, err = explanation(r, d, shown); err != nil || d.Input == nil {
		return out, err
	}
	out.Owner = string(d.Input.Owner)
	out.Keys = contextKeys(d.Input.Request.Context)
	out.Question = question(d.Input)
	return out, nil
}

func contextKeys(c *policy.Context) []*records.RequestKey {
	var out []*records.RequestKey
	for _, name := range c.Keys() {
		values, multi, _ := c.Lookup(name)
		k := &records.RequestKey{Name: []byte(name), Multi: multi}
		for _, v := range values {
			k.Values = append(k.Values, []byte(v))
		}
		out = append(out, k)
	}
	return out
}

// question returns what cannot be read from anywhere when the decision is asked again.
func question(in *authz.Input) *records.RequestQuestion {
	q := &records.RequestQuestion{BothSides: in.BothSides}
	if in.Session != nil {
		q.HasSession = true
		for _, s := range *in.Session {
			d := &records.SessionDocument{Name: s.Name}
			if s.Document != nil {
				d.Text = s.Document.Text()
			}
			q.Session = append(q.Session, d)
		}
	}
	if s := in.S3; s != nil {
		q.NewOwner, q.Initiator, q.AcceptsCharge = string(s.NewOwner), int32(s.Initiator), s.AcceptsCharge
		if s.Object != nil {
			q.HasObject, q.ObjectOwner, q.ObjectAcl = true, string(s.Object.Owner), access.Grants(s.Object.ACL)
		}
	}
	return q
}

// decode reads an entry of the journal. The error wraps meta.ErrCorrupt.
func decode(entry []byte) (*records.RequestRecord, error) {
	r := new(records.RequestRecord)
	if err := proto.Unmarshal(entry, r); err != nil {
		return nil, fmt.Errorf("decode a request record: %w: %w", err, meta.ErrCorrupt)
	}
	return r, nil
}
