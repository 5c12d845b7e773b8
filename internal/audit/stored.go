package audit

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Stored returns a record as it is kept, without its decisions, and without Fault, which is for the operator's log
// only.
func (r *Record) Stored() *records.RequestRecord {
	out := &records.RequestRecord{
		RequestId: r.RequestID, HostId: r.HostID, Time: r.Time.UnixNano(), Duration: int64(r.Duration), TurnAround: int64(r.TurnAround),
		Service: r.Service, Operation: r.Operation, Method: r.Method, Path: []byte(r.Path), Query: []byte(r.Query), Protocol: []byte(r.Protocol),
		SourceIp: r.SourceIP, UserAgent: []byte(r.UserAgent), Referer: []byte(r.Referer), Host: []byte(r.Host), TlsVersion: r.TLSVersion, CipherSuite: r.CipherSuite,
		Authentication: r.Authentication, AccessKeyId: []byte(r.AccessKeyID), CallerArn: r.CallerARN, CallerAccount: string(r.CallerAccount),
		CallerId: r.CallerID, CallerEntityId: string(r.CallerEntityID), Region: []byte(r.Region), CallerCanonicalId: string(r.CallerCanonicalID),
		Bucket: []byte(r.Bucket), Key: []byte(r.Key), ResourceOwner: string(r.ResourceOwner), ObjectOwner: string(r.ObjectOwner),
		ObjectSize: r.ObjectSize, RequestAcl: []byte(r.RequestACL), Status: int32(r.Status), ErrorCode: r.ErrorCode, Shed: r.Shed,
		BytesIn: r.BytesIn, BytesOut: r.BytesOut,
	}
	if s := r.Source; s != nil {
		out.Source = &records.RequestSource{Bucket: []byte(s.Bucket), Key: []byte(s.Key), VersionId: []byte(s.VersionID), Size: s.Size}
	}
	for i := range r.Deleted {
		d := &r.Deleted[i]
		out.Deleted = append(out.Deleted, &records.RequestDeleted{
			Key: []byte(d.Key), VersionId: []byte(d.VersionID), Size: d.Size, Status: int32(d.Status), ErrorCode: d.ErrorCode,
		})
	}
	return out
}

// FromStored returns a record that was kept, without its decisions.
func FromStored(s *records.RequestRecord) *Record {
	r := &Record{
		RequestID: s.RequestId, HostID: s.HostId, Time: time.Unix(0, s.Time).UTC(), Duration: time.Duration(s.Duration), TurnAround: time.Duration(s.TurnAround),
		Service: s.Service, Operation: s.Operation, Method: s.Method, Path: string(s.Path), Query: string(s.Query), Protocol: string(s.Protocol),
		SourceIP: s.SourceIp, UserAgent: string(s.UserAgent), Referer: string(s.Referer), Host: string(s.Host), TLSVersion: s.TlsVersion, CipherSuite: s.CipherSuite,
		Authentication: s.Authentication, AccessKeyID: ids.AccessKeyID(s.AccessKeyId), CallerARN: s.CallerArn, CallerAccount: ids.AccountID(s.CallerAccount),
		CallerID: s.CallerId, CallerEntityID: ids.UniqueID(s.CallerEntityId), Region: string(s.Region), CallerCanonicalID: ids.CanonicalUserID(s.CallerCanonicalId),
		Bucket: string(s.Bucket), Key: string(s.Key), ResourceOwner: ids.AccountID(s.ResourceOwner), ObjectOwner: ids.CanonicalUserID(s.ObjectOwner),
		ObjectSize: s.ObjectSize, RequestACL: string(s.RequestAcl), Status: int(s.Status), ErrorCode: s.ErrorCode, Shed: s.Shed,
		BytesIn: s.BytesIn, BytesOut: s.BytesOut,
	}
	if s.Source != nil {
		r.Source = &Source{Bucket: string(s.Source.Bucket), Key: string(s.Source.Key), VersionID: string(s.Source.VersionId), Size: s.Source.Size}
	}
	for _, d := range s.Deleted {
		r.Deleted = append(r.Deleted, Deleted{Key: string(d.Key), VersionID: string(d.VersionId), Size: d.Size, Status: int(d.Status), ErrorCode: d.ErrorCode})
	}
	return r
}

// Decode reads a record from an entry of the journal. Decisions are left out.
func Decode(entry []byte) (*Record, error) {
	s := new(records.RequestRecord)
	if err := proto.Unmarshal(entry, s); err != nil {
		return nil, fmt.Errorf("decode a request record: %w: %w", err, meta.ErrCorrupt)
	}
	return FromStored(s), nil
}
