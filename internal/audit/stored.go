package audit

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"crossgrant/internal/ids"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

// Stored returns a record as it is kept, without its decisions, but for what ByACL reports of them, and without Fault,
// which is for the operator's log only.
func (r *Record) Stored() *records.RequestRecord {
	out := &records.RequestRecord{
		RequestId: r.RequestID, HostId: r.HostID, Time: r.Time.UnixNano(), Duration: int64(r.Duration), TurnAround: int64(r.TurnAround),
		Service: r.Service, Operation: r.Operation, Method: r.Method, Path: []byte(r.Path), Query: []byte(r.Query), Protocol: []byte(r.Protocol),
		SourceIp: r.SourceIP, UserAgent: []byte(r.UserAgent), Referer: []byte(r.Referer), Host: []byte(r.Host), TlsVersion: r.TLSVersion, CipherSuite: r.CipherSuite,
		Authentication: r.Authentication, AccessKeyId: []byte(r.AccessKeyID), CallerArn: r.CallerARN, CallerAccount: string(r.CallerAccount),
		CallerId: r.CallerID, CallerEntityId: string(r.CallerEntityID), Region: []byte(r.Region), CallerCanonicalId: string(r.CallerCanonicalID),
		Bucket: []byte(r.Bucket), Key: []byte(r.Key), ResourceOwner: string(r.ResourceOwner), ObjectOwner: string(r.ObjectOwner),
		ObjectSize: r.ObjectSize, RequestAcl: []byte(r.RequestACL), Status: int32(r.Status), ErrorCode: r.ErrorCode, Shed: r.Shed,
		BytesIn: r.BytesIn, BytesOut: r.BytesOut, ByAcl: r.ByACL(),
	}
	out.ErrorMessage, out.Parameters, out.Elements, out.Document = []byte(r.ErrorMessage), r.Parameters, r.Elements, r.Document
	out.Headers, out.Answered = stored(r.Headers), stored(r.Answered)
	if s := r.Session; s != nil {
		out.Session = &records.RequestSession{
			Issued: s.Issued.UnixNano(), Mfa: s.MFA, IssuerType: s.IssuerType, IssuerName: s.IssuerName, IssuerId: string(s.IssuerID), IssuerArn: s.IssuerARN,
			Provider: []byte(s.Provider), ProviderKeys: stored(s.ProviderKeys), SourceIdentity: []byte(s.SourceIdentity),
		}
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
	for _, o := range r.Organizations {
		out.Organizations = append(out.Organizations, &records.RequestOrganization{Account: string(o.Account), Id: string(o.ID), Management: string(o.Management)})
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
		BytesIn: s.BytesIn, BytesOut: s.BytesOut, byACL: s.ByAcl,
	}
	r.ErrorMessage, r.Parameters, r.Elements, r.Document = string(s.ErrorMessage), s.Parameters, s.Elements, s.Document
	r.Headers, r.Answered = fromStored(s.Headers), fromStored(s.Answered)
	if of := s.Session; of != nil {
		r.Session = &Session{
			Issued: time.Unix(0, of.Issued).UTC(), MFA: of.Mfa, IssuerType: of.IssuerType, IssuerName: of.IssuerName, IssuerID: ids.UniqueID(of.IssuerId),
			IssuerARN: of.IssuerArn, Provider: string(of.Provider), ProviderKeys: fromStored(of.ProviderKeys), SourceIdentity: string(of.SourceIdentity),
		}
	}
	if s.Source != nil {
		r.Source = &Source{Bucket: string(s.Source.Bucket), Key: string(s.Source.Key), VersionID: string(s.Source.VersionId), Size: s.Source.Size}
	}
	for _, d := range s.Deleted {
		r.Deleted = append(r.Deleted, Deleted{Key: string(d.Key), VersionID: string(d.VersionId), Size: d.Size, Status: int(d.Status), ErrorCode: d.ErrorCode})
	}
	for _, o := range s.Organizations {
		r.Organizations = append(r.Organizations, Organization{
			Account: ids.AccountID(o.Account), ID: ids.OrganizationID(o.Id), Management: ids.AccountID(o.Management),
		})
	}
	return r
}

func stored(all []Header) []*records.RequestHeader {
	if len(all) == 0 {
		return nil
	}
	values := make([]records.RequestHeader, len(all))
	out := make([]*records.RequestHeader, len(all))
	for i, h := range all {
		out[i] = &values[i]
		out[i].Name, out[i].Value = []byte(h.Name), []byte(h.Value)
	}
	return out
}

func fromStored(all []*records.RequestHeader) (out []Header) {
	for _, h := range all {
		out = append(out, Header{string(h.Name), string(h.Value)})
	}
	return out
}

// Decode reads a record from an entry of the journal. Decisions are left out.
func Decode(entry []byte) (*Record, error) {
	s := new(records.RequestRecord)
	if err := proto.Unmarshal(entry, s); err != nil {
		return nil, fmt.Errorf("decode a request record: %w: %w", err, meta.ErrCorrupt)
	}
	return FromStored(s), nil
}
