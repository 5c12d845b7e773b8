package reports

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"crossgrant/internal/apierr"
	"crossgrant/internal/iam"
	"crossgrant/internal/ids"
	"crossgrant/internal/keys"
	"crossgrant/internal/meta"
	"crossgrant/internal/records"
)

const (
	// credentialAge is how long a credential report is the latest: within it no other one is made, and after
	// it the report has expired.
	//
	// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
	credentialAge = 4 * time.Hour
	// maxContent is how many bytes of a credential report one record has.
	maxContent = 1 << 20
	// credentialPage is how many users are read at once.
	credentialPage = 1000
)

// columns of a credential report.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html#id_credentials_understanding_the_report_format
var columns = []string{
	"user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed", "password_next_rotation",
	"mfa_active",
	"access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date", "access_key_1_last_used_region", "access_key_1_last_used_service",
	"access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date", "access_key_2_last_used_region", "access_key_2_last_used_service",
	"cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
}

// Fillers of columns without a value.
const (
	notApplicable = "N/A"
	notSupported  = "not_supported"
	noInformation = "no_information"
)

// keyColumns is how many access keys a report tells of each user.
const keyColumns = 2

// GenerateCredentials makes the credential report of an account, unless the latest one is younger than four
// hours, and reports whether it did.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateCredentialReport.html
func (s *Service) GenerateCredentials(ctx context.Context, account ids.AccountID) (made bool, err error) {
	latest, err := s.credentialReport(ctx, account)
	if err != nil || latest != nil && s.young(latest) {
		return false, err
	}
	generated := s.now()
	content, err := s.credentialTable(ctx, account)
	if err != nil {
		return false, err
	}
	return true, s.keepCredentials(ctx, account, generated, content)
}

// Credentials returns the credential report of an account, as CSV, and when it was made. ReportNotPresent if
// there is none, ReportExpired if it is older than four hours.
//
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetCredentialReport.html
func (s *Service) Credentials(ctx context.Context, account ids.AccountID) (content []byte, generated time.Time, err error) {
	report, err := s.credentialReport(ctx, account)
	switch {
	case err != nil:
		return nil, time.Time{}, err
	case report == nil:
		return nil, time.Time{}, apierr.New(http.StatusGone, "ReportNotPresent", "The request was rejected because the credential report does not exist. To generate a credential report, use GenerateCredentialReport.")
	case !s.young(report):
		return nil, time.Time{}, apierr.New(http.StatusGone, "ReportExpired", "The request was rejected because the most recent credential report has expired. To generate a new credential report, use GenerateCredentialReport.")
	}
	return report.Content, time.Unix(0, report.Generated).UTC(), nil
}

func (s *Service) young(r *records.CredentialReport) bool {
	return s.now().UnixNano()-r.Generated < int64(credentialAge)
}

// credentialReport returns the latest report whole, or nil.
func (s *Service) credentialReport(ctx context.Context, account ids.AccountID) (report *records.CredentialReport, err error) {
	err = s.store.View(ctx, func(r meta.Reader) error {
		report = nil
		it := r.Scan(keys.CredentialReportOf(account))
		var err error
		for err == nil && it.Next() {
			part := new(records.CredentialReport)
			err = records.Unmarshal(it.Value(), part)
			if report == nil {
				report = part
			} else {
				report.Content = append(report.Content, part.Content...)
			}
		}
		return errors.Join(err, it.Close())
	})
	if err != nil {
		return nil, fmt.Errorf("read credential report: %w", err)
	}
	return report, nil
}

// keepCredentials stores a report in place of the one before.
func (s *Service) keepCredentials(ctx context.Context, account ids.AccountID, generated time.Time, content []byte) error {
	return s.store.Update(ctx, func(tx meta.Tx) error {
		from, to := keys.CredentialReportOf(account)
		old, err := meta.Keys(tx, from, to, meta.All)
		if err != nil {
			return err
		}
		if err := meta.DeleteAll(tx, old); err != nil {
			return err
		}
		part := 0
		for some := range slices.Chunk(content, maxContent) {
			if err := records.Put(tx, keys.CredentialReport(account, part), &records.CredentialReport{Generated: generated.UnixNano(), Content: some}); err != nil {
				return err
			}
			part++
		}
		return nil
	})
}

// credentialTable writes the report, the root user first, then the users by name.
func (s *Service) credentialTable(ctx context.Context, account ids.AccountID) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	rows := [][]string{columns}
	for page := (iam.Page{Max: credentialPage}); ; {
		list, err := s.Entities.Credentials(ctx, account, page)
		if err != nil {
			return nil, err
		}
		more, err := s.credentialRows(ctx, account, list.Items)
		if err != nil {
			return nil, err
		}
		if err := w.WriteAll(append(rows, more...)); err != nil {
			return nil, err
		}
		if rows, page.Marker = nil, list.Marker; page.Marker == "" {
			return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
		}
	}
}

// credentialRows returns the rows of users.
func (s *Service) credentialRows(ctx context.Context, account ids.AccountID, users []iam.Credentials) ([][]string, error) {
	var all []ids.AccessKeyID
	for i := range users {
		for _, key := range users[i].Keys {
			all = append(all, key.ID)
		}
	}
	usages, err := s.Usage.Keys(ctx, account, all)
	if err != nil {
		return nil, err
	}
	var rows [][]string
	for i := range users {
		u := &users[i]
		rows = append(rows, credentialRow(u, usages[:len(u.Keys)]))
		usages = usages[len(u.Keys):]
	}
	return rows, nil
}

func credentialRow(u *iam.Credentials, usages []*records.Usage) []string {
	row := []string{u.User, u.ARN, isoTime(u.Created)}
	if u.User == "" {
		row[0] = "<root_account>"
		row = append(row, notSupported, lastSignIn(u), notSupported, notSupported)
	} else {
		row = append(row, passwordColumns(u)...)
	}
	row = append(row, strconv.FormatBool(u.MFA))
	for i := range keyColumns {
		if i >= len(u.Keys) {
			row = append(row, "false", notApplicable, notApplicable, notApplicable, notApplicable)
			continue
		}
		row = append(row, strconv.FormatBool(u.Keys[i].Active), isoTime(u.Keys[i].Created))
		row = append(row, usageColumns(usages[i])...)
	}
	// Nobody has a signing certificate here.
	return append(row, "false", notApplicable, "false", notApplicable)
}

// lastSignIn is when a password was last used.
func lastSignIn(u *iam.Credentials) string {
	if u.PasswordLastUsed.IsZero() {
		return noInformation
	}
	return isoTime(u.PasswordLastUsed)
}

// passwordColumns are the columns about the password of a user.
func passwordColumns(u *iam.Credentials) []string {
	if u.Password == nil {
		return []string{"false", notApplicable, notApplicable, notApplicable}
	}
	rotation := notApplicable
	if !u.Password.Expires.IsZero() {
		rotation = isoTime(u.Password.Expires)
	}
	return []string{"true", lastSignIn(u), isoTime(u.Password.Changed), rotation}
}

func usageColumns(u *records.Usage) []string {
	if u.Used == 0 {
		return []string{notApplicable, notApplicable, notApplicable}
	}
	return []string{isoTime(time.Unix(0, u.Used)), orNotApplicable(u.Region), orNotApplicable(u.Service)}
}

func orNotApplicable(s string) string {
	if s == "" {
		return notApplicable
	}
	return s
}

// isoTime writes a time as reports of AWS have it.
func isoTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05+00:00") }
